"""A wire protocol of whose orders the words are known."""

from engine.ports.device import DeviceOrder


class SimWire:
    """Stands for the one that the cast's telephones speak; what it reads is decoded."""

    name = "osmand"

    def order(self, order: DeviceOrder) -> bytes:
        """Return what is written to the device."""
        return words_of(order).encode()

    def order_by_sms(self, order: DeviceOrder) -> str:
        """Return what an SMS to its SIM says."""
        return words_of(order)


WIRE = SimWire()


def words_of(order: DeviceOrder) -> str:
    """Return the words of an order, which no other one has."""
    return f"{order.command} {order.at.ms}"

"""What is written to a device so that it does something: the bytes that are known.

From the tests of the Traccar server's encoders, but for what is said otherwise; what is
not here is known for no wire protocol of ours, or nothing that HQ asks (docs/devices.md
says of each which). Vibration is among these. TCP and UDP take the same bytes.
"""

from adapters.devices.checksums import sum8, sum16_inverted
from engine.ports.device import DeviceCommand, DeviceOrder

_MINUTE_S, _HOUR_S = 60, 3600
_ID_DIGITS = 15


class _WithoutWords:
    """Of these wire protocols no SMS is known that a device obeys."""

    def order_by_sms(self, order: DeviceOrder) -> str | None:
        """Return None: nothing is made up."""
        del order
        return None


class Gps103Orders(_WithoutWords):
    """Orders to Coban's devices: an interval."""

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return `**,imei:...,C,05m`."""
        every_s = _every_s(order)
        if every_s is None:
            return None
        size, unit = next(
            (size, unit)
            for size, unit in ((_HOUR_S, "h"), (_MINUTE_S, "m"), (1, "s"))
            if every_s >= size
        )
        return f"**,imei:{order.device},C,{every_s // size:02d}{unit}".encode()


class H02Orders(_WithoutWords):
    """Orders over h02: an interval."""

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return `*HQ,id,S71,HHMMSS,22,10#`."""
        every_s = _every_s(order)
        if every_s is None:
            return None
        return f"*HQ,{order.device},S71,{_clock(order)},22,{every_s}#".encode()


class MeitrackOrders(_WithoutWords):
    """Orders over meitrack: where it is."""

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return `@@A25,imei,A10*58`; the length counts from its comma."""
        if order.command is not DeviceCommand.LOCATE:
            return None
        rest = f",{order.device},A10*"
        head = f"@@A{len(rest) + 4}{rest}"
        return f"{head}{sum8(head.encode()):02X}\r\n".encode()


class Tk103Orders:
    """Orders over tk103: where it is, and an interval."""

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return `(idAP00)`, or `(idAR00003C0000)` with the seconds in hexadecimal."""
        if order.command is DeviceCommand.LOCATE:
            return f"({order.device}AP00)".encode()
        every_s = _every_s(order)
        if every_s is None:
            return None
        return f"({order.device}AR00{every_s:04X}0000)".encode()

    def order_by_sms(self, order: DeviceOrder) -> str | None:
        """Return the words that `[begin]sms2,...,[end]` has a device take as an SMS.

        Those for an interval say none: it reports by its own, all the way.
        """
        if order.command is DeviceCommand.LOCATE:
            return "*getposl*"
        return None if _every_s(order) is None else "*routetrack*99*"


class WatchOrders(_WithoutWords):
    """Orders to watches: where it is, and an interval.

    The words are those of the vendors' protocol, in the frame of the reference. A watch
    that has spoken is answered in its own: with its maker's two letters, and with an
    index where its frames have one.
    """

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return `[CS*id*0002*CR]`, or `[CS*id*0009*UPLOAD,60]`."""
        return watch(order, maker="CS", has_index=False)


def watch(order: DeviceOrder, *, maker: str, has_index: bool) -> bytes | None:
    """Return the frame of `CR`, or of `UPLOAD,60`."""
    every_s = _every_s(order)
    content = "CR"
    if order.command is not DeviceCommand.LOCATE:
        content = f"UPLOAD,{every_s}"
        if every_s is None:
            return None
    index = "0001*" if has_index else ""
    return f"[{maker}*{order.device}*{index}{len(content):04x}*{content}]".encode()


class Xexun2Orders(_WithoutWords):
    """Orders over xexun2: an interval."""

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return the frame of `tracking_send=150,150`."""
        every_s = _every_s(order)
        device = order.device
        if every_s is None or len(device) != _ID_DIGITS or not device.isdecimal():
            return None
        body = f"tracking_send={every_s},{every_s}".encode()
        mark = b"\xfa\xaf"
        head = mark + b"\x00\x07\x00\x01" + bytes.fromhex(f"{device}0")
        size, check = len(body).to_bytes(2), sum16_inverted(body).to_bytes(2)
        return head + size + check + body + mark


def _every_s(order: DeviceOrder) -> int | None:
    """Return the interval that is asked for, where a device can keep it."""
    if order.command is not DeviceCommand.INTERVAL or order.every_s is None:
        return None
    return order.every_s if 1 <= order.every_s <= 0xFFFF else None  # noqa: PLR2004 - 16 bits


def _clock(order: DeviceOrder) -> str:
    return f"{order.at.to_datetime():%H%M%S}"

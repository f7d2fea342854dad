"""Which devices can be written to just now, and the way to do it."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.intake.orders.asking import Asking
from engine.ports.device import DeviceOrder, WireProtocol, WireSession, WritesOrders
from engine.values import DeviceId


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A way to a device; `write` and `is_open` may be called from any thread.

    A connection is open for as long as it stands here; an address only for a while.
    """

    wire: WireProtocol | WireSession
    write: Callable[[bytes], None]
    is_open: Callable[[], bool] = _always


class Lines:
    """The latest way to each enrolled device. Any thread.

    `reached` is called in the loop's thread when a device comes for whom something
    waits; it must not block.
    """

    def __init__(self, reached: Callable[[DeviceId], object]) -> None:
        """Start with nobody connected."""
        self._reached = reached
        self._lines: dict[DeviceId, Line] = {}
        self._asking = Asking()
        self.wanted: frozenset[DeviceId] = frozenset()

    def here(self, device: DeviceId, line: Line) -> None:
        """Take note of a connection, or of an address that was just heard from."""
        self._lines[device] = line
        if device in self.wanted:
            self._reached(device)

    def gone(self, device: DeviceId, line: Line) -> None:
        """Take note that a connection has ended, unless a later one is there."""
        if self._lines.get(device) is line:
            del self._lines[device]

    def __contains__(self, device: DeviceId) -> bool:
        """Say whether a way to a device is known."""
        return device in self._lines

    def send(self, order: DeviceOrder) -> bool:
        """Write an order; False where the device is away, or knows no such thing."""
        line = self._lines.get(order.device)
        if line is None or not line.is_open():
            return False
        if not isinstance(line.wire, WritesOrders):
            return False
        written = self._asking.ask(line.wire.order, order, bytes)
        if written is not None:
            line.write(written)
        return written is not None


def writer_of(
    wire: WireProtocol, session: WireSession | None
) -> WireProtocol | WireSession:
    """Return who knows a device's bytes best: its session, else its wire protocol."""
    return session if isinstance(session, WritesOrders) else wire

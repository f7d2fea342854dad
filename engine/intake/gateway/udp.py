"""Devices that speak in datagrams: a session for each address they come from."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import cast

from engine.intake.gateway.turns import Entrance
from engine.ports.clock import Clock
from engine.ports.device import Decoded, WireProtocol, WireSession

PEERS_MAX = 10_000
Address = tuple[str, int]


class DeviceDatagrams(asyncio.DatagramProtocol):
    """One UDP port, in the event loop's thread.

    Keeps at most `PEERS_MAX` sessions; the one heard of longest ago goes first. A
    device that comes back after that logs in again, as after any restart.
    """

    def __init__(self, wire: WireProtocol, door: Entrance, clock: Clock) -> None:
        """Listen for `wire`; what must be durable goes through the door."""
        self._wire, self._door, self._clock = wire, door, clock
        self._sessions: OrderedDict[Address, WireSession] = OrderedDict()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        # No `isinstance`: before Python 3.12 asyncio's own is not of this class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Decode a datagram; what is left of it is no beginning of the next."""
        session = self._sessions.get(addr)
        if session is None:
            session = self._sessions[addr] = self._wire.session()
            if len(self._sessions) > PEERS_MAX:
                self._sessions.popitem(last=False)
        self._sessions.move_to_end(addr)
        now = self._clock.now()
        self._take(session.feed(data, now), addr)
        self._take(session.finish(now), addr)

    def error_received(self, exc: Exception) -> None:
        """Pass over a refused answer: the device repeats."""

    def _take(self, frames: Sequence[Decoded], addr: Address) -> None:
        for frame in frames:
            self._door.let_in(frame.reports, self._answering(frame, addr))

    def _answering(self, frame: Decoded, addr: Address) -> Callable[[bool], None]:
        def answer(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
            if self._transport is not None and is_durable and frame.answer:
                self._transport.sendto(frame.answer, addr)

        return answer

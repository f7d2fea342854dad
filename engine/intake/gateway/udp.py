"""Devices that speak in datagrams: a session for each address they come from."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import cast

from engine.intake.gateway.mistaken import Caught
from engine.intake.gateway.turns import Entrance, says_anything
from engine.intake.orders.lines import Line, Lines, writer_of
from engine.ports.clock import Clock
from engine.ports.device import Decoded, ModelOf, WireProtocol
from engine.values import DeviceId

PEERS_MAX = 10_000
REACHABLE_S = 25.0
"""How long after its last datagram a device is written to at that address: routers of
mobile networks forget it after half a minute. Later an order waits for the next one."""

Address = tuple[str, int]


@dataclass(slots=True)
class _Peer:
    """An address: its session, and the enrolled device that spoke from it last."""

    session: Caught
    line: Line
    device: DeviceId | None = None
    heard_s: float = 0.0


class DeviceDatagrams(asyncio.DatagramProtocol):
    """One UDP port, in the event loop's thread.

    Keeps at most `PEERS_MAX` sessions; the one heard of longest ago goes first. A
    device that comes back after that logs in again, as after any restart. What waits
    for a device goes to the address that its last datagram came from.
    """

    def __init__(
        self,
        wire: WireProtocol,
        door: Entrance,
        clock: Clock,
        *,
        lines: Lines,
        is_enrolled: Callable[[DeviceId], bool],
        soon: Callable[[Callable[[], None]], object],
        model_of: ModelOf | None = None,
    ) -> None:
        """Listen for `wire`; what must be durable goes through the door.

        `soon` does something in the loop's thread, from any other one.
        """
        self._wire, self._door, self._clock = wire, door, clock
        self._lines, self._is_enrolled, self._soon = lines, is_enrolled, soon
        self._model_of = model_of
        self._peers: OrderedDict[Address, _Peer] = OrderedDict()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to answer."""
        # No `isinstance`: before Python 3.12 asyncio's own is not of this class.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Reach nobody by this port any more."""
        del exc
        self._transport = None
        for peer in self._peers.values():
            self._gone(peer)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Decode a datagram; what is left of it is no beginning of the next."""
        peer = self._peers.get(addr)
        if peer is None:
            peer = self._peers[addr] = self._met(addr)
            if len(self._peers) > PEERS_MAX:
                _, oldest = self._peers.popitem(last=False)
                self._gone(oldest)
        self._peers.move_to_end(addr)
        peer.heard_s = self._clock.boottime_s()
        now = self._clock.now()
        self._take(peer.session.feed(data, now), addr, peer)
        self._take(peer.session.finish(now), addr, peer)
        if peer.session.is_lost:
            self._gone(self._peers.pop(addr))

    def error_received(self, exc: Exception) -> None:
        """Pass over a refused answer: the device repeats."""

    def _met(self, addr: Address) -> _Peer:
        def write(data: bytes) -> None:
            # A gateway that ends closes its loop at any moment.
            with suppress(RuntimeError):
                self._soon(partial(self._send, data, addr))

        def is_open() -> bool:
            return self._clock.boottime_s() - peer.heard_s <= REACHABLE_S

        session = Caught(self._wire.session, self._wire.name, self._model_of)
        line = Line(writer_of(self._wire, session.session), write, is_open)
        peer = _Peer(session, line)
        return peer

    def _gone(self, peer: _Peer) -> None:
        if peer.device is not None:
            self._lines.gone(peer.device, peer.line)

    def _take(self, frames: Sequence[Decoded], addr: Address, peer: _Peer) -> None:
        for frame in filter(says_anything, frames):
            self._recognise(frame, peer)
            self._door.let_in(frame.reports, self._answering(frame, addr), addr[0])

    def _recognise(self, frame: Decoded, peer: _Peer) -> None:
        """Take note of who speaks from an address; several may, through one relay."""
        for report in frame.reports:
            device = report.device
            if device is None:
                continue
            if device != peer.device:
                if not self._is_enrolled(device):
                    continue
                self._gone(peer)
                peer.device = device
            self._lines.here(device, peer.line)

    def _answering(self, frame: Decoded, addr: Address) -> Callable[[bool], None]:
        def answer(is_durable: bool) -> None:  # noqa: FBT001 - the one thing asked
            if is_durable and frame.answer:
                self._send(frame.answer, addr)

        return answer

    def _send(self, data: bytes, addr: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)

"""A connection of a device over HTTP: known to the guard, and bounded in time."""

import asyncio
from typing import ClassVar, Protocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.parting import part
from engine.values import DeviceId

HEAD_S = 30.0
Peer = tuple[str, int]


class TakesTorn(Protocol):
    """Reads what is left of requests."""

    def take_torn(self, said: bytes, address: str) -> None:
        """Let in what can be read of bytes that never became a request."""


class Guarded(H11Protocol):
    """Uvicorn's connection; one whose request has no head in time is let go.

    Whatever ends it, what had come of a head is handed on: it may be half an SOS.
    """

    guard: ClassVar[Guard]
    devices: ClassVar[TakesTorn]
    guests: ClassVar[dict[Peer, "Guarded"]]
    known: DeviceId | None = None
    slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Enter, and begin to count time."""
        super().connection_made(transport)
        if self.client is not None:
            self.guests[self.client] = self
        loop = asyncio.get_running_loop()
        address = self.client[0] if self.client else ""
        self.guard.entered(self.let_go, address, loop.time())
        self.slow = loop.call_later(HEAD_S, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Read on; once a whole head is there the body has a time of its own."""
        super().data_received(data)
        if self._begun():
            if self.slow is None:
                self.slow = asyncio.get_running_loop().call_later(
                    HEAD_S, self._too_slow
                )
        elif self.cycle is not None and self.slow is not None:
            self.slow.cancel()
            self.slow = None

    def handle_events(self) -> None:
        """Read requests; bytes that turn out to be none are handed on."""
        begun, cycle = self._begun(), self.cycle
        super().handle_events()
        if self.conn.their_state is h11.ERROR and self.cycle is cycle:
            self._hand_on(begun)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
        self._hand_on(self._begun())
        super().connection_lost(exc)
        self.guard.left(self.let_go, self.known)
        if self.client is not None:
            self.guests.pop(self.client, None)
        if self.slow is not None:
            self.slow.cancel()

    def recognise(self, device: DeviceId) -> None:
        """Take note of the enrolled device that speaks here."""
        if device != self.known:
            self.guard.left(self.let_go, self.known)
            self.known = device
            self.guard.is_known(self.let_go, device)

    def let_go(self) -> None:
        """Close it."""
        part(self.transport)

    def _too_slow(self) -> None:
        self.slow = None
        if self.cycle is None or self._begun():
            self.let_go()

    def _begun(self) -> bytes:
        """Return what has come of a request whose head has not ended, or not yet."""
        between = self.conn.their_state in {h11.IDLE, h11.DONE}
        return self.conn.trailing_data[0] if between else b""

    def _hand_on(self, begun: bytes) -> None:
        if begun.strip():
            self.devices.take_torn(begun, self.client[0] if self.client else "")


def guarded(
    guard: Guard, guests: dict[Peer, Guarded], devices: TakesTorn
) -> type[Guarded]:
    """Return the class of one listener's connections."""
    own = {"guard": guard, "guests": guests, "devices": devices}
    return type("GuardedHere", (Guarded,), own)

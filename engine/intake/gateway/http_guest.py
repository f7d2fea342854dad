"""A connection of a device over HTTP: known to the guard, and bounded in time."""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.intake.gateway.guard import Guard
from engine.values import DeviceId

HEAD_S = 30.0
Peer = tuple[str, int]


class Guarded(H11Protocol):
    """Uvicorn's connection; one whose first request has no head in time is let go."""

    guard: ClassVar[Guard]
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
        self.slow = loop.call_later(HEAD_S, self.let_go)

    def data_received(self, data: bytes) -> None:
        """Read on; once a whole head is there the body has a time of its own."""
        super().data_received(data)
        if self.cycle is not None and self.slow is not None:
            self.slow.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
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
        self.transport.close()


def guarded(guard: Guard, guests: dict[Peer, Guarded]) -> type[Guarded]:
    """Return the class of one listener's connections."""
    return type("GuardedHere", (Guarded,), {"guard": guard, "guests": guests})

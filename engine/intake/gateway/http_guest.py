"""Connections over HTTP: known to a guard, and bounded in time."""

import asyncio
import logging
import socket
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.listener import Listener, Tls
from engine.intake.gateway.parting import part

HEAD_S = 30.0
GUEST = "guest"
"""Where a connection stands in the state of its requests' scopes."""


class Guest(H11Protocol):
    """Uvicorn's connection; one whose request has not come in time is let go.

    An application finds it in the scope's state, and may say who it is.
    """

    guard: ClassVar[Guard]
    head_s: ClassVar[float]
    known: str | None = None
    slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Enter, and begin to count time."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, GUEST: self}
        loop = asyncio.get_running_loop()
        address = self.client[0] if self.client else ""
        self.guard.entered(self.let_go, address, loop.time())
        self.slow = loop.call_later(self.head_s, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Read on; one that has come whole has all the time for its answer."""
        super().data_received(data)
        if self.is_half():
            if self.slow is None:
                loop = asyncio.get_running_loop()
                self.slow = loop.call_later(self.head_s, self._too_slow)
        elif self.cycle is not None and self.slow is not None:
            self.slow.cancel()
            self.slow = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave."""
        super().connection_lost(exc)
        self.guard.left(self.let_go, self.known)
        if self.slow is not None:
            self.slow.cancel()

    def recognise(self, who: str) -> None:
        """Take note of the enrolled device, or the operator, that speaks here."""
        if who != self.known and not self.transport.is_closing():
            self.guard.left(self.let_go, self.known)
            self.known = who
            self.guard.is_known(self.let_go, who)

    def let_go(self) -> None:
        """Close it."""
        part(self.transport)

    def is_half(self) -> bool:
        """Say whether more of a request is waited for."""
        return bool(self.begun())

    def begun(self) -> bytes:
        """Return what has come of a request whose head has not ended, or not yet."""
        between = self.conn.their_state in {h11.IDLE, h11.DONE}
        return self.conn.trailing_data[0] if between else b""

    def _too_slow(self) -> None:
        self.slow = None
        if self.cycle is None or self.is_half():
            self.let_go()


class TakesTorn(Protocol):
    """Reads what is left of requests."""

    def take_torn(self, said: bytes, address: str) -> None:
        """Let in what can be read of bytes that never became a request."""


class DeviceGuest(Guest):
    """A device's connection.

    Whatever ends it, what had come of a head is handed on: it may be half an SOS.
    A body has a time of its own, since what has come of it is read as well.
    """

    devices: ClassVar[TakesTorn]

    def handle_events(self) -> None:
        """Read requests; bytes that turn out to be none are handed on."""
        begun, cycle = self.begun(), self.cycle
        super().handle_events()
        if self.conn.their_state is h11.ERROR and self.cycle is cycle:
            self._hand_on(begun)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hand on what has come, and leave."""
        self._hand_on(self.begun())
        super().connection_lost(exc)

    def _hand_on(self, begun: bytes) -> None:
        if begun.strip():
            self.devices.take_torn(begun, self.client[0] if self.client else "")


class PageGuest(Guest):
    """The connection of a browser, or of whoever asks for measures."""

    def is_half(self) -> bool:
        """Say whether more of a request is waited for, of its body too."""
        return super().is_half() or self.conn.their_state is h11.SEND_BODY


def guests(kind: type[Guest], guard: Guard, **own: object) -> type[Guest]:
    """Return the class of one listener's connections."""
    return type(f"{kind.__name__}Here", (kind,), {"guard": guard, **own})


def opened(
    app: Any,
    listening: socket.socket,
    kind: type[Guest],
    tls: Tls | None = None,
    *,
    proxies: Sequence[str] = (),
    reserved: bool = False,
    log_level: int = logging.ERROR,
    **settings: Any,
) -> tuple[Listener, Coroutine[None, None, None]]:
    """Return what accepts for an application, and what serves it; in the loop.

    `X-Forwarded-For` and `X-Forwarded-Proto` count from `proxies` alone: addresses, or
    networks.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level=log_level,
        access_log=False,
        lifespan="off",
        server_header=False,
        http=kind,
        ws="none",
        timeout_graceful_shutdown=1,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        **settings,
    )
    config.load()
    server = uvicorn.Server(config)
    state = server.server_state
    made = partial(kind, config=config, server_state=state, app_state={})
    # No `serve()`: it takes the process' signal handlers for itself.
    serving = server._serve([])  # noqa: SLF001 - see above
    return Listener(listening, made, kind.guard, tls, reserved=reserved), serving

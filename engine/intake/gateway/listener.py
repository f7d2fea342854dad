"""A listening socket in an event loop, and whether it can still accept.

A server of asyncio's own knows no share of descriptors: without one it logs thousands
of lines a second. Over TLS it tells of a connection once its handshake has ended: until
then nobody counts it, and it can make nobody go. In the event loop's thread alone.
"""

import asyncio
import errno
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, runtime_checkable

from engine.descriptors import ACCEPTED_AT_ONCE
from engine.intake.gateway.guard import Guard
from engine.process import beyond_limit

HANDSHAKE_S = 30.0
"""So long a handshake may take, over the slowest of networks."""
AGAIN_S = 0.05
"""So long after there was no file descriptor for one more it is tried again."""
BUFFER_BYTES = 16 * 1024
"""What a connection over TLS holds for itself, twice: a record. asyncio's 256 KiB each,
for every stranger, would be gigabytes."""
_NOBODY = (BlockingIOError, InterruptedError, ConnectionAbortedError)
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


Tls = Callable[[], ssl.SSLContext]
"""Returns what the next handshake is made with: a renewed certificate counts from then
on, and no connection ends for it."""


class Listener:
    """Accepts on a listening socket, and has what `made` makes speak, over TLS or not.

    One that is `reserved` accepts also where the process may open nothing else: HQ,
    and whoever asks for the engine's readiness.
    """

    def __init__(
        self,
        listening: socket.socket,
        made: Callable[[], asyncio.BaseProtocol],
        guard: Guard,
        tls: Tls | None = None,
        *,
        reserved: bool = False,
    ) -> None:
        """Take a listening socket; nobody is let in before `start`."""
        self.socket, self._tls = listening, tls
        self._made, self._guard, self._is_reserved = made, guard, reserved
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self.accepted = 0
        """How many connections it has accepted; read by any thread."""

    def start(self) -> None:
        """Let people in, until the loop ends."""
        SSLProtocol.max_size = BUFFER_BYTES
        self.socket.settimeout(0)
        self._loop.add_reader(self.socket, self._accept)

    def close(self) -> None:
        """Give the socket back; from any thread, once the loop has ended."""
        self.socket.close()

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._next()
            except _NOBODY:
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    self._guard.make_room()
                self._loop.remove_reader(self.socket)
                self._loop.call_later(AGAIN_S, self._go_on)
                return
            self.accepted += 1
            accepted.settimeout(0)
            peer = str(address[0]) if address else ""
            task = self._loop.create_task(self._let_in(accepted, peer))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    def _next(self) -> tuple[socket.socket, Any]:
        try:
            return self.socket.accept()
        except OSError as error:
            if error.errno != errno.EMFILE or not self._is_reserved:
                raise
            with beyond_limit():
                return self.socket.accept()

    def _go_on(self) -> None:
        # Closed meanwhile, it says so by itself.
        with suppress(ValueError, OSError):
            self.start()

    async def _let_in(self, accepted: socket.socket, address: str) -> None:
        if self._tls is not None:
            await self._shake_hands(accepted, address, self._tls())
            return
        try:
            await self._loop.connect_accepted_socket(self._made, accepted)
        except OSError:
            accepted.close()

    async def _shake_hands(
        self, accepted: socket.socket, address: str, tls: ssl.SSLContext
    ) -> None:
        """Shake hands; whoever makes the connection counts it from then on."""
        task = asyncio.current_task()
        assert task is not None

        def let_go() -> None:
            task.cancel()

        self._guard.entered(let_go, address, self._loop.time())
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                self._made, accepted, ssl=tls, ssl_handshake_timeout=HANDSHAKE_S
            )
        except OSError:
            accepted.close()
        else:
            if isinstance(transport, _Bounded):
                transport.set_read_buffer_limits(high=BUFFER_BYTES)
        finally:
            self._guard.left(let_go)


@runtime_checkable
class _Bounded(Protocol):
    """What a transport over TLS has, and asyncio's types do not name."""

    def set_read_buffer_limits(self, high: int | None = None) -> None: ...

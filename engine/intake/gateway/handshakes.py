"""A port that speaks TLS: who has not ended the handshake is a stranger like others.

A server of asyncio's own tells of a connection once its handshake has ended: until
then nobody counts it, and it can make nobody go. In the event loop's thread alone.
"""

import asyncio
import socket
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from engine.intake.gateway.guard import Guard

HANDSHAKE_S = 30.0
"""So long a handshake may take, over the slowest of networks."""
AT_ONCE = 64
"""So many are let in between two looks at everybody else."""
AGAIN_S = 1.0
"""So long after there was no file descriptor for one more it is tried again."""
BUFFER_BYTES = 16 * 1024
"""What a connection over TLS holds for itself, twice: a record. asyncio's 256 KiB each,
for every stranger, would be gigabytes."""


class TlsPort:
    """Accepts on a listening socket, and has what `made` makes speak over TLS."""

    def __init__(
        self,
        listening: socket.socket,
        tls: ssl.SSLContext,
        made: Callable[[], asyncio.BaseProtocol],
        guard: Guard,
    ) -> None:
        """Take a listening socket; nobody is let in before `start`."""
        self._listening, self._tls = listening, tls
        self._made, self._guard = made, guard
        self._loop = asyncio.get_running_loop()
        self._shaking: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Let people in, until the loop ends."""
        SSLProtocol.max_size = BUFFER_BYTES
        self._listening.settimeout(0)
        self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self._loop.remove_reader(self._listening)
                self._loop.call_later(AGAIN_S, self.start)
                return
            accepted.settimeout(0)
            task = self._loop.create_task(self._let_in(accepted, str(address[0])))
            self._shaking.add(task)
            task.add_done_callback(self._shaking.discard)

    async def _let_in(self, accepted: socket.socket, address: str) -> None:
        """Shake hands; whoever makes the connection counts it from then on."""
        task = asyncio.current_task()
        assert task is not None

        def let_go() -> None:
            task.cancel()

        self._guard.entered(let_go, address, self._loop.time())
        try:
            transport, _ = await self._loop.connect_accepted_socket(
                self._made,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_S,
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

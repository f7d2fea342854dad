"""A connection for one request, bounded in time and in what is said over it.

A socket's time-out is for one read or write: who says a byte now and then, or
*continue* for ever, would hold a lane as long as it liked. A thread that waited for the
end would cost each message as much of the processor as all else about it.
"""

import socket
import ssl
from collections.abc import Callable

SAID_BYTES_MAX = 5 << 18
"""All of one answer, a body of 1 MiB among it: who says *continue* as fast as the line
goes would have a processor to itself for as long as a request may take."""
_AT_ONCE_BYTES = 1 << 16


class Wire:
    """Used by one thread; `OSError` where its time is over, or the far end is gone."""

    def __init__(
        self, connected: socket.socket, *, now_s: Callable[[], float], until_s: float
    ) -> None:
        """Take a connected socket, which is its own from here on.

        Args:
            connected: closed with this one.
            now_s: a clock that never goes back, in seconds.
            until_s: by that clock; nothing is written or read later.

        """
        self._socket, self.where = connected, connected.getpeername()
        self._now_s, self._until_s = now_s, until_s
        self._left_bytes = SAID_BYTES_MAX

    def secure(self, context: ssl.SSLContext, host: str, timeout_s: float) -> None:
        """Have all that follows go through TLS, with who can show to be the host."""
        self._allow(timeout_s)
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def send(self, data: bytes, timeout_s: float) -> None:
        """Write all of it."""
        self._allow(timeout_s)
        self._socket.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        """Return what comes next; empty at the end of all."""
        self._allow(timeout_s)
        piece = self._socket.recv(_AT_ONCE_BYTES)
        self._left_bytes -= len(piece)
        if self._left_bytes < 0:
            message = "more was said than any answer has"
            raise ConnectionAbortedError(message)
        return piece

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _allow(self, timeout_s: float) -> None:
        left_s = min(timeout_s, self._until_s - self._now_s())
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)

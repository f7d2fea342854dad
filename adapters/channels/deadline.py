"""A deadline for a whole request over HTTP, below the library that sends it.

Each of the library's time-outs is for one read or write: who says a byte now and then,
or *continue* for ever, would hold a lane as long as it liked. A thread that waited for
the end would cost each message as much of the processor as the library does.
"""

import ssl
from collections.abc import Callable, Iterable

import httpcore2


class Deadline(httpcore2.NetworkBackend):
    """Connects for one request after the other; none goes on after `until_s`."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Take a clock that never goes back, in seconds."""
        self._now_s, self._connects = now_s, httpcore2.SyncBackend()
        self.until_s = 0.0

    def left_s(self, timeout_s: float | None) -> float:
        """Return what is left of a time-out; 0 or less once it is too late."""
        left_s = self.until_s - self._now_s()
        return left_s if timeout_s is None else min(timeout_s, left_s)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect; the time-out is for each of a host's addresses."""
        stream = self._connects.connect_tcp(
            host, port, timeout, local_address, socket_options
        )
        return _Stream(stream, self)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left_s = self._deadline.left_s(timeout)
        if left_s <= 0:
            raise httpcore2.ReadTimeout
        return self._stream.read(max_bytes, left_s)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left_s = self._deadline.left_s(timeout)
        if left_s <= 0:
            raise httpcore2.WriteTimeout
        self._stream.write(buffer, left_s)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left_s = self._deadline.left_s(timeout)
        if left_s <= 0:
            self.close()
            raise httpcore2.ConnectTimeout
        stream = self._stream.start_tls(ssl_context, server_hostname, left_s)
        return _Stream(stream, self._deadline)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)

"""A deadline for a whole request over HTTP, below the library that sends it.

Each of the library's time-outs is for one read or write: who says a byte now and then,
or *continue* for ever, would hold a lane as long as it liked. A thread that waited for
the end would cost each message as much of the processor as the library does.
"""

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import httpcore2

from adapters.channels.connecting import connect
from adapters.channels.hosts import HOSTS

SAID_BYTES_MAX = 5 << 18
"""All of one answer, a body of 1 MiB among it: who says *continue* as fast as the line
goes would have a processor to itself for as long as a request may take."""


class Deadline(httpcore2.NetworkBackend):
    """Connects for one request after the other; none goes on after its time."""

    def __init__(
        self,
        now_s: Callable[[], float],
        must_go_on: Callable[[], None] = lambda: None,
    ) -> None:
        """Take a clock that never goes back, in seconds, and what ends a wait."""
        self._now_s, self._must_go_on = now_s, must_go_on
        self._until_s, self._left_bytes = 0.0, 0
        self._reached: tuple[str, int, object] | None = None

    def begin(self, until_s: float) -> None:
        """Begin a request that has until then, and so much of an answer."""
        self._until_s, self._left_bytes = until_s, SAID_BYTES_MAX
        self._reached = None

    def judge(self, *, serves: bool) -> None:
        """Take it whether the address that was reached does what it is for."""
        if self._reached is None:
            return
        if serves:
            HOSTS.served(*self._reached)
        else:
            HOSTS.failed(*self._reached, self._now_s())

    def heard(self, count: int) -> None:
        """Take so many bytes more of the answer.

        Raises:
            OSError: it is longer than any.

        """
        self._left_bytes -= count
        if self._left_bytes < 0:
            raise ConnectionAbortedError

    def left_s(self, timeout_s: float | None) -> float:
        """Return what is left of a time-out; 0 or less once it is too late."""
        left_s = self._until_s - self._now_s()
        return left_s if timeout_s is None else min(timeout_s, left_s)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 - the library's signature
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        """Connect; the time-out is for all of a host's addresses together."""
        with _as_theirs(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            connected = connect(
                host,
                port,
                self.left_s(timeout),
                now_s=self._now_s,
                must_go_on=self._must_go_on,
            )
            self._reached = host, port, connected.getpeername()
        return _Stream(connected, self)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, connected: socket.socket, deadline: Deadline) -> None:
        self._socket, self._deadline = connected, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _as_theirs(httpcore2.ReadTimeout, httpcore2.ReadError):
            self._allow(timeout)
            piece = self._socket.recv(max_bytes)
            self._deadline.heard(len(piece))
            return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _as_theirs(httpcore2.WriteTimeout, httpcore2.WriteError):
            self._allow(timeout)
            self._socket.sendall(buffer)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            with _as_theirs(httpcore2.ConnectTimeout, httpcore2.ConnectError):
                self._allow(timeout)
                secured = ssl_context.wrap_socket(
                    self._socket, server_hostname=server_hostname
                )
        except (httpcore2.NetworkError, httpcore2.TimeoutException):
            self.close()
            raise
        return _Stream(secured, self._deadline)

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> object:
        is_asked = info == "socket" or (
            info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket)
        )
        return self._socket if is_asked else None

    def _allow(self, timeout_s: float | None) -> None:
        left_s = self._deadline.left_s(timeout_s)
        if left_s <= 0:
            raise TimeoutError
        self._socket.settimeout(left_s)


@contextmanager
def _as_theirs(late: type[Exception], lost: type[Exception]) -> Iterator[None]:
    """Surround what the library knows by errors of its own."""
    try:
        yield
    except TimeoutError as error:
        raise late from error
    except OSError as error:
        raise lost from error

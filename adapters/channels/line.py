"""The connection of the attempt under way, so that another thread can cut it."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from adapters.channels.options import is_loopback


class LineCutError(ConnectionError):
    """The attempt was interrupted, or the address is not allowed."""


class Line:
    """Holds the socket of one attempt; `cut` from any thread ends its blocking call.

    What is held is a duplicate of the descriptor: shutting it down reaches the
    connection below TLS and cannot hit a descriptor that was closed and reused.
    """

    def __init__(self, *, only_loopback: bool) -> None:
        """Begin without an attempt."""
        self._only_loopback = only_loopback
        self._lock = threading.Lock()
        self._attempting = False
        self._cut = False
        self._socket: socket.socket | None = None

    @contextlib.contextmanager
    def attempt(self) -> Iterator[None]:
        """Surround one attempt; a cut outside of it touches nothing."""
        with self._lock:
            self._attempting, self._cut = True, False
        try:
            yield
        finally:
            with self._lock:
                self._attempting = False
                if self._socket is not None:
                    self._socket.close()
                    self._socket = None

    def must_go_on(self) -> None:
        """Look whether another connection may be made.

        Raises:
            LineCutError: the attempt was cut.

        """
        with self._lock:
            if self._cut:
                raise LineCutError

    def hold(self, connected: socket.socket) -> None:
        """Take the attempt's socket as soon as it is connected.

        Raises:
            LineCutError: the attempt was cut meanwhile, or the far end is not on
                loopback where it must be; nothing has been sent.

        """
        with self._lock:
            if self._cut:
                raise LineCutError
            if self._only_loopback and not is_loopback(connected.getpeername()[0]):
                raise LineCutError
            if self._socket is not None:
                self._socket.close()
            # By its number: a socket under TLS does not duplicate itself.
            self._socket = socket.socket(fileno=os.dup(connected.fileno()))

    def cut(self) -> None:
        """Make the attempt's blocking call return; never raises."""
        with self._lock:
            self._cut = self._attempting
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

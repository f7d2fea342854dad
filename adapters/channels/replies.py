"""What a mail server says, bounded in bytes and in time, whatever it goes on saying.

Before TLS anybody on the way can speak in its place.
"""

import contextlib
import re
import select
import socket
import ssl

from engine.errors import RefusalOf
from engine.ports.clock import Clock

SAID_BYTES_MAX = 64 * 1024
"""All replies of one mail together: many times those of the most talkative server."""
_AT_ONCE_BYTES = 4096
_FINAL = range(500, 600)
_OF_THE_SERVER = re.compile(rb"5\.(?:[37]\.[0-9]|4\.(?!1\b)[0-9]|1\.[78]\b)")
"""A status (RFC 3463) of the mail system, the network, a policy or the sender: what a
server has against our address, or how much we have sent, it says at any recipient. With
5.4.1 Exchange Online says that it knows no such recipient, with 5.1.8 that it has shut
our account."""
_OF_A_MAILBOX = re.compile(rb"4\.(?:1\.(?![78]\b)|2\.|4\.1\b)")
_STATUS = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]")
_OF_THE_SENDER = re.compile(rb"[45]\.1\.[78]\b")
_GOING, _BUSY = 421, 450
_SIGN_IN = frozenset({530, 534, 535, 538})
OUT_OF_STEP = frozenset({500, 502, 503})
"""It knows no such command, or not yet (RFC 5321, 4.2.3): one to sign in, perhaps."""
_OF_US = _SIGN_IN | OUT_OF_STEP


def is_of_the_message(refusal: tuple[int, bytes]) -> bool:
    """Say whether a refusal is for good, and of one recipient or one content alone.

    Args:
        refusal: the code, and the text behind it.

    """
    code, text = refusal
    is_of_us = code in _OF_US or _OF_THE_SERVER.match(text)
    return code in _FINAL and not is_of_us


def refusal_of(refusal: tuple[int, bytes]) -> RefusalOf:
    """Return what a server refuses that was told for whom a mail is.

    Its code and status say so where they are of a mailbox (RFC 3463: X.1, X.2), or of
    us; a policy may be against us, or against this recipient.
    """
    code, text = refusal
    if code == _GOING or code in _OF_US or _OF_THE_SENDER.match(text):
        return RefusalOf.CHANNEL
    if is_of_the_message(refusal) or _OF_A_MAILBOX.match(text):
        return RefusalOf.MESSAGE
    if code == _BUSY and not _STATUS.match(text):
        return RefusalOf.MESSAGE
    return RefusalOf.EITHER


class Replies:
    """A file of lines for `smtplib`, which itself reads on as long as lines come."""

    def __init__(self, connected: socket.socket, clock: Clock, until_s: float) -> None:
        """Read from a connected socket, until so many seconds of the boot's time."""
        self._connected, self._clock = connected, clock
        self.until_s = until_s
        self._begun = bytearray()
        self._left = SAID_BYTES_MAX
        self.classes: set[bytes] = set()
        """The first digits of the lines that were read since somebody cleared them."""

    def readline(self, size: int) -> bytes:
        """Return a line with its end, or `size` bytes of one; less at the very end.

        Raises:
            OSError: its time is over, too much was said, or the connection is lost.

        """
        while b"\n" not in self._begun and len(self._begun) < size:
            left_s = self.until_s - self._clock.boottime_s()
            if left_s <= 0:
                raise TimeoutError
            if self._left <= 0:
                message = "more was said than any reply has"
                raise ConnectionAbortedError(message)
            self._connected.settimeout(left_s)
            piece = self._connected.recv(min(_AT_ONCE_BYTES, self._left))
            if not piece:
                break
            self._left -= len(piece)
            self._begun += piece
        ends = self._begun.find(b"\n") + 1 or len(self._begun)
        line = bytes(self._begun[: min(ends, size)])
        del self._begun[: len(line)]
        self.classes.add(line[:1])
        return line

    def is_silent(self) -> bool:
        """Say whether nothing waits to be read, not even an end; does not block."""
        if self._begun or (
            isinstance(self._connected, ssl.SSLSocket) and self._connected.pending()
        ):
            return False
        waiting = select.poll()  # select.select knows no descriptor above 1,023
        waiting.register(self._connected, select.POLLIN)
        return not waiting.poll(0)

    def unasked(self) -> bytes:
        """Return what was said before anything was asked, and forget it; never blocks.

        Raises:
            OSError: the connection is lost, or too much was said.

        """
        said = bytes(self._begun)
        self._begun.clear()
        self._connected.settimeout(0)
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while self._left > 0:
                piece = self._connected.recv(min(_AT_ONCE_BYTES, self._left))
                if not piece:
                    raise ConnectionResetError
                self._left -= len(piece)
                said += piece
            message = "more was said than any reply has"
            raise ConnectionAbortedError(message)
        return said

    def renew(self) -> None:
        """Let as much be said of another mail."""
        self._left = SAID_BYTES_MAX

    def close(self) -> None:
        """Forget what was not asked for; the socket is somebody else's."""
        self._begun.clear()

"""What a virtual modem can be plugged into: a pty, a unix socket, TCP.

A link is driven by one thread through its file descriptors; nothing here blocks.
"""

import errno
import os
import re
import socket
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_READ_MAX = 4096
_OUTPUT_MAX = 1 << 20


class Link(Protocol):
    """One end of a cable; `address` is what a client opens."""

    address: str

    def plug(self) -> None:
        """Appear: make the pty, or listen."""

    def unplug(self) -> None:
        """Vanish, as a USB modem does: whoever reads or writes gets an error."""

    def read_descriptors(self) -> Sequence[int]:
        """Return what to wait on for input."""

    def write_descriptor(self) -> int | None:
        """Return what to wait on where output is pending."""

    def read(self, ready: frozenset[int]) -> bytes:
        """Return what has come; b"" where nothing has."""

    def write(self, data: bytes) -> None:
        """Send, keeping what the far end does not take yet."""

    def flush(self) -> None:
        """Try again to send what is pending."""


class PtyLink:
    """A pseudo-terminal, in raw mode, with a symlink to it where a name is wanted.

    The slave is kept open here, so that clients may close and open it again.
    """

    def __init__(self, symlink: Path | None = None) -> None:
        """Name the symlink, for example in a folder that stands for by-id."""
        self._symlink = symlink
        self._master = -1
        self._slave = -1
        self._pending = b""
        self.address = str(symlink) if symlink else ""

    def plug(self) -> None:
        """Make the pty and point the symlink at it.

        Raises:
            OSError: there is no such folder, or a file that is no link in the way.

        """
        self.unplug()
        if self._symlink is not None and self._symlink.exists():
            raise FileExistsError(errno.EEXIST, "a file is in the way", self.address)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        name = os.ttyname(self._slave)
        if self._symlink is None:
            self.address = name
        else:
            fresh = self._symlink.with_name(f".{self._symlink.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(name)
            fresh.replace(self._symlink)

    def unplug(self) -> None:
        """Close the master: the client's next read or write fails."""
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)
        self._master = self._slave = -1
        self._pending = b""
        if self._symlink is not None and self._symlink.is_symlink():
            self._symlink.unlink(missing_ok=True)

    def read_descriptors(self) -> Sequence[int]:
        """Return the master."""
        return (self._master,) if self._master >= 0 else ()

    def write_descriptor(self) -> int | None:
        """Return the master while output is pending."""
        return self._master if self._pending and self._master >= 0 else None

    def read(self, ready: frozenset[int]) -> bytes:
        """Read from the master."""
        if self._master not in ready:
            return b""
        try:
            return os.read(self._master, _READ_MAX)
        except OSError:
            return b""

    def write(self, data: bytes) -> None:
        """Write to the master; what nobody reads is kept, up to 1 MiB."""
        self._pending = (self._pending + data)[:_OUTPUT_MAX]
        self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        while self._pending and self._master >= 0:
            try:
                written = os.write(self._master, self._pending)
            except OSError:
                return
            self._pending = self._pending[written:]


class SocketLink:
    """A listening socket, one client at a time; a new one waits its turn."""

    def __init__(self, address: str) -> None:
        r"""Take `tcp:127.0.0.1:5000` (port 0 chooses), `unix:/path` or `abstract:name`.

        An abstract name is bound with its prefix in it, `\0abstract:name`, which is
        how ModemManager's test profiles ask for it.
        """
        self._wanted = address
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._pending = b""
        self.address = address

    def plug(self) -> None:
        """Listen.

        Raises:
            OSError: the address is taken, or is none of this host's.

        """
        self.unplug()
        kind, _, rest = self._wanted.partition(":")
        match kind:
            case "tcp":
                host, _, port = rest.rpartition(":")
                listener = socket.create_server((host, int(port)))
                bound = listener.getsockname()
                self.address = f"socket://{bound[0]}:{bound[1]}"
            case "unix":
                if Path(rest).is_socket():
                    Path(rest).unlink(missing_ok=True)
                listener = _listen_unix(rest)
                self.address = rest
            case _:
                listener = _listen_unix(f"\0{self._wanted}")
        listener.settimeout(0)
        self._listener = listener

    def unplug(self) -> None:
        """Close the client and the listener."""
        for end in (self._client, self._listener):
            if end is not None:
                end.close()
        self._client = self._listener = None
        self._pending = b""

    def read_descriptors(self) -> Sequence[int]:
        """Return the client, or the listener while there is none."""
        if self._client is not None:
            return (self._client.fileno(),)
        return (self._listener.fileno(),) if self._listener is not None else ()

    def write_descriptor(self) -> int | None:
        """Return the client while output is pending."""
        if self._client is None or not self._pending:
            return None
        return self._client.fileno()

    def read(self, ready: frozenset[int]) -> bytes:
        """Read from the client, or let one in."""
        if self._client is None:
            if self._listener is not None and self._listener.fileno() in ready:
                with suppress(OSError):
                    self._client, _ = self._listener.accept()
                    self._client.settimeout(0)
            return b""
        if self._client.fileno() not in ready:
            return b""
        try:
            data = self._client.recv(_READ_MAX)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._client.close()
            self._client = None
            self._pending = b""
        return data

    def write(self, data: bytes) -> None:
        """Send to the client; nobody there, nothing kept."""
        if self._client is not None:
            self._pending = (self._pending + data)[:_OUTPUT_MAX]
            self.flush()

    def flush(self) -> None:
        """Send what is pending."""
        while self._pending and self._client is not None:
            try:
                sent = self._client.send(self._pending)
            except OSError:
                return
            self._pending = self._pending[sent:]


def link_of(address: str) -> Link:
    """Return the link that an address names: `pty`, `pty:PATH`, `tcp:...`, `unix:...`.

    Raises:
        ValueError: it names none.

    """
    kind, _, rest = address.partition(":")
    match kind:
        case "pty":
            return PtyLink(Path(rest) if rest else None)
        case "tcp" if _TCP.fullmatch(rest) and int(_port(rest)) <= _PORT_MAX:
            return SocketLink(address)
        case "unix" | "abstract" if rest:
            return SocketLink(address)
        case _:
            message = "a link is pty, pty:PATH, tcp:HOST:PORT, unix:PATH, abstract:NAME"
            raise ValueError(message)


_TCP = re.compile(r".*:[0-9]{1,5}")
_PORT_MAX = 65_535


def _port(address: str) -> str:
    return address.rpartition(":")[2]


def _listen_unix(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener

"""The seam under the dialogue: bytes in, bytes out, and a way to wake the reader.

pyserial opens, locks and configures the port. Bytes go past it, through `poll` on
its file descriptor: an answer costs no polling interval, `interrupt` from another
thread none either, and a descriptor above 1,023 (a thousand trackers are connected)
works, which `select`, in pyserial's own read and write, refuses.
"""

import errno
import os
import re
import select
import stat
from contextlib import suppress
from typing import Protocol

import serial

from adapters.modem.port_holder import holder_of
from adapters.modem.redact import redact
from engine.errors import ModemBusyError, ModemGoneError, ModemSilentError

_READ_MAX = 4096
_WRITE_TIMEOUT_S = 2.0


class HeldByUsError(ModemBusyError):
    """Another modem of this very process has the port."""


class Transport(Protocol):
    """A byte stream to a modem."""

    name: str

    @property
    def is_open(self) -> bool:
        """Whether `open` has succeeded and `close` was not called since."""

    @property
    def plugged(self) -> str:
        """What is another text once the device was plugged in anew; "" if unknown."""

    def open(self) -> None:
        """Open exclusively.

        Raises:
            ModemBusyError: another program holds the port.
            ModemGoneError: there is no such port.

        """

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, at once where something has; b"" after the wait.

        Raises:
            ModemGoneError: the port is lost.

        """

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            ModemGoneError: the port is lost.
            ModemSilentError: the modem takes no bytes.

        """

    def interrupt(self) -> None:
        """Make a `read` return now, or the next one; from any thread."""

    def close(self) -> None:
        """Close; never raises."""


class SerialTransport:
    """A serial port, a pty, or `socket://host:port` through pyserial."""

    def __init__(self, port: str, *, baud: int = 115200) -> None:
        """Name the port; nothing is opened yet."""
        self.name = port
        self._baud = baud
        self._serial: serial.SerialBase | None = None
        self._fd = -1
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    @property
    def is_open(self) -> bool:
        """Whether the port is open, though it may have been lost since."""
        return self._fd >= 0

    @property
    def plugged(self) -> str:
        """The device's node, which is made anew each time that it is plugged in.

        A socket has none.
        """
        with suppress(OSError):
            node = os.fstat(self._fd)
            if stat.S_ISCHR(node.st_mode):
                return f"{node.st_dev}.{node.st_ino}.{node.st_rdev}.{node.st_ctime_ns}"
        return ""

    def open(self) -> None:
        """Open and lock the port; modem lines are left alone (ptys have none)."""
        self.close()
        try:
            opened = serial.serial_for_url(self.name, do_not_open=True)
            opened.baudrate = self._baud
            opened.timeout = 0
            if "://" not in self.name:
                opened.exclusive = True
            opened.open()
            fd = opened.fileno()
            os.set_blocking(fd, False)
        except (serial.SerialException, OSError, ValueError) as error:
            raise self._refused(error) from error
        self._serial, self._fd = opened, fd

    def read(self, timeout_s: float) -> bytes:
        """Wait in `select`, then take what is there."""
        if self._fd < 0:
            message = "the port is not open"
            raise ModemGoneError(message)
        waiting = select.poll()
        waiting.register(self._fd, select.POLLIN)
        waiting.register(self._wake_read, select.POLLIN)
        try:
            ready = {fd for fd, _ in waiting.poll(max(0.0, timeout_s) * 1000)}
            if self._wake_read in ready:
                os.read(self._wake_read, _READ_MAX)
            if self._fd not in ready:
                return b""
            data = os.read(self._fd, _READ_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            message = "the port was lost while reading"
            raise ModemGoneError(message) from error
        if not data:
            message = "the port has hung up"
            raise ModemGoneError(message)
        return data

    def write(self, data: bytes) -> None:
        """Write, waiting at most two seconds for a modem that takes no bytes."""
        if self._fd < 0:
            message = "the port is not open"
            raise ModemGoneError(message)
        waiting = select.poll()
        waiting.register(self._fd, select.POLLOUT)
        left = memoryview(data)
        try:
            while left:
                if not waiting.poll(_WRITE_TIMEOUT_S * 1000):
                    message = "the modem takes no bytes"
                    raise ModemSilentError(message)
                with suppress(BlockingIOError):
                    left = left[os.write(self._fd, left) :]
        except OSError as error:
            message = "the port was lost while writing"
            raise ModemGoneError(message) from error

    def interrupt(self) -> None:
        """Put a byte into the pipe that `read` also waits on."""
        with suppress(OSError):
            os.write(self._wake_write, b"\x00")

    def close(self) -> None:
        """Close the port; the object can be opened again."""
        opened, self._serial, self._fd = self._serial, None, -1
        if opened is not None:
            with suppress(serial.SerialException, OSError):
                opened.close()

    def __del__(self) -> None:
        """Give the pipe back."""
        for end in (self._wake_read, self._wake_write):
            with suppress(OSError):
                os.close(end)

    def _refused(self, error: Exception) -> ModemBusyError | ModemGoneError:
        code = _errno_of(error)
        if code in _BUSY_ERRNOS or "exclusively lock" in str(error):
            holder = holder_of(self.name) or "another program"
            is_own = holder.endswith(f"(pid {os.getpid()})")
            kind = HeldByUsError if is_own else ModemBusyError
            return kind(f"the port is held by {holder}")
        why = f": {os.strerror(code)}" if code else ""
        cure = _CURES.get(code or 0, "name a device node or socket://HOST:PORT")
        # By-id names end in a serial number, which may be the IMEI.
        port = redact(self.name)
        return ModemGoneError(f"the port {port} cannot be opened{why}; {cure}")


_PERMITTED = "run as a user in the group that owns it, often dialout"
_CURES = {
    errno.ENOENT: "see which there are: ls /dev/serial/by-id",
    errno.EACCES: _PERMITTED,
    errno.EPERM: _PERMITTED,
    errno.ECONNREFUSED: "see if its server runs there",
}
_BUSY_ERRNOS = frozenset({errno.EAGAIN, errno.EBUSY})
_ERRNO = re.compile(r"\[Errno (\d{1,3})\]")


def _errno_of(error: Exception) -> int | None:
    """Return the number; pyserial tells that of a socket in its words alone."""
    code = getattr(error, "errno", None)
    if isinstance(code, int):
        return code
    told = _ERRNO.search(str(error))
    return int(told.group(1)) if told else None

"""The memory that a PIN was tried: at most once per SIM and configuration.

A wrong PIN tried three times locks the SIM until somebody finds its PUK, and a
driver that starts anew every minute does that in three minutes. A try that nobody
answered, since the power went amid it, is none of a wrong PIN where the SIM has all its
tries left: it counts each that it refuses.
"""

import errno
import hashlib
from pathlib import Path
from typing import Final, Protocol

from adapters.modem.memory import remember, remembered

_DISK_FAILS: Final = {
    *(errno.EROFS, errno.ENOSPC, errno.EDQUOT),
    *(errno.EIO, errno.EUCLEAN, errno.EBADMSG),
}


class PinStore(Protocol):
    """Remembers, over restarts, which PIN of which SIM must not be tried again.

    Where the memory cannot be read or written every method raises OSError or
    ValueError: nothing may be tried then, but by a SIM's own count where a disk fails.
    """

    def is_barred(self, key: str, *, is_untried: bool = False) -> bool:
        """Return whether this was refused, or tried without an answer.

        Args:
            key: of `pin_key`.
            is_untried: the SIM has all its tries left, so that it has refused none.

        """

    def bar(self, key: str) -> None:
        """Remember before the try, durably."""

    def refuse(self, key: str) -> None:
        """Remember that the SIM has refused it, whatever that counts later."""

    def allow(self, key: str) -> None:
        """Forget: the SIM has accepted it."""


def pin_store(path: str) -> PinStore:
    """Return the memory that lies in this file; in the process where there is none."""
    return FilePinStore(Path(path)) if path else MemoryPinStore()


def is_of_disk(error: Exception) -> bool:
    """Tell a disk that is full, failed or read-only from a memory that is set wrong."""
    return isinstance(error, OSError) and error.errno in _DISK_FAILS


def pin_key(sim: str, pin: str) -> str:
    """Return the key of a SIM (ICCID, else IMEI) with a PIN, telling neither."""
    return hashlib.sha256(f"{sim}\x00{pin}".encode()).hexdigest()[:32]


class MemoryPinStore:
    """Remembers as long as the process lives."""

    def __init__(self) -> None:
        """Begin with nothing barred."""
        self._keys: set[str] = set()

    def is_barred(self, key: str, *, is_untried: bool = False) -> bool:
        """Return whether the key is barred."""
        return _is_barred(key, self._keys, is_untried=is_untried)

    def bar(self, key: str) -> None:
        """Bar the key until the SIM has answered."""
        self._keys.add(_unanswered(key))

    def refuse(self, key: str) -> None:
        """Bar the key."""
        self._keys.add(key)

    def allow(self, key: str) -> None:
        """Free the key."""
        self._keys -= {key, _unanswered(key)}


class FilePinStore:
    """One key a line in a file of mode 0600, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made at the first try."""
        self._path = path

    def is_barred(self, key: str, *, is_untried: bool = False) -> bool:
        """Return whether the file has the key."""
        return _is_barred(key, remembered(self._path), is_untried=is_untried)

    def bar(self, key: str) -> None:
        """Write the key and wait until it is on disk: the power may go."""
        remember(self._path, remembered(self._path) | {_unanswered(key)})

    def refuse(self, key: str) -> None:
        """Write the key as one that is refused."""
        remember(self._path, remembered(self._path) | {key})

    def allow(self, key: str) -> None:
        """Take the key out."""
        remember(self._path, remembered(self._path) - {key, _unanswered(key)})


def _is_barred(key: str, keys: set[str], *, is_untried: bool) -> bool:
    return key in keys or (not is_untried and _unanswered(key) in keys)


def _unanswered(key: str) -> str:
    return f"{key}?"

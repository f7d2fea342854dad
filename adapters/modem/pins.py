"""The memory that a PIN was tried: at most once per SIM and configuration.

A wrong PIN tried three times locks the SIM until somebody finds its PUK, and a
driver that starts anew every minute does that in three minutes.
"""

import hashlib
import os
from pathlib import Path
from typing import Protocol


class PinStore(Protocol):
    """Remembers, over restarts, which PIN of which SIM must not be tried again.

    Where the memory cannot be read or written every method raises OSError or
    ValueError: nothing may be tried then.
    """

    def is_barred(self, key: str) -> bool:
        """Return whether this was tried and not accepted."""

    def bar(self, key: str) -> None:
        """Remember before the try, durably."""

    def allow(self, key: str) -> None:
        """Forget: the SIM has accepted it."""


def pin_store(path: str) -> PinStore:
    """Return the memory that lies in this file; in the process where there is none."""
    return FilePinStore(Path(path)) if path else MemoryPinStore()


def pin_key(sim: str, pin: str) -> str:
    """Return the key of a SIM (ICCID, else IMEI) with a PIN, telling neither."""
    return hashlib.sha256(f"{sim}\x00{pin}".encode()).hexdigest()[:32]


class MemoryPinStore:
    """Remembers as long as the process lives."""

    def __init__(self) -> None:
        """Begin with nothing barred."""
        self._keys: set[str] = set()

    def is_barred(self, key: str) -> bool:
        """Return whether the key is barred."""
        return key in self._keys

    def bar(self, key: str) -> None:
        """Bar the key."""
        self._keys.add(key)

    def allow(self, key: str) -> None:
        """Free the key."""
        self._keys.discard(key)


class FilePinStore:
    """One key a line in a file of mode 0600, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made at the first try."""
        self._path = path

    def is_barred(self, key: str) -> bool:
        """Return whether the file has the key."""
        return key in self._read()

    def bar(self, key: str) -> None:
        """Write the key and wait until it is on disk."""
        self._write(self._read() | {key})

    def allow(self, key: str) -> None:
        """Take the key out."""
        self._write(self._read() - {key})

    def _read(self) -> set[str]:
        if not self._path.exists():
            return set()
        return set(self._path.read_text(encoding="ascii").split())

    def _write(self, keys: set[str]) -> None:
        # Not in place of a suffix: those of modem.1 and modem.2 would be one file.
        fresh = self._path.with_name(f"{self._path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("".join(f"{key}\n" for key in sorted(keys)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        # Without this the new name may be lost with the power, and the try repeated.
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

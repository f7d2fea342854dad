"""What a modem owes, kept over the death of the process that had asked for it.

Written before each message is handed over and after each answer, and never forced to
disk: the kernel keeps what a killed process has written, and a machine that lost its
power has switched its modem off. A file of another boot says nothing for that reason.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from adapters.modem.memory import give_to_owner

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SIZE: Final = 2048
"""Of each record: one write of one length leaves no half of an earlier one."""


class OwedFile:
    """One file of one modem; trouble with it keeps no modem from working."""

    def __init__(self, path: str | Path) -> None:
        """Open it; where that fails nothing is kept."""
        self._boot = ""
        self._file: int | None = None
        with suppress(OSError):
            self._boot = _BOOT.read_text(encoding="ascii").strip()
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            give_to_owner(self._file, Path(path).parent)

    def read(self) -> str:
        """Return the last record of this boot; "" where there is none."""
        if self._file is None:
            return ""
        try:
            boot, _, record = os.pread(self._file, _SIZE, 0).decode().partition("\n")
        except (OSError, UnicodeDecodeError):
            return ""
        return record.strip() if boot == self._boot else ""

    def write(self, record: str) -> None:
        """Replace the record; one that is too long is not kept."""
        data = f"{self._boot}\n{record}".encode().ljust(_SIZE)
        if self._file is not None and len(data) == _SIZE:
            with suppress(OSError):
                os.pwrite(self._file, data, 0)

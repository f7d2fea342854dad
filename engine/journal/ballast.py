"""Space that is kept for the worst day: freed when the disk is full.

On a full disk the file's blocks are given back so that an SOS can still be
committed. Once there is room again the file is laid down anew, and so it is where it
could not be laid at start, or somebody took it away.
"""

import os
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
BALLAST_BYTES: Final = 16 * MIB
"""About 500 appends, each of up to eight pages of 4 KiB."""


class Ballast:
    """A file that only takes up space; used from the journal's thread.

    `is_freed` says that it was given back and could not be laid down since: what
    space there is belongs to alarms.

    Args:
        path: where it lies, on the same volume as the journal.
        size_bytes: how much it holds back; 0 for none.

    """

    def __init__(self, path: Path, size_bytes: int = BALLAST_BYTES) -> None:
        self._path, self._size_bytes = path, size_bytes
        self.is_freed = False

    def free(self) -> bool:
        """Give the space back; False where there was none to give."""
        if not self._held_bytes():
            return False
        try:
            self._path.unlink()
        except OSError:
            return False
        self.is_freed = True
        return True

    def restore(self) -> str | None:
        """Lay it down if it is not there and as much again would stay free.

        Returns why it does not lie, None where it does. Never raises: without ballast
        the journal works, with less in hand.
        """
        try:
            lacks_bytes = self.lacks_bytes()
            if lacks_bytes:
                return f"{-(-lacks_bytes // MIB)} MiB more must come free on its disk"
            if self._held_bytes() < self._size_bytes:
                self._lay_down()
        except OSError as error:
            return str(error.strerror)
        self.is_freed = False
        return None

    def lacks_bytes(self) -> int:
        """Return how much must come free before it can be laid; 0 where it lies.

        Raises:
            OSError: nobody can say how much is free.

        """
        if self._held_bytes() >= self._size_bytes:
            return 0
        volume = os.statvfs(self._path.parent)
        return max(0, 2 * self._size_bytes - volume.f_bavail * volume.f_frsize)

    def _lay_down(self) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def _held_bytes(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

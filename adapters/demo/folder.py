"""The demo's throw-away folder, and those that killed demos have left."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "natalia-demo-"
_LOCK: Final = "lock"


class ThrowAwayFolder:
    """A folder (mode 0700) that goes with the demo; before, those of dead ones go.

    Nothing can remove a folder after `kill -9`, so the next demo does. The kernel drops
    a dead demo's lock: one that is held, belongs to somebody else or has not got its
    lock yet is left alone.
    """

    def __init__(self, root: Path | None = None) -> None:
        """Sweep and make one, in `root` or where temporary files go."""
        root = root or Path(tempfile.gettempdir())
        for left in root.glob(f"{PREFIX}*"):
            _remove_if_dead(left)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        # It takes its name once it is held: nobody finds a lock that nobody holds yet.
        unnamed = self.path / f"{_LOCK}.new"
        self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        unnamed.rename(self.path / _LOCK)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path)
        os.close(self._lock)


def _remove_if_dead(folder: Path) -> None:
    # Gone meanwhile, somebody else's, or held: each is no business of ours.
    with suppress(OSError):
        if folder.lstat().st_uid != os.getuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        finally:
            os.close(lock)

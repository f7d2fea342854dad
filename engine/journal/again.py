"""Whether a start would find another journal than the lost one beside which we run.

Somebody has restored a backup, or mounted the disk for writing; or a disk that took no
write, full or failing, takes them again. Nobody else looks, and until a start does
nothing is recorded. The journal is not touched: its file is asked for its size and
time alone, and the disk for whether it takes a small file of ours beside it.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

LOOK_S: Final = 10.0
ALIKE: Final = 3
"""So many looks in a row have to find it: a copy grows, a disk fails now and then."""
CALM_S: Final = 300.0
"""A disk that comes and goes begins no engine anew more often: each tells HQ."""

_PROBE: Final = ".takes-writes"
_PROBE_BYTES: Final = 1 << 16
"""What a start needs at least: a log, its index and a row."""

_File = tuple[int, int, int] | None


class Again:
    """Counts the looks that have found the same change; made and asked in turn.

    Args:
        path: the journal's file.
        now_s: counts on while the machine sleeps.
        takes: whether the disk takes a write; False where it does not.

    """

    def __init__(
        self,
        path: Path,
        now_s: Callable[[], float],
        takes: Callable[[Path], bool] | None = None,
    ) -> None:
        """Take note of the file as it is now."""
        self._path, self._now_s = path, now_s
        self._takes = takes or takes_writes
        self._began_s = now_s()
        self._was = self._last = _file_at(path)
        self._took: bool | None = None
        self._alike = 0

    def look(self) -> bool:
        """Look once; return whether a start would find something else by now."""
        if self._took is None:
            self._took = self._takes(self._path.parent)
        last, self._last = self._last, _file_at(self._path)
        is_other = self._last not in {None, self._was}
        is_calm = self._now_s() - self._began_s >= CALM_S
        takes_again = not self._took and is_calm and self._takes(self._path.parent)
        is_same = self._last == last and (is_other or takes_again)
        self._alike = self._alike + 1 if is_same else 0
        return self._alike >= ALIKE


def watch(path: Path, now_s: Callable[[], float]) -> threading.Event:
    """Look in a thread of its own, which a disk that hangs may hold; set once found."""
    found, never, again = threading.Event(), threading.Event(), Again(path, now_s)

    def run() -> None:
        while not again.look():
            never.wait(LOOK_S)
        found.set()

    threading.Thread(target=run, name="journal-again", daemon=True).start()
    return found


def takes_writes(folder: Path) -> bool:
    """Return whether a small file can be written there, and gives it back."""
    probe = folder / _PROBE
    try:
        with probe.open("wb", buffering=0) as file:
            is_whole = file.write(bytes(_PROBE_BYTES)) == _PROBE_BYTES
            os.fsync(file.fileno())
    except OSError:
        is_whole = False
    with suppress(OSError):
        probe.unlink(missing_ok=True)
    return is_whole


def _file_at(path: Path) -> _File:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns

"""Copying a journal while it is in use, by SQLite's own backup.

Copying the file alone would lose what lies in the log. The copy is one file
without a log, so that it can be read from any medium.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from engine.journal.connection import beside, open_reader
from engine.journal.mishap import explained, stated

PAGES_PER_STEP: Final = 256
ENGINES_ROOM_BYTES: Final = 64 * 1024**2
"""What is left to an engine that writes to the same disk meanwhile."""

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""


def back_up(source: Path, target: Path, progress: Progress) -> None:
    """Copy the journal as it is at this moment; the engine goes on meanwhile.

    The copy gets its name when it is whole and on the disk.

    Raises:
        JournalError: the source cannot be read or the target written, or its disk
            has no room for all of it.

    """
    try:
        if target.exists():
            raise stated(target, "is there already", "name another file")
        draft = target.with_name(f".{target.name}.part")
        # Outside the inner one: what cannot be begun has left nothing to clear.
        _clear(draft)
        try:
            reader = open_reader(source)
            try:
                _check_room(source, target)
                _copy(reader, draft, progress)
            finally:
                reader.close()
            _publish(draft, target)
        finally:
            _clear(draft)
    except (apsw.Error, OSError) as error:
        raise explained(target, "write", error) from error


def _check_room(source: Path, target: Path) -> None:
    """Refuse what would fill a disk: an SOS may come while it is full of the copy."""
    folder, log = target.parent, beside(source, "-wal")
    needed = source.stat().st_size + (log.stat().st_size if log.exists() else 0)
    room = os.statvfs(folder)
    is_shared = folder.stat().st_dev == source.stat().st_dev
    needed += ENGINES_ROOM_BYTES if is_shared else 0
    # Some file systems of a network or of a program's own say nothing of theirs.
    if room.f_blocks and room.f_bavail * room.f_frsize < needed:
        lacks = f"it takes {-(-needed // 1024**2)} MiB, and its disk has less"
        where = ": it is the engine's own" if is_shared else ""
        raise stated(target, f"{lacks}{where}", "make room, or name another disk")


def _copy(reader: apsw.Connection, draft: Path, progress: Progress) -> None:
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    copy = apsw.Connection(str(draft))
    try:
        # One snapshot: otherwise each commit of the engine starts the copy anew.
        reader.execute("BEGIN")
        reader.execute("SELECT position FROM journal").fetchall()
        with copy.backup("main", reader, "main") as backup:
            while not backup.done:
                backup.step(PAGES_PER_STEP)
                progress(backup.page_count - backup.remaining, backup.page_count)
        reader.execute("COMMIT")
        copy.execute("PRAGMA synchronous=FULL")
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    finally:
        copy.close()


def _publish(draft: Path, target: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.rename(target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _clear(draft: Path) -> None:
    for path in (draft, beside(draft, "-journal"), beside(draft, "-wal")):
        path.unlink(missing_ok=True)

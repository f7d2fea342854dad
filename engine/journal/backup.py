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

Progress = Callable[[int, int], None]
"""Told how many pages are copied, and of how many."""


def back_up(source: Path, target: Path, progress: Progress) -> None:
    """Copy the journal as it is at this moment; the engine goes on meanwhile.

    The copy gets its name when it is whole and on the disk.

    Raises:
        JournalError: the source cannot be read or the target written.

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
                _copy(reader, draft, progress)
            finally:
                reader.close()
            _publish(draft, target)
        finally:
            _clear(draft)
    except (apsw.Error, OSError) as error:
        raise explained(target, "write", error) from error


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

"""What `check-config` says of the state folder; nothing is made there."""

import os
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from engine.cli.check_rights import NO_RECORD, NO_START, READ, WRITE, Account, may
from engine.cli.journal import OneReader
from engine.config import Config
from engine.console.cases import Cases
from engine.console.desk import KEPT_ROSTER
from engine.errors import JournalError, JournalLostError, JournalUnmadeError
from engine.journal.ballast import BALLAST_BYTES, MIB, Ballast
from engine.journal.connection import (
    BALLAST_SUFFIX,
    beside,
    check_begins,
    size_of,
)
from engine.journal.lock import LOCK_FILE, unlockable
from engine.journal.mishap import unwritten
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE
from engine.roster.model import Roster
from engine.start import CONTROL_SOCKET

_NEEDED = {
    JOURNAL_FILE: READ | WRITE,
    f"{JOURNAL_FILE}-wal": READ | WRITE,
    f"{JOURNAL_FILE}-shm": READ | WRITE,
    LOCK_FILE: READ | WRITE,
    KEPT_ROSTER: READ,
}
"""What a start opens of what lies there, and for what."""
_MOUNTS: Final = Path("/proc/self/mountinfo")
_FAILED: Final = "emergency_ro"
"""What ext4 says of itself there; Linux 6.18 does."""
_OTHERS_WRITE = 0o022
_START_BYTES = 1 << 16
"""A log, its index and a row; where the ballast lies a start is given that."""
SOCKET_MAX = 107
"""Bytes of a socket's path that Linux takes (unix(7))."""


def of_state(
    config: Config, roster: Roster, account: Account | None = None
) -> Iterator[str]:
    """Say where it is no folder, what of its journal this engine cannot read.

    Whose open case the next start would not know, and where no space could be held
    back for a full disk.
    """
    folder, control = config.state, os.fsencode(config.state / CONTROL_SOCKET)
    if len(control) > SOCKET_MAX:
        yield (
            f"state: its path is {len(control) - SOCKET_MAX} bytes too long for the"
            f" control socket in it: {NO_START}; choose a shorter one"
        )
    if folder.is_symlink() and not folder.exists():
        yield f"state: {folder} is a link to nothing: {NO_START}; mend the link"
        return
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent  # the folder is made at start, most often on this disk
    if not folder.is_dir():
        yield f"state: {folder} is a file: {NO_START}; name a folder"
        return
    ballast = Ballast(beside(folder / JOURNAL_FILE, BALLAST_SUFFIX))
    try:
        if (folder / CONTROL_SOCKET).is_dir():
            yield (
                f"state: {folder / CONTROL_SOCKET} is a folder, where the control"
                f" socket is made: {NO_START}; move it away"
            )
        wrong = unlockable(folder)
        if wrong:
            yield f"state: {wrong}: {NO_START} before"
        lacks_bytes = ballast.lacks_bytes()
    except OSError:
        return
    yield from _of_journal(folder / JOURNAL_FILE, roster)
    yield from _of_owners(
        folder, account
    )  # now: what root reads SQLite gives its owner back
    if 2 * BALLAST_BYTES - lacks_bytes < _START_BYTES:
        comes = NO_RECORD if size_of(folder / JOURNAL_FILE) else NO_START
        yield f"state: its disk is full: {comes}; make room, outside this folder"
    if lacks_bytes:
        yield (
            f"state: {-(-lacks_bytes // MIB)} MiB more must come free on its disk, so"
            f" that {BALLAST_BYTES // MIB} MiB can be held back for when it is full:"
            " without them an SOS could then not be recorded; make room, outside this"
            " folder"
        )


def _is_read_only(folder: Path) -> bool:
    """Tell a mount that takes no write, without one: whoever checks changes nothing."""
    found = os.statvfs(folder)
    return bool(found.f_flag & os.ST_RDONLY) or _has_failed(folder.stat().st_dev)


def _has_failed(device: int) -> bool:
    """Tell a file system that has refused each write since it failed.

    No flag of the mount says so of ext4, but the last field of its line, which has the
    file system's own options (proc(5), Linux's fs/ext4/super.c).
    """
    own = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        for line in _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines():
            _, _, number, *_, options = line.split()
            if number == own and _FAILED in options.split(","):
                return True
    return False


def _of_owners(folder: Path, account: Account | None) -> Iterator[str]:
    """Say what its user may not open there: as a rule what root has put back.

    Whoever checks is root, who may all. Where the owner alone may write to the folder,
    the owner is the engine's user; unless it is root as well, as in a container.
    """
    found = folder.stat()
    if found.st_mode & _OTHERS_WRITE or (account is not None and account.number == 0):
        return
    user = Account(name="", number=found.st_uid, groups=frozenset({found.st_gid}))
    shut = [name for name, use in _NEEDED.items() if not may(folder / name, user, use)]
    if shut:
        yield (
            f"state: whoever owns {folder} may not open in it: {', '.join(shut)}:"
            f" {NO_START}; give all of them to that user:"
            f" chown --reference={folder}/ {folder}/* (or, where it runs as root, check"
            " with --as root)"
        )


def _of_journal(path: Path, roster: Roster) -> Iterator[str]:
    """Say which open cases would stand still here, before somebody restarts into it."""
    try:
        check_begins(path)
        if not path.exists() or not path.stat().st_size:
            return
        if _is_read_only(path.parent):
            raise unwritten(path)
        with closing(SqliteReader(path)) as reader:
            cases = Cases(OneReader(reader))
            waited_for = cases.waited_for()
    except OSError:
        return  # this user may not look, and --as says so of the other one
    except JournalUnmadeError:
        return
    except JournalError as error:
        if isinstance(error.__cause__, PermissionError):
            return
        # Who may not write there may lack a right that the service has.
        comes = NO_RECORD if isinstance(error, JournalLostError) else NO_START
        can_tell = os.access(path.parent, os.W_OK) or _is_read_only(path.parent)
        ends = f": {comes}" if can_tell else ""
        yield f"state: {error}{ends}"
        return
    still = {**cases.unread, **cases.stopped}
    for why in sorted(set(still.values())):
        ids = ", ".join(sorted(one for one in still if still[one] is why))
        yield f"state: of these cases nobody is told anything more: {ids}: {why.value}"
    gone = sorted(one for one in waited_for if roster.person(one) is None)
    if gone:
        yield (
            f"roster: not in it, with a case that is open or a timer that runs:"
            f" {', '.join(gone)}: what they say or send is a stranger's from the next"
            " start on, a word of force as well; put them back until it has ended"
        )

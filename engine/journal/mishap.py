"""What can go wrong with the journal's file, in words: what, why and the cure."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

import apsw

from engine.errors import (
    JournalError,
    JournalFullError,
    JournalLostError,
    JournalUnwrittenError,
)

_ELSEWHERE: Final = (
    "let this user write it and its folder, or copy it together with its -wal elsewhere"
)
_OWN_IT: Final = (
    "run this as the engine's user, or with sudo; the file must be that user's as its "
    "folder is: chown --reference=FOLDER FILE"
)
_MOUNT: Final = (
    "make room where it is full; else see what failed (dmesg), then mount it for"
    " writing, or restore a backup on another"
)
_READ_ONLY: Final = (
    "its file system is read-only; mount it for writing, or use another "
    "(dmesg says where a disk's failure made it so)"
)
_SOUND_DISK: Final = "restore a backup, on a sound disk where dmesg names this one"
_ANY_CURE: Final = "see what `natalia journal verify` says of it, and the disk (dmesg)"
_RESTORE: Final = "restore a backup, and keep the damaged file"
_CURES: Final[dict[type[Exception], tuple[str, str]]] = {
    apsw.CantOpenError: ("it, its -wal or its -shm cannot be opened", _ELSEWHERE),
    apsw.ReadOnlyError: ("the file or its folder is read-only", _ELSEWHERE),
    apsw.PermissionsError: ("no permission", _OWN_IT),
    PermissionError: ("no permission", _OWN_IT),
    FileNotFoundError: ("its folder is not there", "make the folder"),
    NotADirectoryError: ("its folder is a file", "name a folder"),
    apsw.NotADBError: ("it is damaged", _RESTORE),
    apsw.CorruptError: ("it is damaged", _RESTORE),
    apsw.SQLError: ("its tables are not as they were made", "restore a backup"),
    apsw.BusyError: ("another program writes to it", "end that program"),
    apsw.IOError: ("the disk failed", "check the disk before starting again"),
}

_PAGE_NOT_GIVEN: Final = {apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_CORRUPTFS}
_PAGE_NOT_TAKEN: Final = {
    *(apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_TRUNCATE),
    *(apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC),
}
_LOSES: Final = (apsw.NotADBError, apsw.CorruptError, apsw.SQLError)
_DISK_FAILS: Final = {errno.EROFS, errno.EIO, errno.EUCLEAN, errno.ENOSPC, errno.EDQUOT}
_SECTOR_NOT_GIVEN: Final = {errno.EIO, errno.EBADMSG, errno.EUCLEAN}


def stated(path: Path, what: str, cure: str) -> JournalError:
    """Return the error for a file that we can see is wrong."""
    return JournalError(f"{path}: {what}; {cure}")


def lost(path: Path, what: str, cure: str = _RESTORE) -> JournalLostError:
    """Return the error for a file that we can see is damaged, or gone."""
    return JournalLostError(f"{path}: {what}; {cure}")


def unwritten(path: Path, said: str = "", *, is_full: bool = False) -> JournalError:
    """Return the error for a file that is there, on a disk that takes no write.

    What the start `said` of it stands there as well: that may be in its way, too. A
    `JournalFullError` where that disk has no room, nor perhaps a file to give.
    """
    beside = f" ({said})" if said else ""
    made = JournalFullError if is_full else JournalUnwrittenError
    return made(f"{path}: its disk takes no write{beside}; {_MOUNT}")


def hanging(path: Path) -> JournalUnwrittenError:
    """Return the error for a file whose disk does not answer."""
    return JournalUnwrittenError(f"{path}: its disk hangs; see what it does (dmesg)")


def write_refused(folder: Path) -> OSError | None:
    """Tell a disk that takes no write, as after a failure, from a right that lacks.

    By a try: Linux may refuse writes where no flag of the mount says so. Where this
    user may not write there, nothing is known of the disk.
    """
    try:
        descriptor, name = mkstemp(prefix=".takes-writes-", dir=folder)
    except OSError as error:
        return error if error.errno in _DISK_FAILS else None
    try:
        os.write(descriptor, bytes(1))
        os.fsync(descriptor)
    except OSError as error:
        return error if error.errno in _DISK_FAILS else None
    finally:
        with suppress(OSError):
            os.close(descriptor)
        with suppress(OSError):
            Path(name).unlink()
    return None


def explained(path: Path, act: str, error: Exception) -> JournalError:
    """Return the error for what SQLite or the system raised during `act`.

    A `JournalFullError` where the disk is full and nothing was written, a
    `JournalLostError` where the file is damaged or the disk does not give it, a
    `JournalUnwrittenError` where it takes none.
    """
    if is_full(error):
        return JournalFullError(f"{path}: cannot {act}: the disk is full; make room")
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return JournalError(f"{path}: cannot {act}: {_READ_ONLY}")
    made = _kind(error)
    for kind, (why, cure) in _CURES.items():
        if isinstance(error, kind):
            return made(f"{path}: cannot {act}: {why}{_code(error)}; {cure}")
    said = error.strerror if isinstance(error, OSError) else None
    why = f"{said or type(error).__name__}{_code(error)}"
    cure = _SOUND_DISK if issubclass(made, JournalLostError) else _ANY_CURE
    return made(f"{path}: cannot {act}: {why}; {cure}")


def is_full(error: Exception) -> bool:
    """Tell a full disk from a failed one: only a full one may be tried again."""
    match error:
        case apsw.FullError():
            return True
        case apsw.IOError():
            # The index beside the log cannot grow; nothing of the log is lost.
            return _extended_code(error) == apsw.SQLITE_IOERR_SHMSIZE
        case OSError():
            return error.errno == errno.ENOSPC
        case _:
            return False


def is_damage(error: Exception) -> bool:
    """Tell a page that cannot be read: SQLite finds it torn, or the disk gives none."""
    return isinstance(error, apsw.CorruptError) or (
        _extended_code(error) in _PAGE_NOT_GIVEN
    )


def _kind(error: Exception) -> type[JournalError]:
    """Tell damage, and a disk that fails, from what a person has to set right."""
    if isinstance(error, OSError):
        not_given = error.errno in _SECTOR_NOT_GIVEN
        return JournalLostError if not_given else JournalError
    if _extended_code(error) in _PAGE_NOT_TAKEN:
        return JournalUnwrittenError
    loses = isinstance(error, _LOSES) or is_damage(error)
    return JournalLostError if loses else JournalError


def _code(error: Exception) -> str:
    name = apsw.mapping_extended_result_codes.get(_extended_code(error))
    return "" if name is None else f" ({name})"


def _extended_code(error: Exception) -> int:
    code = getattr(error, "extendedresult", 0)
    return code if isinstance(code, int) else 0

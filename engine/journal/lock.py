"""One engine for one state folder: the second refuses and names the first."""

import errno
import fcntl
import json
import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from engine.errors import ConfigError, StateHeldError
from engine.values import Instant

LOCK_FILE: Final = "engine.lock"
_HOLDER_BYTES_MAX: Final = 4096


class StateLock:
    """Holds a state folder until `release` or the end of the process.

    The kernel drops the lock with the process, however that ends; the file stays,
    since removing it would let two processes lock two different files.

    Args:
        folder: the state folder; made (mode 0700) where it is missing.
        now: the time of start, written beside the process id for the other to read.

    Raises:
        StateHeldError: another process holds it; names its id and start.
        ConfigError: the folder cannot be made or written.

    """

    def __init__(self, folder: Path, *, now: Instant) -> None:
        self._descriptor: int | None = None
        key, flags = "state", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            wrong = unlockable(folder)
            if wrong:
                raise ConfigError(key, "a folder with the engine's own files", wrong)
            descriptor = _opened(folder / LOCK_FILE, flags)
        except OSError as error:
            raise _unusable(key, folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            message = f"{folder}: held by {holder}; stop that engine first"
            raise StateHeldError(message) from error
        text = json.dumps({"pid": os.getpid(), "started_at": str(now)})
        # It is held all the same where the disk is full, for which room is made after
        # this, or takes no write at all.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode() + b"\n", 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another engine take the folder; safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        """Hold it for the length of a block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release it."""
        self.release()


def _opened(file: Path, flags: int) -> int:
    """Open it, also on a disk that takes no write any more, of an earlier engine."""
    try:
        return os.open(file, flags, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS or not file.exists():
            raise
        return os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)


def unlockable(folder: Path) -> str:
    """Say what stands where the lock's file belongs, and the cure; "" if nothing odd.

    Raises:
        OSError: the folder cannot be looked into.

    """
    file = folder / LOCK_FILE
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    if stat.S_ISREG(mode):
        return ""
    named = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
    }
    what = named.get(stat.S_IFMT(mode), "a device")
    # Not another state folder: that one would know of no open alarm.
    return f"{file} is {what}, and no file that an engine holds; move it away"


def _unusable(key: str, folder: Path, error: OSError) -> ConfigError:
    """Say what is wrong: the folder, or files that somebody else has left in it."""
    file = folder / LOCK_FILE
    if isinstance(error, PermissionError) and os.access(file, os.F_OK):
        # Not another folder: that one would know of no open alarm.
        cure = f"give all of them to it: chown --reference={folder}/ {folder}/*"
        expected = "files that this user may write"
        return ConfigError(key, expected, f"{file}: {error.strerror}; {cure}")
    cure = f"{folder}: {error.strerror}; choose another or mend its permissions"
    return ConfigError(key, "a folder that this user may write", cure)


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, _HOLDER_BYTES_MAX, 0)
    try:
        holder = json.loads(text)
        return f"process {int(holder['pid'])}, started {holder['started_at']}"
    except (ValueError, TypeError, KeyError):
        return "a process that has not yet written who it is"

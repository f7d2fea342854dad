"""A file layer for SQLite that fails on command and knows what a power cut leaves.

Every write goes to the real file (what a restarted process would see) and into a
model of the disk (what would be there after a power cut). A sync makes the pending
writes of a file durable; a failed sync loses them for good, as Linux does: the
pages count as clean afterwards.
"""

import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SECTOR_BYTES = 512
_names = count(1)


class Act(StrEnum):
    """What is counted, and can be made to fail."""

    WRITE = "write"
    SYNC = "sync"


class Kept(StrEnum):
    """What of the unsynced writes a power cut leaves."""

    NOTHING = "nothing"
    EVERYTHING = "everything"
    SOME_SECTORS = "some sectors"


@dataclass(frozen=True, slots=True)
class Pending:
    """A write, or a truncation (no data), that no sync has covered yet."""

    offset: int
    data: bytes | None


@dataclass(slots=True)
class DiskFile:
    """What of one file the disk holds for certain, and what is on its way."""

    durable: bytes = b""
    pending: list[Pending] = field(default_factory=list)

    def settle(self, kept: list[Pending]) -> None:
        """Apply writes in their order; drop all others."""
        content = bytearray(self.durable)
        for write in kept:
            if write.data is None:
                del content[write.offset :]
                continue
            content.extend(bytes(max(0, write.offset - len(content))))
            content[write.offset : write.offset + len(write.data)] = write.data
        self.durable, self.pending = bytes(content), []


class FaultsVfs(apsw.VFS):
    """Registered with SQLite under `name` until `unregister`.

    Attributes:
        acts: how many writes and syncs there were.
        fail: numbers (from 1) of those that fail with an I/O error.
        torn: whether a failing write leaves its first half.
        is_full: asked at each write; True fails it as a full disk does.
        refuses: asked at each write and sync; True fails them as a disk does that
            has failed, or is read-only by now.
        hangs: asked at each write and sync, which last until it is False.
        cut_at: the number of the act, of either kind, at which the power goes;
            from then on everything fails.
        sync_s: what each sync takes longer.
        lost: offset and size of a part of a database that the disk does not give.

    """

    def __init__(self, *, sync_s: float = 0.0) -> None:
        self.name = f"faults-{next(_names)}"
        self.acts = dict.fromkeys(Act, 0)
        self.fail: Mapping[Act, int] = {}
        self.torn = False
        self.is_full: Callable[[], bool] = lambda: False
        self.refuses: Callable[[], bool] = lambda: False
        self.hangs: Callable[[], bool] = lambda: False
        self.cut_at: int | None = None
        self.sync_s = sync_s
        self.lost: tuple[int, int] | None = None
        self.files: dict[str, DiskFile] = {}
        super().__init__(self.name, base="")

    @property
    def total(self) -> int:
        """How many acts there were of either kind."""
        return sum(self.acts.values())

    @property
    def is_dead(self) -> bool:
        """Whether the power is gone."""
        return self.cut_at is not None and self.total >= self.cut_at

    def xOpen(  # noqa: N802 - SQLite's name
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return FaultsFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001 - SQLite's
        if self.is_dead:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE)
        super().xDelete(filename, syncdir)
        self.files.pop(filename, None)

    def count(self, act: Act) -> bool:
        """Count an act; True where this one fails."""
        if self.is_dead:
            return True
        self.acts[act] += 1
        return self.is_dead or self.fail.get(act) == self.acts[act]

    def disk(self, path: str) -> DiskFile:
        """Return the model of a file; what was there before counts as durable."""
        if path not in self.files:
            content = b""
            with suppress(FileNotFoundError):
                content = Path(path).read_bytes()
            self.files[path] = DiskFile(content)
        return self.files[path]

    def after_power_cut(
        self, folder: Path, kept: Kept, rng: random.Random | None = None
    ) -> None:
        """Write into `folder` what the disk would hold now."""
        for path, file in self.files.items():
            image = DiskFile(file.durable)
            image.settle(_surviving(file.pending, kept, rng or random.Random(0)))
            (folder / Path(path).name).write_bytes(image.durable)


class FaultsFile(apsw.VFSFile):
    """One open file of a `FaultsVfs`."""

    def __init__(
        self,
        vfs: FaultsVfs,
        name: str | apsw.URIFilename | None,
        flags: list[int],
    ) -> None:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._vfs = vfs
        self._is_database = bool(flags[0] & apsw.SQLITE_OPEN_MAIN_DB)
        self._disk = DiskFile() if path is None else vfs.disk(path)
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        if self._is_database and self._vfs.lost is not None:
            begins, size = self._vfs.lost
            if offset < begins + size and begins < offset + amount:
                raise apsw.exception_for(apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes | memoryview, offset: int) -> None:  # noqa: N802 - SQLite's
        content = bytes(data)
        self._wait()
        if self._vfs.refuses():
            raise apsw.exception_for(apsw.SQLITE_IOERR_WRITE)
        if self._vfs.count(Act.WRITE):
            if self._vfs.torn and not self._vfs.is_dead:
                self._write(content[: len(content) // 2], offset)
            elif self._vfs.is_dead:
                # The power went during this write: any part of it may be there.
                self._disk.pending.append(Pending(offset, content))
            raise apsw.exception_for(apsw.SQLITE_IOERR_WRITE)
        if self._vfs.is_full():
            raise apsw.exception_for(apsw.SQLITE_FULL)
        self._write(content, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        if self._vfs.sync_s:
            time.sleep(self._vfs.sync_s)  # noqa: TID251 - a slow disk
        self._wait()
        if self._vfs.refuses():
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        if self._vfs.count(Act.SYNC):
            if not self._vfs.is_dead:
                self._disk.pending.clear()
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)
        self._disk.settle(self._disk.pending)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        if self._vfs.is_dead:
            raise apsw.exception_for(apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(newsize)
        self._disk.pending.append(Pending(newsize, None))

    def _wait(self) -> None:
        while self._vfs.hangs():
            time.sleep(0.02)  # noqa: TID251 - a disk that hangs

    def _write(self, content: bytes, offset: int) -> None:
        super().xWrite(content, offset)
        self._disk.pending.append(Pending(offset, content))


def _surviving(pending: list[Pending], kept: Kept, rng: random.Random) -> list[Pending]:
    match kept:
        case Kept.NOTHING:
            return []
        case Kept.EVERYTHING:
            return pending
        case Kept.SOME_SECTORS:
            return [
                sector
                for write in pending
                for sector in _sectors(write)
                if rng.random() < 0.5
            ]


def _sectors(write: Pending) -> list[Pending]:
    """Split a write at the disk's sector borders: each one is there or is not."""
    if write.data is None:
        return [write]
    starts = [0]
    first = SECTOR_BYTES - write.offset % SECTOR_BYTES
    starts += range(first, len(write.data), SECTOR_BYTES)
    ends = [*starts[1:], len(write.data)]
    return [
        Pending(write.offset + start, write.data[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]

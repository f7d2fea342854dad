"""A journal whose disk takes no write is lost: an engine comes up beside it."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from engine.errors import JournalError, JournalFullError, JournalUnwrittenError
from engine.journal import opening
from engine.journal.mishap import write_refused
from engine.journal.opening import opened_beside
from tests.engine.journal.test_aside import many_facts
from tests.faults_vfs import Act, FaultsVfs


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the looks follow each other at once."""
    monkeypatch.setattr(opening, "_AGAIN_S", (0.0, 0.0))


class Each(Mapping[Act, int]):
    """Has each of one kind fail, where a mapping names one of them by its number."""

    def __init__(self, vfs: FaultsVfs, act: Act) -> None:
        self._vfs, self._act = vfs, act

    def __getitem__(self, act: Act) -> int:
        if act is not self._act:
            raise KeyError(act)
        return self._vfs.acts[act]

    def __iter__(self) -> Iterator[Act]:
        return iter((self._act,))

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("act", "code"),
    [(Act.WRITE, "SQLITE_IOERR_WRITE"), (Act.SYNC, "SQLITE_IOERR_FSYNC")],
)
def test_a_disk_that_takes_nothing_ends_no_start_bug_nobody_heard_an_sos(
    tmp_path: Path,
    vfs: FaultsVfs,
    caplog: pytest.LogCaptureFixture,
    act: Act,
    code: str,
) -> None:
    path = many_facts(tmp_path)
    vfs.fail = Each(vfs, act)
    opened, _ = opened_beside(path, lambda: None, vfs=vfs.name)
    assert isinstance(opened.lost_by, JournalUnwrittenError)
    assert code in caplog.text
    opened.close()
    opened, _ = opened_beside(path, lambda: None)
    assert opened.lost_by is None
    assert opened.rows.open_alarms, "nothing of it is lost"
    opened.close()


def test_a_disk_too_full_for_a_start_ends_none_but_the_first_bug_nobody_heard_an_sos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> object:
        raise JournalFullError(str(path))

    path = many_facts(tmp_path)
    monkeypatch.setattr(opening, "SqliteStore", full)
    opened, _ = opened_beside(path, lambda: None)
    assert isinstance(opened.lost_by, JournalFullError)
    opened.close()
    path.unlink()
    with pytest.raises(JournalFullError):
        opened_beside(path, lambda: None)


def without_room(folder: Path) -> None:
    with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(bytes(4096)):
            pass


def without_files(folder: Path) -> None:
    with suppress(OSError):
        for number in count():
            (folder / f"filler-{number}").touch()


@pytest.mark.parametrize("fill", [without_room, without_files])
def test_a_disk_that_is_really_full_is_told_as_full_bug_one_without_files_as_failed(
    small_disk: Path, fill: Callable[[Path], None]
) -> None:
    path = many_facts(small_disk)
    fill(small_disk)
    opened, _ = opened_beside(path, lambda: None)
    assert isinstance(opened.lost_by, JournalFullError)
    opened.close()
    for filler in small_disk.glob("filler*"):
        filler.unlink()
    opened, _ = opened_beside(path, lambda: None)
    assert opened.lost_by is None
    opened.close()


@pytest.mark.parametrize("takes", [False, True])
def test_what_is_refused_on_a_disk_that_takes_no_write_is_by_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, takes: bool
) -> None:
    """SQLite names a right that lacks, or a file that cannot be opened."""

    def refused(*_: object, **__: object) -> object:
        raise JournalError(str(path))

    path = many_facts(tmp_path)
    monkeypatch.setattr(opening, "SqliteStore", refused)
    failed = None if takes else OSError(errno.EROFS, "")
    monkeypatch.setattr(opening, "write_refused", lambda _: failed)
    if takes:
        with pytest.raises(JournalError):
            opened_beside(path, lambda: None)
        return
    opened, _ = opened_beside(path, lambda: None)
    assert isinstance(opened.lost_by, JournalUnwrittenError)
    opened.close()


@pytest.mark.parametrize(
    ("failing", "number", "takes"),
    [
        ("write", errno.EROFS, False),
        ("write", errno.EIO, False),
        ("fsync", errno.EIO, False),
        ("open", errno.EROFS, False),
        ("open", errno.ENOSPC, False),
        ("open", errno.EACCES, True),
    ],
)
def test_whether_a_disk_takes_writes_is_tried_and_no_right_is_one_of_its(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
    number: int,
    *,
    takes: bool,
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    assert write_refused(tmp_path) is None
    monkeypatch.setattr(os, failing, fails)
    assert (write_refused(tmp_path) is None) is takes
    monkeypatch.undo()
    assert not list(tmp_path.iterdir())
    assert write_refused(tmp_path / "gone") is None, "nothing is known of its disk"

"""The journal is opened while files are read, and given back where they are wrong."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.errors import DataError, JournalError
from engine.journal import opening
from engine.journal.connection import beside
from engine.journal.opening import Rows, opened_beside
from engine.journal.pool import ReaderPool
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import EffectState
from engine.values import Instant
from tests.contracts.journal.requests import append, change, place, plan
from tests.faults_vfs import Act, FaultsVfs

NOW = Instant(1_000)
WAIT_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a journal in which somebody has an open alarm and a last fix."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("alarm/a"), place()], NOW)
    store.close()
    return path


@pytest.fixture
def killed(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a journal of which an engine that was killed has left the log."""
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([place(at_ms=2_000)], NOW)
    left = tmp_path_factory.mktemp("killed")
    for file in (path, beside(path, "-wal")):
        (left / file.name).write_bytes(file.read_bytes())
    store.close()
    assert beside(left / path.name, "-wal").stat().st_size > 0
    return left / path.name


@pytest.fixture
def has_read(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Tell when the rows have been read."""
    event, rows = threading.Event(), opening._rows

    def noting(readers: ReaderPool) -> Rows:
        found = rows(readers)
        event.set()
        return found

    monkeypatch.setattr(opening, "_rows", noting)
    return event


def held(folder: Path) -> Iterator[Path]:
    """Yield which files of a folder this process has open."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them is gone
            if (file := descriptor.readlink()).is_relative_to(folder):
                yield file


def wrong_file() -> None:
    raise DataError("roster.toml", 3, "alias", "is no text")  # noqa: EM101 - a place


def test_what_the_rows_say_comes_with_what_was_loaded(path: Path) -> None:
    opened, loaded = opened_beside(path, lambda: "files")
    with opened.readers.reader() as reader:
        assert reader.position() == opened.store.position > 0
    opened.close()
    assert loaded == "files"
    assert opened.rows.last_at == NOW
    assert [each.fix for each in opened.rows.places] == [place().fix]
    assert set(opened.rows.open_alarms) == {"alarm/a"}
    assert opened.rows.told == frozenset()
    assert not list(held(path.parent))


def test_of_which_alarms_somebody_was_told_is_read_as_well(path: Path) -> None:
    store = SqliteStore(path, ballast_bytes=0)
    accepted = change("a/1", EffectState.ACCEPTED, EffectState.PLANNED)
    for one in (
        append("alarm/a", 1, epoch=store.epoch, plans=(plan(),)),
        append("effect/a/1", epoch=store.epoch, changes=(accepted,)),
    ):
        store.commit([one], NOW)
    store.close()
    opened, _ = opened_beside(path, lambda: None)
    opened.close()
    assert opened.rows.told == {"alarm/a"}


def test_it_is_opened_while_the_files_are_read(
    path: Path, has_read: threading.Event
) -> None:
    opened, was_read = opened_beside(path, lambda: has_read.wait(WAIT_S))
    opened.close()
    assert was_read


def test_rows_are_read_while_the_log_is_copied(
    killed: Path, vfs: FaultsVfs, has_read: threading.Event
) -> None:
    waited: list[bool] = []

    def full_after_waiting() -> bool:
        """Be asked at each write; the first one is of the copy."""
        waited.append(has_read.wait(WAIT_S))
        return False

    vfs.is_full = full_after_waiting
    opened, _ = opened_beside(killed, lambda: None, vfs=vfs.name)
    assert {each.person for each in opened.rows.places} == {place().person}
    opened.close()
    assert waited[0]


def test_a_wrong_file_is_told_and_the_journal_given_back(path: Path) -> None:
    with pytest.raises(DataError):
        opened_beside(path, wrong_file)
    assert not list(held(path.parent))


def test_a_wrong_file_goes_before_a_damaged_journal(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_bytes(b"no journal" * 1_000)
    with pytest.raises(DataError):
        opened_beside(tmp_path / JOURNAL_FILE, wrong_file)


@pytest.mark.parametrize("act", [Act.SYNC, Act.WRITE])
def test_a_log_that_cannot_be_copied_once_is_copied_at_the_next_look(
    killed: Path, vfs: FaultsVfs, act: Act
) -> None:
    """It is synced before its first page is written into the file."""
    vfs.fail = {act: 1}
    opened, _ = opened_beside(killed, lambda: None, vfs=vfs.name)
    assert opened.lost_by is None
    assert set(opened.rows.open_alarms) == {"alarm/a"}, "nothing of it is lost"
    opened.close()


def test_rows_that_cannot_be_read_are_told_and_the_journal_given_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> Rows:
        raise JournalError(path)

    monkeypatch.setattr(opening, "_rows", unreadable)
    with pytest.raises(JournalError, match=str(path)):
        opened_beside(path, lambda: None)
    assert not list(held(path.parent))

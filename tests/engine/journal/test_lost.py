"""A journal that is damaged beyond mending is opened as lost, and nothing else is."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path

import apsw
import pytest

from engine.errors import (
    JournalDamagedError,
    JournalError,
    JournalLostError,
    JournalUnopenedError,
)
from engine.intake.replayed import REPLAY
from engine.journal import opening
from engine.journal.connection import BALLAST_SUFFIX, beside, size_of
from engine.journal.lost import LostStore
from engine.journal.opening import Opened, opened_beside
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import EffectState
from tests.contracts.journal.requests import NOW, append, record
from tests.engine.journal.test_aside import destroy, many_facts
from tests.engine.journal.test_opening import held
from tests.faults_vfs import FaultsVfs

PAGE_BYTES = 4096
EVENTS = "sqlite_autoindex_event_1"


@pytest.fixture(autouse=True)
def _no_wait_between_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_AGAIN_S", (0.0, 0.0))


def zeros(path: Path, first: int = 0, end: int = PAGE_BYTES) -> None:
    with path.open("r+b") as file:
        file.seek(first)
        file.write(bytes(end - first))


def no_header(path: Path) -> None:
    zeros(path)


def no_rest_of_header(path: Path) -> None:
    zeros(path, first=16)


def no_schema(path: Path) -> None:
    zeros(path, first=100)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // PAGE_BYTES * PAGE_BYTES)


def no_end(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE journal SET position = position + 1")


def no_version(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA user_version = 0")


def no_table(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("DROP TABLE journal")


def no_own_row_and_event(path: Path) -> None:
    destroy(path, "journal", 0.0)
    destroy(path, "event", 0.5)


BEFORE_IT_OPENS = [
    no_header,
    no_rest_of_header,
    no_schema,
    cut_short,
    no_end,
    no_version,
    no_table,
    no_own_row_and_event,
]


def is_deaf(opened: Opened) -> bool:
    """See that it takes, gives and shows nothing."""
    for request in (append("alarm/new"), record()):
        with pytest.raises(JournalDamagedError, match="restore a backup"):
            opened.store.commit([request], NOW)
    for lend in (opened.store.reader, opened.shown.reader().__enter__):
        with pytest.raises(JournalUnopenedError, match="restore a backup"):
            lend()
    with opened.readers.reader() as reader:
        assert (reader.position(), reader.last_at()) == (0, None)
        assert not reader.heads("", open_only=False)
        assert not reader.inbound(untaken_only=False)
        assert not reader.effects(frozenset(EffectState))
    assert opened.rows.last_at is None
    assert not opened.rows.open_alarms
    opened.store.tidy()
    assert opened.store.reserve_lacks() is None
    return opened.lost_by is not None


@pytest.mark.parametrize("damage", BEFORE_IT_OPENS)
def test_what_no_start_can_mend_is_lost_and_stays_as_it_is_bug_no_engine_started(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = many_facts(tmp_path)
    damage(path)
    before = path.read_bytes()
    opened, loaded = opened_beside(path, lambda: "files")
    assert is_deaf(opened)
    assert opened.store.size_bytes >= len(before)
    opened.close()
    assert loaded == "files"
    assert path.read_bytes() == before
    assert not beside(path, BALLAST_SUFFIX).exists()
    assert not list(held(path.parent))


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_heads_that_can_be_neither_read_nor_made_anew_are_lost_bug_each_start_ended(
    tmp_path: Path, fraction: float
) -> None:
    """Events and their index are damaged as well: nobody knows which alarms there are.

    Where only a closed one's head lay there the rows of a start could be read, and who
    came up behind it ended by it.
    """
    path = many_facts(tmp_path)
    destroy(path, "stream", fraction)
    destroy(path, EVENTS, 0.0)
    destroy(path, "event", 0.0)
    opened, _ = opened_beside(path, lambda: None)
    before = path.read_bytes()
    assert is_deaf(opened)
    opened.close()
    assert path.read_bytes() == before
    assert not list(held(path.parent))


def name_an_event(path: Path, value: str) -> None:
    """Give one a name that no text is, as a changed bit in its row does."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.execute("PRAGMA writable_schema = ON")
        table = "UPDATE sqlite_schema SET sql = ?1 WHERE name = 'event'"
        made: str = connection.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'event'"
        ).get
        any_value = made.replace("stream TEXT NOT NULL", "stream ANY")
        assert any_value != made
        connection.execute(table, (any_value,))
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute(
            f"UPDATE event SET stream = {value} WHERE stream = 'alarm/b100'"
        )
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(table, (made,))


@pytest.mark.parametrize("value", ["7", "NULL", "CAST(x'ff' AS TEXT)"])
def test_heads_that_no_event_says_are_lost_bug_a_name_that_is_no_text_ended_each_start(
    tmp_path: Path, value: str
) -> None:
    """Neither an `AttributeError` nor a refusal: nobody heard an SOS."""
    path = many_facts(tmp_path)
    name_an_event(path, value)
    destroy(path, "stream", 0.5)
    opened, _ = opened_beside(path, lambda: None, replay=REPLAY)
    assert is_deaf(opened)
    opened.close()
    assert not list(held(path.parent))


@pytest.mark.parametrize("value", ["7", "NULL", "CAST(x'ff' AS TEXT)"])
def test_codes_beside_an_event_whose_name_is_no_text_cost_no_start(
    tmp_path: Path, value: str
) -> None:
    path = many_facts(tmp_path)
    name_an_event(path, value)
    destroy(path, "code", 0.0)
    opened, _ = opened_beside(path, lambda: None, replay=REPLAY)
    assert opened.lost_by is None
    assert opened.rows.open_alarms
    opened.close()


@pytest.mark.parametrize("at", [18, 19])
def test_a_format_that_no_sqlite_writes_is_lost_bug_it_was_told_as_a_right_that_lacks(
    tmp_path: Path, at: int
) -> None:
    """SQLite takes the file for one that may only be read, and it says so of itself."""
    path = many_facts(tmp_path)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\x12")
    opened, _ = opened_beside(path, lambda: None)
    assert is_deaf(opened)
    opened.close()


@pytest.mark.parametrize("number", [-4, -1, 3 + 2**27])
def test_a_version_that_no_engine_writes_is_lost_bug_a_newer_one_was_to_be_started(
    tmp_path: Path, number: int
) -> None:
    """Below nought the start ended by an `IndexError`, or made tables once more."""
    path = many_facts(tmp_path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(f"PRAGMA user_version = {number}")
    opened, _ = opened_beside(path, lambda: None)
    assert is_deaf(opened)
    opened.close()


def with_a_bad_sector(
    path: Path, monkeypatch: pytest.MonkeyPatch, fails: Iterator[bool]
) -> Opened:
    """Open a journal whose disk does not give the header while `fails` says so."""
    real = Path.open

    def failing(self: Path, *args: str, **named: str) -> object:
        if self == path and next(fails, False):
            raise OSError(5, os.strerror(5))
        return real(self, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", failing)
    return opened_beside(path, lambda: None)[0]


def test_a_sector_of_the_header_that_the_disk_does_not_give_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = many_facts(tmp_path)
    assert is_deaf(with_a_bad_sector(path, monkeypatch, cycle((True,))))


def test_a_disk_that_gives_the_header_a_moment_later_has_lost_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = many_facts(tmp_path)
    fails = iter((True, True))
    with closing(with_a_bad_sector(path, monkeypatch, fails)) as opened:
        assert opened.lost_by is None
        assert opened.rows.open_alarms


def test_a_journal_that_is_lost_is_gone_on_with_once_it_is_restored(
    tmp_path: Path,
) -> None:
    path = many_facts(tmp_path)
    backup = path.read_bytes()
    zeros(path)
    opened, _ = opened_beside(path, lambda: None)
    opened.close()
    path.write_bytes(backup)
    opened, _ = opened_beside(path, lambda: None)
    assert opened.lost_by is None
    assert opened.rows.open_alarms
    assert opened.shown is opened.readers
    opened.close()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def emptied(path: Path) -> None:
    os.truncate(path, 0)
    beside(path, BALLAST_SUFFIX).write_bytes(b"\0")


def gone_beside_its_log(path: Path) -> None:
    path.unlink()
    beside(path, "-wal").write_bytes(b"\0")


def of_a_newer_engine(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA user_version = 99")


def anothers(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA application_id = 1")


@pytest.mark.parametrize("spoil", [emptied, gone_beside_its_log])
def test_one_that_is_gone_or_empty_is_lost_and_none_is_begun_in_its_place(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    path = many_facts(tmp_path)
    spoil(path)
    before = size_of(path)
    opened, _ = opened_beside(path, lambda: None)
    assert opened.lost_by is not None
    opened.close()
    assert size_of(path) == before == 0


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (folder, "is a folder"),
        (of_a_newer_engine, "start the newer engine"),
        (anothers, "a database of another program"),
    ],
)
def test_what_a_person_has_to_set_right_is_refused_in_its_own_words(
    tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    path = many_facts(tmp_path)
    spoil(path)
    with pytest.raises(JournalError, match=why) as told:
        opened_beside(path, lambda: None)
    assert not isinstance(told.value, JournalLostError)


@pytest.mark.parametrize("error", [PermissionError(13, "no"), OSError(30, "no")])
def test_a_right_that_is_lacking_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    path = many_facts(tmp_path)

    def failing(*_: object, **__: object) -> object:
        raise error

    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(JournalError) as told:
        opened_beside(path, lambda: None)
    assert not isinstance(told.value, JournalLostError)


def test_a_program_that_writes_to_it_is_no_damage(tmp_path: Path) -> None:
    path = many_facts(tmp_path)
    with closing(apsw.Connection(str(path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="another program writes") as told:
            opened_beside(path, lambda: None)
    assert not isinstance(told.value, JournalLostError)


def test_a_full_disk_is_no_damage(tmp_path: Path, vfs: FaultsVfs) -> None:
    path = many_facts(tmp_path)
    vfs.is_full = lambda: True
    opened, _ = opened_beside(path, lambda: None, vfs=vfs.name)
    assert isinstance(opened.store, SqliteStore)
    assert not isinstance(opened.store, LostStore)
    opened.close()

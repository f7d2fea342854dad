"""The write-ahead log: when it is copied into the file, and how long it may be."""

from pathlib import Path

import pytest

from engine.journal.ballast import BALLAST_BYTES
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, LOG_PAGES_MAX, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import append, place

NOW = Instant(1)


def test_the_log_is_checkpointed_and_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 20)
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    for number in range(200):
        store.commit([place(at_ms=number)], NOW)
        store.tidy()

    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size < 60 * 4120
    assert store.size_bytes == log.stat().st_size + path.stat().st_size
    store.close()


def test_in_a_flood_the_log_is_left_until_it_has_to_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 20)
    monkeypatch.setattr("engine.journal.sqlite.LOG_PAGES_MAX", 100)
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    for number in range(500):
        store.commit([place(at_ms=number)], NOW)
        store.tidy(is_hurried=True)

    log = path.with_name(path.name + "-wal")
    assert 100 * 4120 <= log.stat().st_size < 140 * 4120
    store.close()


def test_the_ballast_has_room_for_the_longest_log() -> None:
    assert LOG_PAGES_MAX * 4096 <= BALLAST_BYTES


def test_a_reader_in_the_middle_of_its_rows_stops_no_checkpoint_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 5)
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    store.commit([append(kinds=("A", "B", "C"))], NOW)
    slow = SqliteReader(tmp_path / JOURNAL_FILE)
    held = slow._connection.execute("SELECT position FROM event")
    next(held)

    for number in range(20):
        store.commit([place(at_ms=number)], NOW)
        store.tidy()

    assert held.fetchall() == [(2,), (3,)]
    store.commit([append("alarm/b")], NOW)
    store.tidy()
    assert slow.position() == 4
    store.close()


def test_what_a_reader_kept_in_the_log_is_copied_once_it_is_over_bug_the_log_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a flood twice as much waited in the log then as the ballast has room for."""
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 20)
    monkeypatch.setattr("engine.journal.sqlite.LOG_PAGES_MAX", 100)
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append(kinds=("A", "B"))], NOW)
    slow = SqliteReader(path)
    held = slow._connection.execute("SELECT position FROM event")
    next(held)
    log = path.with_name(path.name + "-wal")
    for number in range(500):
        store.commit([place(at_ms=number)], NOW)
        store.tidy(is_hurried=True)
        if log.stat().st_size >= 130 * 4120:
            held.fetchall()
    assert log.stat().st_size < 170 * 4120
    store.close()


def test_a_log_that_a_kill_has_left_makes_the_next_one_no_longer_bug_both_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.sqlite.CHECKPOINT_PAGES", 20)
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    for number in range(200):
        store.commit([place(at_ms=number)], NOW)
    store._abandon()
    store = SqliteStore(path, ballast_bytes=0)
    longest = 0
    for number in range(200, 400):
        store.commit([place(at_ms=number)], NOW)
        longest = max(longest, store._log_pages)
        store.tidy()
    assert longest < 40
    store.close()

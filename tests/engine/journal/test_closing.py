"""An orderly stop leaves nothing in the log, whoever else has the journal open."""

import time
from pathlib import Path

import apsw
import pytest

from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import append

NOW = Instant(1)


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    """Open a journal and give it a row, which lies in its log."""
    store = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    store.commit([append(kinds=("A", "B"))], NOW)
    return store


def log_bytes(folder: Path) -> int:
    return (folder / f"{JOURNAL_FILE}-wal").stat().st_size


def test_the_log_is_emptied_while_others_only_have_it_open_bug_it_stayed_as_it_was(
    tmp_path: Path, store: SqliteStore
) -> None:
    """The service's own pool of readers closes later, and the auditor never."""
    reader = SqliteReader(tmp_path / JOURNAL_FILE)
    assert reader.last_at() == NOW
    assert log_bytes(tmp_path) > 0

    store.close()

    assert log_bytes(tmp_path) == 0
    assert reader.last_at() == NOW
    reader.close()
    alone = apsw.Connection(
        f"file:{tmp_path / JOURNAL_FILE}?immutable=1",
        flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
    )
    assert alone.execute("SELECT count(*) FROM event").get == 2
    alone.close()


def test_a_stop_does_not_wait_for_somebody_who_reads(
    tmp_path: Path, store: SqliteStore
) -> None:
    reader = SqliteReader(tmp_path / JOURNAL_FILE)
    with reader.snapshot():
        assert reader.last_at() == NOW
        store.commit([append("other")], NOW)
        began_s = time.monotonic()
        store.close()
        assert time.monotonic() - began_s < 1, "its time to end is three seconds"
    reader.close()
    assert log_bytes(tmp_path) > 0, "the rows that the reader's view kept there"
    again = SqliteStore(tmp_path / JOURNAL_FILE, ballast_bytes=0)
    assert again.position == 3
    again.close()

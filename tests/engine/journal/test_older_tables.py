"""A file of an older engine: read as it is, and brought up when one opens it."""

from pathlib import Path

import apsw
import pytest

from engine.errors import JournalError
from engine.journal import connection, schema
from engine.journal.examine import examine
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import row


def test_a_newer_version_is_brought_up_and_older_tables_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of before an upgrade could be verified by no engine of after it."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([row("alarm/a", "AlarmRaised", b"{}")], Instant(1_000))
    store.close()
    newer = (*schema.VERSIONS, ("CREATE TABLE more(x TEXT) STRICT",))
    monkeypatch.setattr(connection, "VERSIONS", newer)
    before = SqliteReader(path)
    assert examine(before).bad is None
    assert before.position() == 1
    before.close()

    SqliteStore(path, ballast_bytes=0).close()

    raw = apsw.Connection(str(path))
    assert raw.execute("PRAGMA user_version").get == len(newer)
    raw.close()
    after = SqliteReader(path)
    assert after.position() == 1
    after.close()


def test_a_journal_without_tables_is_none_yet(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    empty = apsw.Connection(str(path))
    empty.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
    empty.close()
    with pytest.raises(JournalError, match="no tables yet"):
        SqliteReader(path)

"""Opening what may once have been a journal: nothing is begun anew in silence."""

from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from engine.errors import JournalError, JournalUnmadeError
from engine.journal import connection
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import append

NOW = Instant(1)


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_journal_that_was_lost_is_not_begun_anew_in_silence(
    tmp_path: Path, lose: Callable[[Path], object]
) -> None:
    """The alarms that were open in it would be forgotten, and nobody told."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=4096)
    store.commit([append()], NOW)
    store.close()
    lose(path)

    with pytest.raises(JournalError) as caught:
        SqliteStore(path)

    text = str(caught.value)
    assert text.startswith(str(path))
    assert "journal.db-ballast says that it was a journal" in text
    assert "restore a backup; to begin with nothing, take the ballast away" in text
    path.with_name("journal.db-ballast").unlink()
    SqliteStore(path, ballast_bytes=0).close()


def test_a_first_start_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    path.touch()

    SqliteStore(path, ballast_bytes=4096).close()

    assert path.with_name("journal.db-ballast").exists()


def test_an_empty_file_is_not_taken_for_an_older_journal(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    path.touch()

    with pytest.raises(JournalError, match="is empty; restore a backup"):
        SqliteReader(path)


def test_tables_that_are_gone_are_named(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    SqliteStore(path, ballast_bytes=0).close()
    raw = apsw.Connection(str(path))
    raw.execute("DROP TABLE event")
    raw.close()

    with pytest.raises(JournalError) as caught:
        SqliteStore(path, ballast_bytes=0)

    assert "its tables are not as they were made" in str(caught.value)
    assert "restore a backup" in str(caught.value)


@pytest.mark.parametrize("looks", range(1, 6))
def test_a_journal_whose_tables_are_being_made_is_none_that_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """`check-config` beside a first start said to restore a backup that nobody has."""
    path = tmp_path / JOURNAL_FILE
    with closing(apsw.Connection(str(path))) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
    look, asked = connection._number, []

    def number(reader: apsw.Connection, query: str) -> int:
        found = look(reader, query)
        asked.append(query)
        if len(asked) == looks:
            with monkeypatch.context() as engines:
                engines.setattr(connection, "_number", look)
                SqliteStore(path, ballast_bytes=0).close()
        return found

    monkeypatch.setattr(connection, "_number", number)

    with suppress(JournalUnmadeError):
        SqliteReader(path).close()

    assert len(asked) >= looks

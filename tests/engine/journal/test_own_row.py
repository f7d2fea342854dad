"""The table `journal` whose page is damaged: made anew by all that was written."""

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from engine.errors import JournalError
from engine.journal.own_row import OPENINGS
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
from engine.journal.verify import verify
from engine.ports.journal import Appended
from tests.contracts.journal.requests import NOW, append
from tests.engine.journal.test_aside import destroy, many_facts

OWN = "SELECT epoch, position, head, at FROM journal"
ASIDE = "SELECT name FROM sqlite_schema WHERE name GLOB 'damaged_*'"


def rows(path: Path, statement: str) -> list[Any]:
    with closing(apsw.Connection(str(path))) as connection:
        return connection.execute(statement).fetchall()


def is_refused(path: Path, why: str) -> bool:
    """Say whether no store opens it, and nothing in it was changed."""
    with pytest.raises(JournalError, match=why):
        SqliteStore(path, ballast_bytes=0)
    return rows(path, ASIDE) == []


def test_a_start_makes_the_row_as_it_was_bug_no_engine_started(tmp_path: Path) -> None:
    path = many_facts(tmp_path)
    ((epoch, *own),) = rows(path, OWN)
    for number in range(2):
        destroy(path, "journal", 0.0)
        store = SqliteStore(path, ballast_bytes=0)
        assert store.begun_anew == {"journal": 1}
        assert store.epoch > epoch, "nobody who wrote before is its owner"
        ((epoch, *anew),) = rows(path, OWN)
        assert anew == own
        assert rows(path, ASIDE)[number:] == [(f"damaged_journal_{number}",)]
        store.close()


def test_what_is_written_behind_such_a_row_is_of_one_chain(tmp_path: Path) -> None:
    path = many_facts(tmp_path)
    destroy(path, "journal", 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    answers = store.commit([append("alarm/x", epoch=store.epoch)], NOW)
    assert isinstance(answers[0], Appended)
    store.close()
    with closing(SqliteReader(path)) as reader:
        assert verify(reader.after(0, 1_000), reader.kept()).bad is None
    again = SqliteStore(path, ballast_bytes=0)
    assert again.begun_anew == {}
    again.close()


def test_its_epoch_is_past_that_of_a_head_which_has_no_event(tmp_path: Path) -> None:
    path = many_facts(tmp_path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE stream SET epoch = 70000 WHERE stream = 'alarm/a'")
    destroy(path, "journal", 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.epoch > 70_000 + OPENINGS
    store.close()


@pytest.mark.parametrize(
    "lost", ["position = 201", "position = 7", "stream = 'alarm/m' AND seq = 2"]
)
def test_a_journal_that_lacks_rows_is_not_begun_behind_those_that_are_left(
    tmp_path: Path, lost: str
) -> None:
    """It would number rows anew, which somebody has been told of."""
    path = many_facts(tmp_path)
    store = SqliteStore(path, ballast_bytes=0)
    three = append("alarm/m", epoch=store.epoch, kinds=("A", "B", "C"))
    store.commit([three], NOW)
    store.close()
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("DROP TRIGGER event_is_never_deleted")
        connection.execute(f"DELETE FROM event WHERE {lost}")
    destroy(path, "journal", 0.0)
    assert is_refused(path, "events are missing")


@pytest.mark.parametrize("table", ["event", "stream"])
def test_where_what_it_is_made_of_cannot_be_read_nothing_is_changed(
    tmp_path: Path, table: str
) -> None:
    path = many_facts(tmp_path)
    destroy(path, "journal", 0.0)
    destroy(path, table, 0.5)
    assert is_refused(path, "it is damaged")


def test_a_value_that_is_none_of_ours_is_an_error_in_words(tmp_path: Path) -> None:
    path = many_facts(tmp_path)
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute(
            "UPDATE stream SET stream = CAST(x'f4ff' AS TEXT) WHERE stream = 'alarm/a'"
        )
    destroy(path, "journal", 0.0)
    assert is_refused(path, "missing or damaged")


def test_an_empty_journal_begins_again_with_no_position(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteStore(path, ballast_bytes=0).close()
    destroy(path, "journal", 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.position == 0
    store.close()
    ((_, position, head, at),) = rows(path, OWN)
    assert (position, head, at) == (0, bytes(32), None)

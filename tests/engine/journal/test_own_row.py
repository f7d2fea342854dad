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


def flip(path: Path, byte: int, bit: int, *, is_header: bool = False) -> None:
    """Change one bit of the row, or of what the page says before it."""
    root = "SELECT rootpage FROM sqlite_schema WHERE name = 'journal'"
    ((page,),), ((size,),) = rows(path, root), rows(path, "PRAGMA page_size")
    rows(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole, begins = bytearray(path.read_bytes()), (page - 1) * size
    cell = int.from_bytes(whole[begins + 8 : begins + 10], "big")
    whole[begins + byte + (0 if is_header else cell)] ^= 1 << bit
    path.write_bytes(whole)


@pytest.mark.parametrize(
    ("byte", "bit", "is_header"),
    [
        pytest.param(0, 3, False, id="longer than its page"),
        pytest.param(0, 7, False, id="nothing in it"),
        pytest.param(4, 5, False, id="a position that is no number"),
        pytest.param(6, 0, False, id="a head that is a text"),
        pytest.param(6, 1, False, id="a head of more bytes"),
        pytest.param(7, 2, False, id="a time that is not all there"),
        pytest.param(4, 0, True, id="no row"),
        pytest.param(4, 1, True, id="three rows"),
        pytest.param(8, 0, True, id="a row elsewhere"),
    ],
)
def test_so_it_does_where_it_reads_what_nobody_wrote_bug_no_engine_started(
    tmp_path: Path, byte: int, bit: int, *, is_header: bool
) -> None:
    path = many_facts(tmp_path)
    ((_, *own),) = rows(path, OWN)
    flip(path, byte, bit, is_header=is_header)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.begun_anew == {"journal": 1}
    answers = store.commit([append("alarm/x", epoch=store.epoch)], NOW)
    assert isinstance(answers[0], Appended)
    assert answers[0].events[0].position == own[0] + 1
    store.close()
    with closing(SqliteReader(path)) as reader:
        assert verify(reader.after(0, 1_000), reader.kept()).bad is None


def _lower_epoch(path: Path) -> None:
    """Begin a case, then change a bit of the row so that its epoch is a smaller one."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE journal SET epoch = 71")
    store = SqliteStore(path, ballast_bytes=0)
    first = append("alarm/x", epoch=store.epoch)
    assert isinstance(store.commit([first], NOW)[0], Appended)
    store.close()
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("UPDATE journal SET epoch = epoch & ~64")


def test_an_epoch_below_an_events_is_none_that_was_written_bug_open_cases_were_fenced(
    tmp_path: Path,
) -> None:
    """The case went on in no start; new ones did, and nothing said why."""
    path = many_facts(tmp_path)
    _lower_epoch(path)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.begun_anew == {"journal": 1}
    goes_on = append("alarm/x", 1, epoch=store.epoch)
    assert isinstance(store.commit([goes_on], NOW)[0], Appended)
    store.close()
    with closing(SqliteReader(path)) as reader:
        assert verify(reader.after(0, 1_000), reader.kept()).bad is None


@pytest.mark.parametrize("is_torn", [False, True])
def test_an_events_epoch_that_is_none_beside_other_damage_loses_no_journal(
    tmp_path: Path, *, is_torn: bool
) -> None:
    """The row is kept where what it would be made of lacks rows, or a page."""
    path = many_facts(tmp_path)
    with closing(apsw.Connection(str(path))) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        if not is_torn:
            connection.execute("UPDATE event SET seq = 900 WHERE position = 7")
        connection.execute(
            "UPDATE event SET epoch = epoch | (1 << 40)"
            " WHERE position = (SELECT max(position) FROM event)"
        )
    if is_torn:
        destroy(path, "event", 0.3)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.begun_anew == {}
    store.close()


@pytest.mark.parametrize("is_torn", [False, True])
def test_a_rows_epoch_that_is_none_beside_other_damage_is_raised_bug_cases_were_fenced(
    tmp_path: Path, *, is_torn: bool
) -> None:
    """The row was kept as it was for an event's sake, and new cases alone went on."""
    path = many_facts(tmp_path)
    ((_, *own),) = rows(path, OWN)
    _lower_epoch(path)
    if not is_torn:
        with closing(apsw.Connection(str(path))) as connection:
            connection.execute("DROP TRIGGER event_is_never_changed")
            connection.execute("UPDATE event SET seq = 900 WHERE position = 7")
    else:
        destroy(path, "event", 0.3)
    for number in (1, 2):
        store = SqliteStore(path, ballast_bytes=0)
        assert store.begun_anew == ({"journal": 1} if number == 1 else {})
        goes_on = append("alarm/x", number, epoch=store.epoch)
        assert isinstance(store.commit([goes_on], NOW)[0], Appended)
        store.close()
    ((_, position, *_),) = rows(path, OWN)
    assert position == own[0] + 3


def test_a_position_that_is_another_number_is_taken_for_a_lost_end(
    tmp_path: Path,
) -> None:
    path = many_facts(tmp_path)
    flip(path, 10, 1)
    assert is_refused(path, "its last row is 201")


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

"""A damaged index of the events is built anew from them, and no event is touched."""

import re
from pathlib import Path

import apsw
import pytest

from engine.errors import JournalError
from engine.journal.connection import BALLAST_SUFFIX, beside
from engine.journal.examine import examine
from engine.journal.opening import opened_beside
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Appended
from tests.contracts.journal.requests import NOW, append
from tests.engine.journal.test_aside import destroy, leaf
from tests.faults_vfs import Act, FaultsVfs

MANY = 400
INDICES = ("sqlite_autoindex_event_1", "event_command")


def filled(folder: Path) -> Path:
    path = folder / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    names = [f"alarm/{number:04}" for number in range(MANY)]
    store.commit([append(name, epoch=store.epoch) for name in names], NOW)
    store.close()
    return path


def begin(store: SqliteStore, name: str) -> object:
    (answer,) = store.commit([append(name, epoch=store.epoch)], NOW)
    return answer


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_an_append_that_meets_it_is_written_bug_the_store_ended(
    tmp_path: Path, index: str, fraction: float
) -> None:
    """And ended anew at each start: its signal was told again."""
    path = filled(tmp_path)
    store = SqliteStore(path, ballast_bytes=0)
    reader = store.reader()
    before = reader.after(0, 2 * MANY)
    destroy(path, index, fraction)
    for number in range(0, MANY, 4):
        assert isinstance(begin(store, f"alarm/{number:04}a"), Appended)
    assert store.begun_anew.keys() == {index}
    assert reader.after(0, MANY) == before, "no event has changed"
    for number in range(MANY):
        assert len(reader.stream(f"alarm/{number:04}")) == 1, "each is found by it"
    reader.close()
    assert not store.mend(), "it is sound now"
    store.close()


@pytest.mark.parametrize("index", INDICES)
def test_what_remains_wrong_with_the_file_is_said_and_the_chain_is_whole(
    tmp_path: Path, index: str
) -> None:
    path = filled(tmp_path)
    made = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    before = apsw.Connection(str(path)).execute(made).fetchall()
    destroy(path, index, 0.5)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.mend()
    begin(store, "alarm/x")
    store.close()
    reader = SqliteReader(path)
    verdict = examine(reader)
    reader.close()
    assert (verdict.position, verdict.streams) == (MANY + 1, MANY + 1)
    assert verdict.bad is not None, "its old pages stay in the file"
    assert verdict.bad.differs.startswith("file: ")
    assert "never used" in verdict.bad.differs
    connection = apsw.Connection(str(path))
    assert connection.execute("PRAGMA integrity_check(event)").get == "ok"
    assert connection.execute(made).fetchall() == before
    with pytest.raises(apsw.ConstraintError):
        connection.execute("DELETE FROM event")
    connection.close()


def test_a_start_reads_each_open_case_by_it_again(tmp_path: Path) -> None:
    path = filled(tmp_path)
    destroy(path, INDICES[0], 0.5)
    opened, _ = opened_beside(path, lambda: None)
    assert len(opened.rows.open_alarms) == MANY
    assert opened.store.begun_anew == {INDICES[0]: MANY}
    with opened.readers.reader() as reader:
        for number in range(MANY):
            assert len(reader.stream(f"alarm/{number:04}")) == 1
    opened.close()


def test_who_asks_beside_no_engine_reads_past_it_bug_no_row_was_shown(
    tmp_path: Path,
) -> None:
    """A case is run from `natalia journal show` where no engine starts."""
    path = filled(tmp_path)
    destroy(path, INDICES[0], 0.0)
    reader = SqliteReader(path)
    with pytest.raises(JournalError):
        reader.stream("alarm/0000")
    (row,) = reader.salvaged("alarm/0000", 1)
    assert row.stream == "alarm/0000"
    reader.close()


@pytest.mark.parametrize("index", INDICES)
def test_a_sector_that_the_disk_does_not_give_is_passed_over_as_well(
    tmp_path: Path, index: str
) -> None:
    path, vfs = filled(tmp_path), FaultsVfs()
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost = leaf(path, index, 0.5)
    assert store.mend()
    assert isinstance(begin(store, f"alarm/{MANY // 2:04}a"), Appended)
    store.close()
    vfs.unregister()


def test_on_a_full_disk_it_takes_the_ballast(tmp_path: Path) -> None:
    path, vfs = filled(tmp_path), FaultsVfs()
    store = SqliteStore(path, vfs=vfs.name)
    ballast = beside(path, BALLAST_SUFFIX)
    vfs.lost, vfs.is_full = leaf(path, INDICES[0], 0.0), ballast.exists
    assert isinstance(begin(store, "alarm/0000a"), Appended)
    assert not ballast.exists()
    store.close()
    vfs.unregister()


@pytest.mark.parametrize("damaged", [INDICES[0], "stream"])
def test_a_start_on_a_full_disk_takes_the_ballast_for_it_bug_its_alarms_stood_still(
    tmp_path: Path, damaged: str
) -> None:
    path, vfs = filled(tmp_path), FaultsVfs()
    SqliteStore(path).close()
    destroy(path, damaged, 0.5)
    ballast, begun_syncs = beside(path, BALLAST_SUFFIX), 2
    vfs.is_full = lambda: ballast.exists() and vfs.acts[Act.SYNC] >= begun_syncs
    opened, _ = opened_beside(path, lambda: None, vfs=vfs.name)
    assert opened.store.begun_anew.keys() == {damaged}
    assert len(opened.rows.open_alarms) == MANY
    assert not ballast.exists()
    opened.close()
    vfs.unregister()


def test_where_there_is_no_room_the_request_is_refused_and_the_store_stays(
    tmp_path: Path,
) -> None:
    path, vfs = filled(tmp_path), FaultsVfs()
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost, full = leaf(path, INDICES[0], 0.0), [True]
    vfs.is_full = lambda: bool(full)
    with pytest.raises(JournalError, match="the disk is full"):
        begin(store, "alarm/0000a")
    full.clear()
    assert isinstance(begin(store, "alarm/0000a"), Appended)
    store.close()
    vfs.unregister()


def test_beside_an_event_that_cannot_be_read_it_stays_as_it_is_and_a_table_is_mended(
    tmp_path: Path,
) -> None:
    path = filled(tmp_path)
    for table in ("event", "effect", INDICES[1]):
        destroy(path, table, 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.mend()
    assert store.begun_anew.keys() == {"effect"}
    store.close()


@pytest.mark.parametrize("act", Act)
def test_a_disk_that_fails_meanwhile_ends_the_store_bug_it_went_on_writing(
    tmp_path: Path, act: Act
) -> None:
    """What a failed sync lost no write may follow: the next start copies the log."""
    path, vfs = filled(tmp_path), FaultsVfs()
    for index in INDICES:
        destroy(path, index, 0.5)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.fail = {act: vfs.acts[act] + 1}
    with pytest.raises(JournalError, match="the disk failed"):
        store.mend()
    assert not store.begun_anew
    with pytest.raises(JournalError, match="the disk failed"):
        begin(store, "alarm/0000a")
    store.close()
    vfs.unregister()
    again = SqliteStore(path, ballast_bytes=0)
    assert isinstance(begin(again, "alarm/0200a"), Appended)
    again.close()


def rename(path: Path, index: str, number: int) -> None:
    """Change a bit of an alarm's name, in an index or in the events themselves."""
    offset, size = leaf(path, index, 0.5)
    content = bytearray(path.read_bytes())
    name = re.findall(rb"alarm/0\d{3}", content[offset : offset + size])[number]
    content[content.index(name, offset) + 7] ^= 0x40
    path.write_bytes(content)


@pytest.mark.parametrize("index", INDICES)
def test_an_index_in_which_a_bit_of_a_name_has_changed_is_built_anew_as_well(
    tmp_path: Path, index: str
) -> None:
    """Its alarm had no rows any more, and one that nobody knew stood open for ever."""
    path = filled(tmp_path)
    rename(path, index, 5)
    opened, _ = opened_beside(path, lambda: None)
    assert isinstance(opened.store, SqliteStore)
    opened.store.mend()
    assert opened.store.begun_anew == {index: MANY}
    again = [append(f"alarm/{number:04}") for number in range(MANY)]
    assert all(
        isinstance(answer, Appended) and answer.repeated
        for answer in opened.store.commit(again, NOW)
    )
    with opened.readers.reader() as reader:
        assert len(reader.heads("", open_only=False)) == MANY
        assert all(reader.stream(each.stream) for each in again)
    opened.close()


def test_where_the_name_has_changed_in_the_event_the_index_stays(
    tmp_path: Path,
) -> None:
    """By it alone that row is found as what it was."""
    path = filled(tmp_path)
    rename(path, "event", 5)
    store = SqliteStore(path, ballast_bytes=0)
    assert not store.mend()
    store.close()


@pytest.mark.parametrize("behind", [0, 1, 2, 3])
@pytest.mark.parametrize("bit", [0x01, 0x40])
def test_an_open_case_that_its_index_does_not_lead_to_is_found_at_a_start_bug_of_none(
    tmp_path: Path, behind: int, bit: int
) -> None:
    """It was read as one without rows, or with another's, and nobody heard of it."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    names = [f"alarm/{number:04}" for number in range(MANY)]
    for seq in range(3):
        store.commit([append(name, seq, epoch=store.epoch) for name in names], NOW)
    store.close()
    offset, size = leaf(path, INDICES[0], 0.5)
    content = bytearray(path.read_bytes())
    entry = re.compile(rb"\x04!\x01\x02alarm/0\d{3}\x02").search(
        content, offset, offset + size
    )
    assert entry is not None
    content[entry.end() - 1 + behind if behind < 3 else entry.start() + 2] ^= bit
    path.write_bytes(content)
    opened, _ = opened_beside(path, lambda: None)
    assert opened.store.begun_anew == {INDICES[0]: 3 * MANY}
    with opened.readers.reader() as reader:
        for name in names:
            rows = reader.stream(name)
            assert [(row.stream, row.seq) for row in rows] == [
                (name, seq) for seq in (1, 2, 3)
            ]
    opened.close()

"""A last page of the events that cannot be read refuses all, and ends nothing."""

from pathlib import Path

import apsw
import pytest

from engine.errors import JournalDamagedError, JournalError
from engine.journal.examine import examine
from engine.journal.opening import opened_beside
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import (
    Appended,
    Conflict,
    Fenced,
    Recorded,
    Request,
    StoredEvent,
)
from tests.contracts.journal.requests import NOW, append, record
from tests.engine.journal.test_aside import destroy, leaf
from tests.engine.journal.test_indices import INDICES, MANY, filled
from tests.faults_vfs import Act, FaultsVfs

LAST = 0.999
FREELIST_AT = 32
"""Where the file's header has the number of the first page that lists free ones."""


def rows(path: Path, prefix: str = "") -> list[StoredEvent]:
    """Return what can be read of the events, from the first on."""
    found: list[StoredEvent] = []
    reader = SqliteReader(path)
    try:
        while more := reader.after(len(found), 1, prefix=prefix):
            found += more
    except JournalError:
        pass
    finally:
        reader.close()
    return found


def opened(path: Path, vfs: FaultsVfs) -> SqliteStore:
    return SqliteStore(path, vfs=vfs.name, ballast_bytes=0)


def is_refused(store: SqliteStore, key: str = "an SOS") -> bool:
    """Ask for a signal and an alarm's row, as a press does; say if that is refused."""
    with pytest.raises(JournalDamagedError, match="cannot write"):
        store.commit([record(key), append(key, epoch=store.epoch)], NOW)
    with pytest.raises(JournalDamagedError, match="cannot write"):
        store.commit([record(key)], NOW)
    return True


def goes_on(store: SqliteStore) -> bool:
    """Ask for the same again; say if it is written behind the last row."""
    group: list[Request] = [record("an SOS"), append("alarm/x", epoch=store.epoch)]
    kept, appended = store.commit(group, NOW)
    assert isinstance(kept, Recorded)
    assert not kept.repeated, "nothing of what was refused was written"
    assert isinstance(appended, Appended)
    return [row.position for row in appended.events] == [MANY + 1]


def is_whole(path: Path) -> bool:
    reader = SqliteReader(path)
    verdict = examine(reader)
    reader.close()
    return verdict.bad is None


def test_a_start_with_a_torn_last_page_refuses_bug_no_engine_started(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    place, size = leaf(path, "event", LAST)
    page = path.read_bytes()[place : place + size]
    destroy(path, "event", LAST)
    readable = rows(path)
    for epoch in (2, 3):
        opening, _ = opened_beside(path, lambda: None, vfs=vfs.name)
        store = opening.store
        assert isinstance(store, SqliteStore)
        assert (store.epoch, store.position) == (epoch, MANY)
        assert is_refused(store)
        assert not store.begun_anew
        store.tidy()
        opening.close()
        assert rows(path) == readable
    with path.open("r+b") as file:  # as it was: whatever could be read is as it was
        file.seek(place)
        file.write(page)
    again = opened(path, vfs)
    assert again.epoch == 4
    assert goes_on(again)
    again.close()
    assert is_whole(path)


def test_a_start_where_a_patch_of_the_disk_is_gone_refuses_bug_no_engine_started(
    tmp_path: Path,
) -> None:
    """Which codes are lost nobody can say without the events and their index."""
    path = filled(tmp_path)
    for name, place in (("event", LAST), (INDICES[0], 0.0), ("code", 0.0)):
        destroy(path, name, place)
    opening, _ = opened_beside(path, lambda: None)
    assert isinstance(opening.store, SqliteStore)
    assert is_refused(opening.store)
    assert not opening.store.begun_anew
    opening.close()


def test_a_last_page_that_the_disk_does_not_give_is_asked_for_again_bug_it_ended(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    vfs.lost = leaf(path, "event", LAST)
    store = opened(path, vfs)
    assert is_refused(store)
    vfs.lost = None
    assert goes_on(store)
    store.close()
    assert is_whole(path)


@pytest.mark.parametrize("is_torn", [True, False])
def test_an_append_that_meets_it_is_refused_and_the_store_stays_bug_it_ended(
    tmp_path: Path, vfs: FaultsVfs, *, is_torn: bool
) -> None:
    path = filled(tmp_path)
    store = opened(path, vfs)
    place, size = leaf(path, "event", LAST)
    page = path.read_bytes()[place : place + size]
    store._connection.execute("PRAGMA shrink_memory").fetchall()
    if is_torn:
        destroy(path, "event", LAST)
    else:
        vfs.lost = place, size
    assert is_refused(store)
    assert store.position == MANY
    with path.open("r+b") as file:
        file.seek(place)
        file.write(page)
    vfs.lost = None
    assert goes_on(store)
    store.close()
    assert is_whole(path)


def test_a_sync_that_fails_there_ends_the_store_as_ever(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """Linux counts the pages that it lost as written: no later write may follow."""
    path = filled(tmp_path)
    lost = leaf(path, "event", LAST)
    vfs.lost = lost
    store = opened(path, vfs)
    assert is_refused(store)
    vfs.lost, vfs.fail = None, {Act.SYNC: vfs.acts[Act.SYNC] + 1}
    for _ in range(2):
        with pytest.raises(JournalError, match="SQLITE_IOERR_FSYNC") as failed:
            store.commit([append("alarm/x", epoch=store.epoch)], NOW)
        assert not isinstance(failed.value, JournalDamagedError)
        vfs.lost = lost
    store.close()


@pytest.mark.parametrize("index", INDICES)
def test_an_index_that_was_damaged_beside_it_is_built_once_it_can_be_bug_never(
    tmp_path: Path, vfs: FaultsVfs, index: str
) -> None:
    """Each write was refused until somebody started the engine anew."""
    path = filled(tmp_path)
    destroy(path, index, LAST)
    vfs.lost = leaf(path, "event", LAST)
    store = opened(path, vfs)
    assert is_refused(store)
    assert not store.begun_anew
    vfs.lost = None
    assert goes_on(store)
    assert store.begun_anew == {index: MANY}
    store.close()


def test_what_finds_no_page_of_its_own_is_refused_with_all_beside_it_bug_it_ended(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """A signal that has room in a page would be answered for, its alarm not kept."""
    path = filled(tmp_path)
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE gone(x)")
    connection.execute("INSERT INTO gone VALUES (zeroblob(100000))")
    connection.execute("DROP TABLE gone")
    connection.close()
    content = bytearray(path.read_bytes())
    trunk = int.from_bytes(content[FREELIST_AT : FREELIST_AT + 4], "big")
    begin = (trunk - 1) * 4096
    content[begin : begin + 4096] = b"\xff" * 4096
    path.write_bytes(content)
    store = opened(path, vfs)
    many = [append(f"alarm/x{n}", epoch=store.epoch) for n in range(MANY)]
    with pytest.raises(JournalDamagedError):
        store.commit(many, NOW)
    assert is_refused(store)
    assert store.position == MANY
    store.close()


def test_a_table_that_cannot_begin_anew_refuses_and_the_store_stays_bug_it_ended(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    for table in ("stream", "sqlite_autoindex_event_1", "event"):
        destroy(path, table, 0.0)
    store = opened(path, vfs)
    for _ in range(2):
        with pytest.raises(JournalDamagedError, match="begin a damaged table anew"):
            store.commit([append("alarm/0000", 1, epoch=store.epoch)], NOW)
    (other,) = store.commit([append("alarm/x", epoch=store.epoch)], NOW)
    assert isinstance(other, Appended)
    store.close()


def heads_made_anew(path: Path, vfs: FaultsVfs) -> SqliteStore:
    """Have the last heads made of events that cannot be read for a moment."""
    destroy(path, "stream", LAST)
    store = opened(path, vfs)
    store._connection.execute("PRAGMA shrink_memory").fetchall()
    vfs.lost = leaf(path, "event", LAST)
    assert store.mend()
    return store


def test_no_event_is_chained_to_nothing_bug_a_row_unread_for_a_moment_broke_its_chain(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """The stream's next row said that it was the first, and any epoch might write."""
    path = filled(tmp_path)
    store = heads_made_anew(path, vfs)
    vfs.lost = None
    late = f"alarm/{MANY - 1:04}"
    fenced, went_on = store.commit(
        [append(late, 1, epoch=0), append(late, 1, epoch=store.epoch)], NOW
    )
    assert fenced == Fenced(epoch=1)
    assert isinstance(went_on, Appended)
    store.close()
    reader = SqliteReader(path)
    verdict = examine(reader)
    reader.close()
    assert verdict.position == MANY + 1, "the chain is whole to its end"
    assert verdict.bad is not None
    assert "stream head" in verdict.bad.differs, "of those that were not written since"


def test_behind_a_row_that_is_not_there_nothing_is_written(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    SqliteStore(path, ballast_bytes=0).close()
    connection = apsw.Connection(str(path))
    lost = "UPDATE stream SET seq = 2, epoch = 0, hash = zeroblob(32) WHERE stream = ?"
    connection.execute(lost, ("alarm/0001",))
    connection.close()
    store = opened(path, vfs)
    (refused,) = store.commit([append("alarm/0001", 2, epoch=store.epoch)], NOW)
    assert refused == Conflict(seq=2, reason="its last row cannot be read")
    assert store.position == MANY
    store.close()


def test_behind_a_row_that_stays_torn_nothing_is_written_and_others_go_on(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path)
    store = heads_made_anew(path, vfs)
    vfs.lost = None
    late = f"alarm/{MANY - 1:04}"
    # New pages for the last events, so that it is no more the last page that is torn.
    more = [append(f"alarm/y{n}", epoch=store.epoch) for n in range(MANY)]
    place = leaf(path, "event", LAST)
    assert all(isinstance(one, Appended) for one in store.commit(more, NOW))
    store.close()
    with path.open("r+b") as file:
        file.seek(place[0])
        file.write(b"\xff" * place[1])
    store = opened(path, vfs)
    with pytest.raises(JournalDamagedError):
        store.commit([append(late, 1, epoch=store.epoch, command="n")], NOW)
    (other,) = store.commit([append("alarm/z", epoch=store.epoch)], NOW)
    assert isinstance(other, Appended)
    assert other.events[0].position == 2 * MANY + 1
    store.close()

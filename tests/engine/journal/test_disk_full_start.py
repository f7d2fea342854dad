"""A start on a full disk: by the ballast, else one that refuses until there is room."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.errors import JournalError, JournalFullError
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Appended, EffectState, Recorded
from tests.contracts.journal.requests import append, plan, record
from tests.engine.journal.test_aside import destroy, many_facts
from tests.engine.journal.test_disk_full import BALLAST_BYTES, NOW, is_good
from tests.faults_vfs import Act, FaultsVfs


def test_a_start_on_a_full_disk_gives_the_ballast_for_its_epoch(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = tmp_path / JOURNAL_FILE
    SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES).close()
    vfs.is_full = (tmp_path / f"{JOURNAL_FILE}-ballast").exists

    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES)

    assert store.epoch == 2
    store.close()


def test_it_gives_the_ballast_for_its_own_row_as_well_bug_no_engine_started(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = many_facts(tmp_path)
    SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES).close()
    destroy(path, "journal", 0.0)
    vfs.is_full = (tmp_path / f"{JOURNAL_FILE}-ballast").exists

    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=BALLAST_BYTES)

    assert store.begun_anew == {"journal": 1}
    store.close()


@pytest.mark.parametrize("is_in_log", [False, True])
def test_a_start_on_a_full_disk_without_ballast_refuses_until_there_is_room(
    tmp_path: Path, vfs: FaultsVfs, *, is_in_log: bool
) -> None:
    """No engine started there, and nobody told HQ of an SOS."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("alarm/1", epoch=store.epoch)], NOW)
    if is_in_log:
        store._abandon()
    else:
        store.close()
    vfs.is_full = lambda: True
    for _ in range(2):
        again = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
        assert (again.epoch, again.position) == (2, 1)
        with pytest.raises(JournalFullError, match="cannot write: the disk is full"):
            again.commit([record("an SOS")], NOW)
        with pytest.raises(JournalFullError):
            again.mend()
        again._abandon()
    again = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.is_full = lambda: False
    went_on = append("alarm/1", 1, epoch=again.epoch)
    (kept, appended) = again.commit([record("an SOS"), went_on], NOW)
    assert isinstance(kept, Recorded)
    assert isinstance(appended, Appended)
    again.close()
    assert is_good(path)
    later = SqliteStore(path, ballast_bytes=0)
    assert later.epoch == 3, "the one before it was durable with what it wrote"
    later.close()


def test_a_start_on_a_full_disk_whose_disk_then_fails_writes_nothing(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """The log of the last life must be copied, and synced, before a row follows it."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("alarm/1", epoch=store.epoch)], NOW)
    store._abandon()
    vfs.is_full = lambda: True
    again = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.is_full = lambda: False
    vfs.fail = {Act.SYNC: vfs.acts[Act.SYNC] + 1}
    for _ in range(2):
        with pytest.raises(JournalError, match="the disk failed"):
            again.commit([record("an SOS")], NOW)
    assert again.position == 1
    again.close()


def test_an_engine_that_others_came_after_before_its_epoch_was_durable_writes_nothing(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """Somebody who makes room may have taken the file away by which it is the one.

    It wrote with an epoch of theirs, and made the next start's smaller than theirs.
    """
    path = tmp_path / JOURNAL_FILE
    SqliteStore(path, ballast_bytes=0).close()
    vfs.is_full = lambda: True
    first = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.is_full = lambda: False
    for epoch in (2, 3):
        later = SqliteStore(path, ballast_bytes=0)
        assert later.epoch == epoch
        for _ in range(2):
            with pytest.raises(JournalError, match="another program writes to it"):
                first.commit([append("alarm/1", epoch=first.epoch)], NOW)
        later.close()
    first.close()
    last = SqliteStore(path, ballast_bytes=0)
    assert (last.epoch, last.position) == (4, 0)
    last.close()


def test_what_is_read_in_an_order_needs_no_room_bug_a_full_disk_refused_it(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """SQLite puts more than 2 MB in order in a file; each start asks readers."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    plans = tuple(
        replace(plan(f"a/{number}"), body=b"x" * 16_384) for number in range(400)
    )
    store.commit([append("alarm/a", epoch=store.epoch, plans=plans)], NOW)
    vfs.is_full = lambda: True
    reader = SqliteReader(path, vfs=vfs.name)

    found = reader.effects(frozenset({EffectState.PLANNED}))

    assert len(found) == len(plans)
    reader.close()
    store.close()

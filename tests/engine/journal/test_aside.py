"""A damaged page of last things costs what it held, and no start, no SOS, no engine."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from engine.errors import JournalDamagedError, JournalError
from engine.journal.actor import JournalActor
from engine.journal.connection import BALLAST_SUFFIX, beside
from engine.journal.handle import Journal
from engine.journal.opening import Rows, opened_beside
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import (
    Appended,
    Place,
    Placed,
    Recorded,
    Request,
    Unknown,
)
from engine.ports.latest import Attend, Doubt, Seen
from engine.supervision.child import spawn_thread
from engine.supervision.tree import alone
from engine.values import Fix, Instant, PersonId, PlaceDoubt
from tests.contracts.journal.requests import append, record
from tests.fakes import ManualClock
from tests.faults_vfs import FaultsVfs
from tests.rig import eventually

NOW = Instant(1_000)
MANY = 2_000
TIMEOUT_S = 20.0

Latest = Callable[[int], Request]


def fix(at_ms: int = 1_000) -> Fix:
    return Fix(lat_deg=41.0, lon_deg=69.0, at=Instant(at_ms))


def place(number: int) -> Request:
    return Place(person=PersonId(f"p{number:05}"), fix=fix())


def doubt(number: int) -> Request:
    person = PersonId(f"p{number:05}")
    return Doubt(person=person, fix=fix(), why=next(iter(PlaceDoubt)))


def attend(number: int) -> Request:
    return Attend(seen=(Seen(device=f"d{number:05}", at=NOW),))


LATEST = {"place": place, "attendance": attend, "doubt": doubt}


def filled(folder: Path, people: int = MANY) -> Path:
    """Make a journal with an open alarm and with so many rows in each of the tables."""
    path = folder / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("alarm/a", epoch=store.epoch)], NOW)
    for latest in LATEST.values():
        store.commit([latest(number) for number in range(people)], NOW)
    store.close()
    return path


def many_facts(folder: Path) -> Path:
    """Make a journal with events on many pages, an alarm's own on the first."""
    path = filled(folder, people=3)
    store = SqliteStore(path, ballast_bytes=0)
    rest = [append(f"alarm/b{n:03}", epoch=store.epoch) for n in range(200)]
    store.commit(rest, NOW)
    store.close()
    return path


def leaf(path: Path, table: str, fraction: float) -> tuple[int, int]:
    """Return offset and size of one leaf of a table, so far from its beginning."""
    connection = apsw.Connection(str(path))
    leaves: list[Any] = connection.execute(
        "SELECT pgoffset, pgsize FROM dbstat"
        " WHERE name = ? AND pagetype = 'leaf' ORDER BY path",
        (table,),
    ).fetchall()
    connection.close()
    offset, size = leaves[int(fraction * len(leaves))]
    return offset, size


def destroy(path: Path, table: str, fraction: float) -> None:
    """Write over one leaf of a table, so far from its beginning."""
    offset, size = leaf(path, table, fraction)
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * size)


def read(path: Path) -> Rows:
    opened, _ = opened_beside(path, lambda: None)
    opened.close()
    return opened.rows


@pytest.mark.parametrize("table", LATEST)
@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_a_start_has_all_rows_but_those_of_the_damaged_page(
    tmp_path: Path, table: str, fraction: float
) -> None:
    """One such page kept every start from an engine that had open alarms."""
    path = filled(tmp_path)
    destroy(path, table, fraction)
    rows = read(path)
    found = {
        "place": len(rows.places),
        "attendance": len(rows.attendance),
        "doubt": len(rows.doubts),
    }
    assert MANY - 300 < found.pop(table) < MANY
    assert set(found.values()) == {MANY}
    assert list(rows.open_alarms) == ["alarm/a"]
    assert read(path) == rows, "the next start finds what this one has left"


@pytest.mark.parametrize("table", LATEST)
def test_a_table_that_is_one_damaged_page_begins_with_nothing(
    tmp_path: Path, table: str
) -> None:
    path = filled(tmp_path, people=3)
    destroy(path, table, 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    assert store.mend()
    assert store.begun_anew == {table: 0}
    assert not store.mend(), "it is sound now"
    store.close()


@pytest.mark.parametrize(("table", "latest"), LATEST.items())
def test_an_sos_beside_a_last_thing_on_a_damaged_page_is_recorded(
    tmp_path: Path, table: str, latest: Latest
) -> None:
    """The engine ended, and again at that device's next report."""
    path = filled(tmp_path, people=3)
    destroy(path, table, 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    group = [record("k"), latest(1), append("alarm/b", epoch=store.epoch)]
    recorded, lost, appended = store.commit(group, NOW)
    assert isinstance(recorded, Recorded)
    assert isinstance(appended, Appended)
    assert isinstance(lost, Unknown)
    assert not lost.is_full
    store.tidy()
    assert not isinstance(store.commit([latest(1)], NOW)[0], Unknown)
    assert store.begun_anew == {table: 0}
    store.close()


@pytest.mark.parametrize(("table", "latest"), LATEST.items())
def test_an_sos_beside_a_last_thing_that_the_disk_does_not_give_is_recorded(
    tmp_path: Path, vfs: FaultsVfs, table: str, latest: Latest
) -> None:
    """So a bad sector is: an error of the disk, and no page that makes no sense."""
    path = filled(tmp_path, people=3)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost = leaf(path, table, 0.0)
    group = [record("k"), latest(1), append("alarm/b", epoch=store.epoch)]
    recorded, lost, appended = store.commit(group, NOW)
    assert isinstance(recorded, Recorded)
    assert isinstance(appended, Appended)
    assert isinstance(lost, Unknown)
    store.tidy()
    assert not isinstance(store.commit([latest(1)], NOW)[0], Unknown)
    assert store.begun_anew == {table: 0}
    store.close()


def test_an_sos_beside_one_on_a_full_disk_is_given_the_ballast(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    """Both at once it was refused, and the ballast lay there."""
    path = filled(tmp_path, people=3)
    store = SqliteStore(path, vfs=vfs.name)
    ballast = beside(path, BALLAST_SUFFIX)
    assert ballast.exists()
    vfs.lost, vfs.is_full = leaf(path, "place", 0.0), ballast.exists
    recorded, lost = store.commit([record("k"), place(1)], NOW)
    assert isinstance(recorded, Recorded)
    assert isinstance(lost, Unknown)
    store.close()


@pytest.mark.slow
@pytest.mark.parametrize("table", LATEST)
@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
def test_a_start_has_all_rows_but_those_that_the_disk_does_not_give(
    tmp_path: Path, vfs: FaultsVfs, table: str, fraction: float
) -> None:
    path = filled(tmp_path)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost = leaf(path, table, fraction)
    assert store.mend()
    assert MANY - 300 < store.begun_anew[table] < MANY
    store.close()


def test_a_disk_that_does_not_give_a_signals_page_ends_nobody(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = filled(tmp_path, people=3)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost = leaf(path, "inbound", 0.0)
    assert isinstance(store.commit([record("k")], NOW)[0], Recorded)
    assert list(store.begun_anew) == ["inbound"]
    store.close()


def test_a_disk_that_does_not_give_a_fact_ends_the_store_as_before(
    tmp_path: Path, vfs: FaultsVfs
) -> None:
    path = many_facts(tmp_path)
    store = SqliteStore(path, vfs=vfs.name, ballast_bytes=0)
    vfs.lost = leaf(path, "event", 0.0)
    for _ in range(2):
        with pytest.raises(JournalError, match="the disk failed"):
            store.commit([append("alarm/a", epoch=store.epoch)], NOW)
    store.close()


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE place SET person = CAST(x'f4ff' AS TEXT) {one}", "place"),
        ("UPDATE attendance SET device = CAST(x'f4ff' AS TEXT) {one}", "attendance"),
        ("UPDATE doubt SET why = 'none of ours' {one}", "doubt"),
    ],
)
def test_a_value_that_a_bit_has_changed_costs_its_own_row(
    tmp_path: Path, change: str, table: str
) -> None:
    """All last things of its kind were gone, at this start and at each one after."""
    path = filled(tmp_path)
    connection = apsw.Connection(str(path))
    key = "device = 'd00700'" if table == "attendance" else "person = 'p00700'"
    connection.execute(change.format(one=f"WHERE {key}"))
    connection.close()
    opened, _ = opened_beside(path, lambda: None)
    assert dict(opened.store.begun_anew) == {table: MANY - 1}
    opened.close()
    rows = read(path)
    found = len(rows.places) + len(rows.attendance) + len(rows.doubts)
    assert found == 3 * MANY - 1


def test_a_table_may_be_damaged_more_than_once(tmp_path: Path) -> None:
    path = filled(tmp_path)
    for left in (MANY - 1, MANY - 200):
        destroy(path, "place", 0.3)
        assert len(read(path).places) < left


def test_a_repeat_of_what_lies_on_a_damaged_page_of_the_facts_is_refused_alone(
    tmp_path: Path,
) -> None:
    """It ended the engine, each time anew."""
    path = many_facts(tmp_path)
    destroy(path, "event", 0.0)
    store = SqliteStore(path, ballast_bytes=0)
    with pytest.raises(JournalDamagedError, match="it is damaged"):
        store.commit([append("alarm/a", epoch=store.epoch)], NOW)
    store.tidy()
    (other,) = store.commit([append("alarm/c", epoch=store.epoch)], NOW)
    assert isinstance(other, Appended)
    store.close()


class Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...


def test_hq_is_told_once_of_what_an_opening_or_a_commit_has_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "engine.journal.actor")
    path = filled(tmp_path, people=3)
    destroy(path, "place", 0.0)
    store, clock = SqliteStore(path, ballast_bytes=0), ManualClock()
    told: list[bool] = []
    ref = spawn_thread(
        JournalActor,
        link=alone(clock),
        store=store,
        telemetry=Silent(),
        on_not_recorded=lambda _: None,
        is_damaged=told.append,
    )
    journal = Journal(lambda: ref, store, lambda _: None)
    assert isinstance(journal.ask(place(1), TIMEOUT_S), Unknown)
    eventually(lambda: told == [True])
    assert isinstance(journal.ask(place(1), TIMEOUT_S), Placed)
    assert isinstance(journal.ask(place(2), TIMEOUT_S), Placed)
    assert told == [True]
    assert "a page of the table place is damaged" in caplog.text

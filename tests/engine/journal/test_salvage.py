"""Damaged clear columns come back by what lies elsewhere, and writing goes on."""

import re
from pathlib import Path

import apsw
import pytest

from engine.journal.connection import BALLAST_SUFFIX, beside
from engine.journal.opening import opened_beside
from engine.journal.salvage import Replay
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import (
    SOURCE_DAMAGED,
    Appended,
    Conflict,
    EffectRow,
    EffectState,
    Head,
    Recorded,
    Request,
    Unknown,
)
from engine.values import Instant
from tests.contracts.journal.requests import (
    NOW,
    append,
    code,
    keys,
    plan,
    record,
)
from tests.engine.journal.test_aside import destroy, leaf, read
from tests.faults_vfs import FaultsVfs

MANY = 400
REPLAY = Replay(
    head_of=lambda stream, rows, now: Head(
        status=f"{len(rows)} rows", is_open=True, next_due=now, subject=stream
    ),
    effects_of=lambda stream, _, __: [plan("a/1")] if stream == "alarm/a" else [],
    codes_of=lambda stream, _: [code()] if stream == "alarm/a" else [],
)
TABLES = (
    *("stream", "stream_open", "inbound", "inbound_untaken"),
    *("effect", "effect_queue", "effect_alarm", "code"),
)


def filled(folder: Path, many: int = 3) -> Path:
    """Make a journal with so many streams and signals, one of them taken up."""
    path = folder / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([record(f"k{number:04}") for number in range(many)], NOW)
    first = append(
        plans=(plan("a/1"),), codes=(code(),), takes=keys("k0000"), epoch=store.epoch
    )
    rest = [append(f"alarm/b{n:04}", epoch=store.epoch) for n in range(many)]
    store.commit([first, *rest], NOW)
    store.close()
    return path


def change(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA ignore_check_constraints=ON").fetchall()
    for statement in statements:
        connection.execute(statement)
    connection.close()


def retype(path: Path, table: str, column: str, kind: str) -> None:
    """Change the type of a column's values, as one bit of a record's header does."""
    loose, strict = "WITHOUT ROWID", "STRICT, WITHOUT ROWID"
    for old, new in ((strict, loose), (loose, strict)):
        connection = apsw.Connection(str(path))
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        connection.execute("PRAGMA writable_schema=ON").fetchall()
        made = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?)"
        connection.execute(made, (old, new))
        connection.close()
        if new is loose:
            change(path, f"UPDATE {table} SET {column} = CAST({column} AS {kind})")


def opened(path: Path) -> SqliteStore:
    return SqliteStore(path, ballast_bytes=0, replay=REPLAY)


@pytest.mark.parametrize("table", TABLES)
def test_what_meets_the_damage_is_written_all_the_same_bug_the_store_ended(
    tmp_path: Path, table: str
) -> None:
    path = filled(tmp_path)
    destroy(path, table, 0.0)
    store = opened(path)
    later = append(
        "alarm/a", 1, epoch=store.epoch, plans=(plan("a/2"),), codes=(code("R2D2"),)
    )
    group: list[Request] = [record("new"), later, append("alarm/c", epoch=store.epoch)]
    told, went_on, began = store.commit(group, NOW)
    assert isinstance(told, Recorded)
    assert isinstance(went_on, Appended), "its seq comes of its rows"
    assert isinstance(began, Appended)
    (name,) = store.begun_anew
    assert table.startswith(name)
    reader = store.reader()
    assert {row.stream for row in reader.heads("alarm/", open_only=True)} >= {
        "alarm/a",
        "alarm/b0001",
        "alarm/c",
    }
    assert reader.effect(plan("a/1").effect_id) == plan("a/1")
    reader.close()
    store.close()
    assert not opened(path).mend(), "it is sound now"


@pytest.mark.parametrize("table", ["stream", "effect", "inbound", "code"])
def test_what_meets_it_on_a_full_disk_is_given_the_ballast_bug_it_was_refused(
    tmp_path: Path, table: str
) -> None:
    """The table could not begin anew, and the space held back for an SOS lay there."""
    path, vfs = filled(tmp_path), FaultsVfs()
    store = SqliteStore(path, vfs=vfs.name, replay=REPLAY)
    ballast = beside(path, BALLAST_SUFFIX)
    assert ballast.exists()
    vfs.lost, vfs.is_full = leaf(path, table, 0.0), ballast.exists
    later = append("alarm/a", 1, epoch=store.epoch, plans=(plan("a/2"),))
    coded = append("alarm/c", epoch=store.epoch, codes=(code("R2D2"),))
    answers = store.commit([record("new"), later, coded], NOW)
    assert not any(isinstance(answer, Unknown | Conflict) for answer in answers)
    assert list(store.begun_anew) == [table]
    store.close()
    vfs.unregister()


def test_a_head_comes_back_with_the_hash_of_its_last_row(tmp_path: Path) -> None:
    path = filled(tmp_path)
    kept = "SELECT stream, epoch, seq, hash FROM stream ORDER BY stream"
    before = apsw.Connection(str(path)).execute(kept).fetchall()
    destroy(path, "stream", 0.0)
    store = opened(path)
    assert store.mend()
    head = store.reader().head("alarm/a")
    assert head is not None
    assert head.head == Head(
        status="1 rows", is_open=True, next_due=NOW, subject="alarm/a"
    )
    store.close()
    assert apsw.Connection(str(path)).execute(kept).fetchall() == before


def test_what_lies_between_two_damaged_pages_is_kept_as_it_was(tmp_path: Path) -> None:
    path = filled(tmp_path, MANY)
    for fraction in (0.2, 0.8):
        destroy(path, "stream", fraction)
    store = opened(path)
    assert store.mend()
    heads = store.reader().heads("alarm/", open_only=True)
    assert len(heads) == MANY + 1
    anew = [row.stream for row in heads if row.head.status == "1 rows"]
    assert 0 < len(anew) < MANY / 2
    store.close()


def test_of_each_signal_that_nobody_took_up_one_stands_in_its_place(
    tmp_path: Path,
) -> None:
    path = filled(tmp_path)
    destroy(path, "inbound", 0.0)
    store = opened(path)
    assert store.mend()
    rows = store.reader().inbound(untaken_only=False)
    assert [row.source for row in rows] == [SOURCE_DAMAGED] * 2, "one was taken up"
    assert [row.received_at for row in rows] == [Instant(1)] * 2
    assert all(re.fullmatch("[0-9a-f]{32}", row.key) for row in rows)
    (again,) = store.commit([record("k0001")], NOW)
    assert isinstance(again, Recorded)
    assert not again.repeated, "the device's repeat is a call of its own"
    store.close()


def test_a_lost_code_is_given_to_nobody_else_bug_it_was(tmp_path: Path) -> None:
    path = filled(tmp_path)
    destroy(path, "code", 0.0)
    store = opened(path)
    assert store.mend()
    other = code(stream="alarm/c")
    (answer,) = store.commit(
        [append("alarm/c", epoch=store.epoch, codes=(other,))], NOW
    )
    assert isinstance(answer, Conflict)
    assert store.reader().code(other.code) == code()
    store.close()


def test_where_nobody_knows_how_many_signals_are_lost_one_stands_for_all(
    tmp_path: Path,
) -> None:
    path = filled(tmp_path)
    destroy(path, "inbound", 0.0)
    destroy(path, "inbound_untaken", 0.0)
    store = opened(path)
    assert store.mend()
    (row,) = store.reader().inbound(untaken_only=True)
    assert (row.source, row.received_at) == (SOURCE_DAMAGED, NOW)
    store.close()


def is_whole_once_mended(path: Path, table: str) -> None:
    """Mend that table alone; every case, message and signal is there."""
    store = opened(path)
    assert store.mend()
    assert list(store.begun_anew) == [table]
    reader = store.reader()
    assert len(reader.heads("alarm/", open_only=True)) == 4
    assert reader.effect(plan("a/1").effect_id) == plan("a/1")
    assert len(reader.inbound(untaken_only=True)) == 2
    store.close()


@pytest.mark.parametrize(
    ("wrong", "table"),
    [
        ("UPDATE stream SET is_open = 7", "stream"),
        ("UPDATE stream SET subject = CAST(x'f4ff' AS TEXT)", "stream"),
        ("UPDATE effect SET class = 'T'", "effect"),
        ("UPDATE effect SET state = 'sent'", "effect"),
        ("UPDATE inbound SET source = CAST(x'f4ff' AS TEXT)", "inbound"),
        ("UPDATE code SET person = CAST(x'f4ff' AS TEXT)", "code"),
    ],
)
def test_a_value_that_none_of_ours_has_is_damage(
    tmp_path: Path, wrong: str, table: str
) -> None:
    path = filled(tmp_path)
    change(path, wrong)
    is_whole_once_mended(path, table)


RETYPED = [
    *(("stream", column, "BLOB") for column in ("owner", "status", "subject")),
    *(("effect", column, "BLOB") for column in ("alarm", "channel", "route")),
    ("effect", "body", "TEXT"),
    ("inbound", "source", "BLOB"),
    ("inbound", "body", "TEXT"),
]


@pytest.mark.parametrize(
    ("table", "column", "kind"), [*RETYPED, ("stream", "hash", "TEXT")]
)
def test_a_bit_that_makes_bytes_of_a_text_costs_no_row_bug_no_new_table_took_it(
    tmp_path: Path, table: str, column: str, kind: str
) -> None:
    """An open case, a planned message or a signal was gone without a word."""
    path = filled(tmp_path)
    retype(path, table, column, kind)
    is_whole_once_mended(path, table)


@pytest.mark.parametrize(("table", "column", "kind"), RETYPED)
def test_a_start_finds_such_a_bit_bug_it_ended_the_engine_each_time(
    tmp_path: Path, table: str, column: str, kind: str
) -> None:
    path = filled(tmp_path)
    retype(path, table, column, kind)
    read(path)
    store = opened(path)
    assert not store.mend(), "it was mended at the start"
    store.close()


def test_a_damaged_index_of_events_costs_no_head_at_a_start(tmp_path: Path) -> None:
    path = filled(tmp_path)
    destroy(path, "sqlite_autoindex_event_1", 0.0)
    opening, _ = opened_beside(path, lambda: None, replay=REPLAY)
    assert list(opening.store.begun_anew) == ["sqlite_autoindex_event_1"]
    assert len(opening.store.reader().heads("alarm/", open_only=True)) == 4
    opening.close()


def flip(path: Path, table: str, old: bytes, new: bytes) -> None:
    """Change bits in the first page of a table or index, which stays whole."""
    connection = apsw.Connection(str(path))
    root = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
    page = connection.execute(root, (table,)).get
    size = connection.execute("PRAGMA page_size").get
    connection.close()
    content = bytearray(path.read_bytes())
    begin = (page - 1) * size
    assert old in content[begin : begin + size]
    content[begin : begin + size] = content[begin : begin + size].replace(old, new)
    path.write_bytes(content)


@pytest.mark.parametrize("table", ["stream", "stream_open"])
def test_an_open_case_whose_name_a_bit_has_changed_is_found_bug_it_was_silent(
    tmp_path: Path, table: str
) -> None:
    path = filled(tmp_path)
    flip(path, table, b"alarm/b0002", b"alarm/c0002")
    opening, _ = opened_beside(path, lambda: None, replay=REPLAY)
    heads = opening.store.reader().heads("alarm/", open_only=True)
    assert {f"alarm/{name}" for name in ("a", "b0000", "b0001", "b0002")} <= {
        row.stream for row in heads
    }
    assert list(opening.store.begun_anew) == ["stream"]
    opening.close()


@pytest.mark.parametrize(
    ("index", "old", "new"),
    [("inbound_untaken", b"k0002", b"k0003"), ("effect_queue", b"a/1", b"a/3")],
)
def test_what_an_index_leads_to_no_more_is_found_bug_nobody_took_it_up(
    tmp_path: Path, index: str, old: bytes, new: bytes
) -> None:
    path = filled(tmp_path)
    flip(path, index, old, new)
    opening, _ = opened_beside(path, lambda: None, replay=REPLAY)
    reader = opening.store.reader()
    assert len(reader.inbound(untaken_only=True)) == 2
    assert reader.effects(frozenset({EffectState.PLANNED})) == [plan("a/1")]
    opening.close()


def test_where_an_index_alone_is_damaged_no_event_is_read(tmp_path: Path) -> None:
    path = filled(tmp_path)
    destroy(path, "effect_alarm", 0.0)
    asked: list[str] = []

    def effects_of(stream: str, _: object, __: object) -> list[EffectRow]:
        asked.append(stream)
        return []

    replay = Replay(effects_of=effects_of)
    store = SqliteStore(path, ballast_bytes=0, replay=replay)
    assert store.mend()
    assert store.begun_anew == {"effect": 1}
    assert not asked, "of ten thousand cases that takes many seconds"
    store.close()


def test_a_start_finds_what_it_would_meet_later(tmp_path: Path) -> None:
    path = filled(tmp_path)
    for table in ("code", "effect_alarm"):
        destroy(path, table, 0.0)
        read(path)
        store = opened(path)
        assert not store.mend(), "it was mended before anybody was paged"
        store.close()


def test_a_stream_goes_on_where_its_rows_end(tmp_path: Path) -> None:
    path = filled(tmp_path)
    destroy(path, "stream", 0.0)
    store = opened(path)
    (early,) = store.commit([append("alarm/a", 0, epoch=store.epoch, command="x")], NOW)
    assert isinstance(early, Conflict)
    assert early.seq == 1
    store.close()

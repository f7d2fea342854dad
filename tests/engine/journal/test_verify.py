"""Verifying names the first row that is not as it was written."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.journal.chain import row_hash
from engine.journal.memory import MemoryStore
from engine.journal.verify import Anchor, BadRow, Kept, verify
from engine.ports.journal import StoredEvent
from engine.values import CommandId, Instant
from tests.contracts.journal.requests import append


def journal() -> tuple[list[StoredEvent], Kept]:
    """Return eight rows of two streams, b taken over after its second row."""
    store = MemoryStore()
    for seq in (0, 2):
        store.commit([append("alarm/a", seq, kinds=("A", "B"))], Instant(seq))
    store.commit([append("alarm/b", kinds=("A", "B"))], Instant(7))
    store.commit([append("alarm/b", 2, epoch=2, kinds=("C", "D"))], Instant(8))
    reader = store.reader()
    return list(reader.after(0, 100)), reader.kept()


ROWS, KEPT = journal()


def bad(rows: list[StoredEvent], kept: Kept = KEPT) -> BadRow:
    """Return what is found, and it must be something."""
    found = verify(rows, kept).bad
    assert found is not None
    return found


def test_a_whole_journal_is_good() -> None:
    verdict = verify(ROWS, KEPT)

    assert verdict.bad is None
    assert (verdict.position, verdict.streams, verdict.head) == (8, 2, KEPT.head)


def test_an_empty_journal_is_good() -> None:
    reader = MemoryStore().reader()

    assert verify([], reader.kept()).bad is None


@given(st.text(), st.text(), st.text(), st.binary(), st.integers(0, 2**63 - 1))
def test_the_hash_of_a_row_is_that_of_its_columns_each_behind_its_length(
    stream: str, command: str, kind: str, body: bytes, number: int
) -> None:
    row = structs.replace(
        ROWS[0],
        stream=stream,
        command_id=CommandId(command),
        kind=kind,
        body=body,
        seq=number,
    )
    integers = (row.position, row.seq, row.epoch, row.version, row.at.ms)
    columns = [text.encode() for text in (stream, command, kind)] + [body]
    said = b"natalia/journal/row/1\0" + b"\7" * 32
    said += b"".join(one.to_bytes(8, "big") for one in integers)
    said += b"".join(len(one).to_bytes(8, "big") + one for one in columns)
    assert row_hash(b"\7" * 32, row) == hashlib.sha256(said).digest()


@given(
    index=st.integers(0, 7),
    other=st.sampled_from(
        [
            {"stream": "alarm/c"},
            {"epoch": 9},
            {"command_id": CommandId("other")},
            {"kind": "Other"},
            {"version": 2},
            {"at": Instant(99)},
            {"body": b"other"},
            {"hash": bytes(32)},
            {"seq": 40},
            {"position": 40},
        ]
    ),
)
def test_a_changed_column_is_found_at_its_row(
    index: int, other: dict[str, object]
) -> None:
    rows = list(ROWS)
    rows[index] = structs.replace(rows[index], **other)  # drawn as pairs

    found = bad(rows)

    assert (found.stream, found.seq, found.position) == (
        rows[index].stream,
        rows[index].seq,
        rows[index].position,
    )


@given(index=st.integers(0, 7))
def test_a_missing_row_is_found_where_it_was(index: int) -> None:
    rows = ROWS[:index] + ROWS[index + 1 :]

    found = bad(rows)

    assert found.position in (ROWS[index].position, ROWS[index].position + 1)
    assert "missing" in found.differs


@given(index=st.integers(0, 6))
def test_two_rows_that_changed_places_are_found_at_the_first(index: int) -> None:
    rows = list(ROWS)
    rows[index], rows[index + 1] = rows[index + 1], rows[index]

    assert bad(rows).position == ROWS[index + 1].position


def test_a_row_rewritten_with_its_hash_is_found_at_the_next() -> None:
    rows = list(ROWS)
    forged = structs.replace(rows[1], body=b"forged")
    rows[1] = structs.replace(forged, hash=row_hash(rows[0].hash, forged))

    found = bad(rows)

    assert (found.stream, found.seq) == ("alarm/a", 3)
    assert "the one before" in found.differs


def test_a_stream_rewritten_to_its_end_is_found_by_its_head() -> None:
    rows = list(ROWS)
    forged = structs.replace(rows[7], body=b"forged")
    rows[7] = structs.replace(forged, hash=row_hash(rows[6].hash, forged))

    found = bad(rows)

    assert (found.stream, found.seq) == ("alarm/b", 4)
    assert "stream head" in found.differs


def test_a_stream_rewritten_with_its_head_is_found_by_the_journal_head() -> None:
    rows = list(ROWS)
    forged = structs.replace(rows[7], body=b"forged")
    rows[7] = structs.replace(forged, hash=row_hash(rows[6].hash, forged))
    streams = {**KEPT.streams, "alarm/b": (4, rows[7].hash)}

    found = bad(rows, replace(KEPT, streams=streams))

    assert "journal head" in found.differs


def test_a_journal_rewritten_whole_is_found_by_an_anchor_alone() -> None:
    store = MemoryStore()
    store.commit([append("alarm/a", kinds=("A", "B"))], Instant(0))
    forged = store.reader()
    rows, kept = forged.after(0, 100), forged.kept()
    assert verify(rows, kept).bad is None

    rewritten = verify(rows, kept, Anchor(position=2, head=bytes(32))).bad
    cut = verify(rows, kept, Anchor(position=3, head=bytes(32))).bad
    good = verify(rows, kept, Anchor(position=2, head=kept.head)).bad

    assert rewritten is not None
    assert "rewritten" in rewritten.differs
    assert cut is not None
    assert "missing" in cut.differs
    assert good is None


def test_a_stream_without_a_head_is_found() -> None:
    found = bad(ROWS, replace(KEPT, streams={"alarm/a": KEPT.streams["alarm/a"]}))

    assert (found.stream, found.differs) == ("alarm/b", "stream head: there is none")


@pytest.mark.parametrize("count", range(8))
def test_rows_cut_off_the_end_are_found(count: int) -> None:
    found = bad(ROWS[:count])

    assert found.position == count + 1
    assert "missing" in found.differs


def test_rows_cut_off_with_their_stream_heads_are_found() -> None:
    found = bad(ROWS[:4], replace(KEPT, streams={"alarm/a": KEPT.streams["alarm/a"]}))

    assert found.differs == "position: rows up to 8 are missing"


def test_a_row_of_no_encoding_is_bad_rather_than_an_error() -> None:
    rows = [structs.replace(ROWS[0], kind="\ud800"), *ROWS[1:]]

    assert bad(rows).differs.startswith("hash")

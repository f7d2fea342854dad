from __future__ import annotations

import hashlib
import random

import pytest

from geocore import CorruptSnapshotError, Index


def busy_index() -> Index:
    dice = random.Random(3)
    index = Index()
    for person in range(500):
        index.upsert(
            person,
            dice.uniform(-90, 90),
            dice.uniform(-180, 180),
            at_s=dice.choice([None, dice.uniform(0, 100)]),
            circles=dice.sample(range(20), dice.randrange(4)),
            available=dice.random() < 0.5,
        )
    return index


def test_a_snapshot_comes_back_whole() -> None:
    index = busy_index()
    again = Index.from_bytes(index.to_bytes())
    assert again.to_bytes() == index.to_bytes()
    for circle in (None, 3, 99):
        question = {"circle": circle, "newer_than_s": 20.0}
        assert again.nearest(10, 20, 9, **question) == index.nearest(  # type: ignore[call-overload]  # the mapping hides the types
            10, 20, 9, **question
        )


def test_equal_indexes_give_equal_bytes_whatever_came_before() -> None:
    index = busy_index()
    other = Index.from_bytes(index.to_bytes())
    other.upsert(9_999, 1.0, 2.0)
    other.remove(9_999)
    other.remove(499)
    index.remove(499)
    assert other.to_bytes() == index.to_bytes()


@pytest.mark.parametrize("at", [0, 8, 20, 100, -40, -1])
def test_a_flipped_bit_is_noticed(at: int) -> None:
    snapshot = bytearray(busy_index().to_bytes())
    snapshot[at] ^= 4
    with pytest.raises(CorruptSnapshotError, match="hash"):
        Index.from_bytes(bytes(snapshot))


def test_whatever_is_taken_is_what_the_index_gives_again() -> None:
    index = Index()
    for person in range(6):
        index.upsert(
            person,
            person * 10.0 - 30.0,
            person * 20.0 - 50.0,
            at_s=None if person % 2 else float(person),
            circles=range(person),
            available=person % 3 > 0,
        )
    body = index.to_bytes()[:-32]
    taken = 0
    for bit in range(len(body) * 8):
        changed = bytearray(body)
        changed[bit // 8] ^= 1 << bit % 8
        snapshot = bytes(changed) + hashlib.sha256(changed).digest()
        try:
            again = Index.from_bytes(snapshot)
        except CorruptSnapshotError:
            continue
        taken += 1
        assert again.to_bytes() == snapshot, bit
    # Times, availability, ids and circles with gaps between them.
    assert taken > 100


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 47, 48, 100])
def test_a_cut_snapshot_is_noticed(length: int) -> None:
    with pytest.raises(CorruptSnapshotError):
        Index.from_bytes(busy_index().to_bytes()[:length])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"geocore9" + bytes(8), "format"),
        (b"geocore1" + bytes(7), "missing"),
        (b"geocore1" + b"\xff" * 8, "missing"),
        (b"geocore1" + bytes(9), "left over"),
        (b"geocore1" + b"\1" + bytes(7) + bytes(49), "ellipsoid"),
    ],
)
def test_a_well_hashed_lie_is_still_refused(body: bytes, reason: str) -> None:
    with pytest.raises(CorruptSnapshotError, match=reason):
        Index.from_bytes(body + hashlib.sha256(body).digest())

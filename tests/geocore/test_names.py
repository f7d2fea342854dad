"""Python's numbers that are kept for the people of a small index."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from geocore import Index

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 1_024


def crowd(ids: list[int]) -> Index:
    """People in a row, from west to east."""
    index = Index()
    index.upsert_many(ids, [10.0] * len(ids), [n / 100 for n in range(len(ids))])
    return index


@pytest.mark.parametrize(
    "ids",
    [
        [2**64 - 1, 0, 256, 257, 2**63, 2**32],
        [n << 10 for n in range(MANY)],
        [n << 54 for n in range(MANY)],
        [n * 0x9E37_79B9_7F4A_7C15 % 2**64 for n in range(MANY + 1)],
    ],
)
def test_whoever_was_asked_for_before_everyone_keeps_their_own_id(
    ids: list[int],
) -> None:
    index, other = crowd(ids), crowd([person ^ 1 << 10 for person in ids])
    for _ in range(3):
        for asked, own in ((index, ids), (other, [one ^ 1 << 10 for one in ids])):
            for n in range(0, len(ids), 7):
                assert [person for person, _ in asked.nearest(10.0, n / 100, 1)] == [
                    own[n]
                ]
            everyone = asked.nearest(10.0, 0.0, len(ids))
            assert [person for person, _ in everyone] == own


def test_of_a_small_index_a_number_is_made_once() -> None:
    small = crowd(list(range(5_000, 5_000 + MANY)))
    large = crowd(list(range(5_000, 5_001 + MANY)))
    for index, once in ((small, True), (large, False)):
        first, again = index.nearest(10.0, 5.0, 1), index.nearest(10.0, 5.0, 1)
        assert first == again
        assert (first[0][0] is again[0][0]) is once


@pytest.mark.parametrize(
    ("ids", "least"),
    [
        (range(MANY), MANY),
        (range(5_000, 5_000 + MANY), MANY * 9 // 10),
        (range(10**9, 10**9 + MANY), MANY * 9 // 10),
        ([n << 1 for n in range(MANY)], MANY),
        ([n << 3 for n in range(MANY)], MANY),
        ([n << 10 for n in range(MANY)], MANY),
        ([n << 25 for n in range(MANY)], MANY // 2),
        ([n << 53 for n in range(MANY)], MANY // 8),
        ([n * 1_000 for n in range(MANY)], MANY // 2),
        ([(n >> 5) << 10 | n & 31 for n in range(MANY)], MANY * 9 // 10),
        ([(n >> 5) << 32 | n & 31 for n in range(MANY)], MANY // 8),
    ],
)
def test_however_ids_count_some_of_their_numbers_are_kept_and_mostly_all(
    ids: Sequence[int], least: int
) -> None:
    index = crowd(list(ids))
    once = {number: number for number, _ in index.nearest(10.0, 5.0, MANY)}
    assert len(once) == MANY
    again = [number for number, _ in index.nearest(10.0, 5.0, MANY)]
    assert sum(once[number] is number for number in again) >= least


@pytest.mark.slow
def test_no_more_numbers_are_kept_than_a_small_index_has_people() -> None:
    crowd([1]).nearest(10.0, 0.0, 1)
    gc.collect()
    tracemalloc.start()
    try:
        for start in range(10_000, 200_000, MANY):
            crowd(list(range(start, start + MANY))).nearest(10.0, 0.0, MANY)
        gc.collect()
        traced = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    # What another test's thread allocates meanwhile is none of them.
    ours = traced.filter_traces(
        [tracemalloc.Filter(inclusive=True, filename_pattern=__file__)]
    )
    kept = sum(one.size for one in ours.statistics("filename"))
    # A number takes 32 bytes.
    assert MANY * 16 < kept < MANY * 32 + 20_000


def test_a_finalizer_may_ask_while_an_answer_is_made() -> None:
    index, inner = crowd(list(range(900, 1_000))), crowd(list(range(3_000, 3_100)))
    heard: list[int] = []
    # Held, so that CPython's spare tuples end: to use one starts no collection.
    held: list[object] = []

    class Asker:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            heard.extend(person for person, _ in inner.nearest(10.0, 0.0, 100))

    threshold = gc.get_threshold()
    try:
        for _ in range(50):
            Asker()
            gc.set_threshold(1)
            found = index.nearest(10.0, 0.0, 100)
            gc.set_threshold(*threshold)
            held.append(found)
            assert [person for person, _ in found] == list(range(900, 1_000))
    finally:
        gc.set_threshold(*threshold)
    assert set(heard) == set(range(3_000, 3_100))

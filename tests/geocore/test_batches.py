from __future__ import annotations

import array
import math
import random

import numpy as np
import pytest

from geocore import (
    FutureFixError,
    GeocoreError,
    Index,
    InvalidPointError,
)


@pytest.fixture(scope="module")
def index() -> Index:
    dice = random.Random(8)
    index = Index()
    for person in range(1_000):
        index.upsert(person, dice.uniform(-90, 90), dice.uniform(-180, 180))
    return index


def test_arrays_hold_what_lists_hold(index: Index) -> None:
    lats, lons = np.linspace(-89, 89, 77), np.linspace(-179, 179, 77)
    rows = index.nearest_many(lats, lons, 5)
    ids, metres = index.nearest_many(lats, lons, 5, arrays=True)
    assert np.asarray(ids).dtype == np.uint64
    assert np.asarray(ids).tolist() == [[person for person, _ in row] for row in rows]
    assert np.asarray(metres).tolist() == [[m for _, m in row] for row in rows]


def test_arrays_end_at_infinity_where_fewer_are_found(index: Index) -> None:
    _, metres = index.nearest_many([0.0], [0.0], 9, arrays=True, exclude=range(996))
    assert sum(math.isfinite(m) for m in np.asarray(metres)[0]) == 4
    ids, metres = index.nearest_many([], [], 5, arrays=True)
    assert len(ids) == len(metres) == 0


def test_each_place_has_its_row_of_arrays_also_where_there_is_nobody() -> None:
    index = Index()
    index.upsert(1, 0.0, 0.0)
    index.remove(1)
    for kind in ({}, {"circle": 3}, {"geodesic": True}):
        ids, metres = index.nearest_many([0.0, 1.0], [0.0, 1.0], 5, arrays=True, **kind)
        assert np.asarray(ids).shape == (2, 1)
        assert np.asarray(metres)[:, 0].tolist() == [math.inf, math.inf]


Arrays = tuple[np.ndarray, np.ndarray]


def arrays_of(rows: int, columns: int) -> Arrays:
    """Arrays that hold neither an id nor a distance that anybody has."""
    return (
        np.full((rows, columns), 77_777, np.uint64),
        np.full((rows, columns), -1.0),
    )


@pytest.mark.parametrize("people", [0, 3, 200, 1_000])
@pytest.mark.parametrize(
    ("places", "k"), [(0, 5), (1, 1), (77, 5), (9_000, 2), (3, 99)]
)
def test_arrays_of_the_callers_are_filled(people: int, places: int, k: int) -> None:
    dice = random.Random(people)
    index = Index()
    for person in range(1, people + 1):
        index.upsert(person, dice.uniform(-90, 90), dice.uniform(-180, 180))
    lats = np.linspace(-89, 89, places)
    lons = np.array([dice.uniform(-180, 180) for _ in range(places)])
    out = arrays_of(places, k)
    assert index.nearest_many(lats, lons, k, out=out) is out
    rows = index.nearest_many(lats, lons, k)
    rows = [row + [(0, math.inf)] * (k - len(row)) for row in rows]
    assert out[0].tolist() == [[person for person, _ in row] for row in rows]
    assert out[1].tolist() == [[metres for _, metres in row] for row in rows]


def test_arrays_of_the_callers_know_filters_and_other_kinds_of_buffer(
    index: Index,
) -> None:
    metres = memoryview(array.array("d", bytes(32))).cast("B").cast("d", [2, 2])
    ids = memoryview(bytearray(32)).cast("Q", [2, 2])
    got = index.nearest_many(
        [1.0, 2.0], [3.0, 4.0], 2, exclude=range(990), geodesic=True, out=(ids, metres)
    )
    for row, place in enumerate([(1.0, 3.0), (2.0, 4.0)]):
        alone = index.nearest(*place, 2, exclude=range(990), geodesic=True)
        assert [(got[0][row, n], got[1][row, n]) for n in range(2)] == alone


def overlapping(cells: int) -> Arrays:
    """Arrays of two rows and three columns that have so many cells between them."""
    memory = np.zeros(cells)
    return memory[:6].view(np.uint64).reshape(2, 3), memory[-6:].reshape(2, 3)


def frozen(numbers: np.ndarray) -> np.ndarray:
    numbers.flags.writeable = False
    return numbers


@pytest.mark.parametrize(
    ("out", "why"),
    [
        (5, "is no pair of arrays"),
        (arrays_of(2, 3)[:1], "is no pair of arrays"),
        ((np.zeros((2, 3), np.int64), np.zeros((2, 3))), "is no array of uint64"),
        ((np.zeros((2, 3), ">u8"), np.zeros((2, 3))), "is no array of uint64"),
        (([[1] * 3] * 2, np.zeros((2, 3))), "is no array of uint64"),
        (
            (np.zeros((2, 3), np.uint64), np.zeros((2, 3), np.float32)),
            "is no array of float64",
        ),
        (arrays_of(2, 4), r"has the shape \[2, 4\] instead of \[2, 3\]"),
        (arrays_of(3, 3), r"has the shape \[3, 3\] instead of \[2, 3\]"),
        (
            (np.zeros((2, 3), np.uint64), np.zeros(6)),
            r"has the shape \[6\] instead of \[2, 3\]",
        ),
        (overlapping(6), "has both arrays in the same memory"),
        (overlapping(11), "has both arrays in the same memory"),
        ((np.zeros((2, 3), np.uint64), frozen(np.zeros((2, 3)))), "cannot be written"),
        (
            (np.zeros((3, 2), np.uint64).T, np.zeros((2, 3))),
            "does not lie row by row without gaps",
        ),
        (
            (np.zeros((2, 6), np.uint64)[:, ::2], np.zeros((2, 3))),
            "does not lie row by row without gaps",
        ),
    ],
)
def test_arrays_that_cannot_hold_the_answer_are_refused(
    index: Index, out: object, why: str
) -> None:
    with pytest.raises(GeocoreError, match=why) as caught:
        index.nearest_many([0.0, 1.0], [0.0, 1.0], 3, out=out)  # type: ignore[call-overload]  # what is tested
    given = [out, *out] if isinstance(out, tuple) else [out]
    assert any(caught.value.value is one for one in given)


@pytest.mark.parametrize(
    "wrong",
    [{"lats_deg": [0.0, 91.0]}, {"within_m": -1.0}, {"k": 0}, {"lons_deg": [0.0]}],
)
def test_nothing_is_written_where_something_is_refused(
    index: Index, wrong: dict[str, object]
) -> None:
    call = {"lats_deg": [0.0, 1.0], "lons_deg": [0.0, 1.0], "k": 3} | wrong
    out = arrays_of(2, 3)
    with pytest.raises(GeocoreError) as caught:
        index.nearest_many(**call, out=out)  # type: ignore[call-overload]  # what is tested
    assert not str(caught.value).startswith("out")
    assert (out[0] == 77_777).all()
    assert (out[1] == -1.0).all()


def test_a_bad_place_in_a_batch_is_named(index: Index) -> None:
    with pytest.raises(InvalidPointError, match="lon_deg: 200"):
        index.nearest_many([0.0, 1.0], [0.0, 200.0], 5)


@pytest.mark.parametrize("people", [1, 7, 8, 9, 16, 21])
def test_who_comes_in_a_batch_lies_where_who_comes_alone_does(people: int) -> None:
    dice = random.Random(people)
    lats = [90.0, -90.0, -0.0, *(dice.uniform(-90, 90) for _ in range(people))][:people]
    lons = [180.0, -180.0, *(dice.uniform(-180, 180) for _ in range(people))][:people]
    together, alone = Index(), Index()
    together.upsert_many(list(range(people)), lats, lons)
    for person, (lat_deg, lon_deg) in enumerate(zip(lats, lons, strict=True)):
        alone.upsert(person, lat_deg, lon_deg)
    assert together.to_bytes() == alone.to_bytes()


def test_arrays_side_by_side_in_one_memory_are_filled(index: Index) -> None:
    ids, metres = index.nearest_many([0.0, 1.0], [0.0, 1.0], 3, out=overlapping(12))
    rows = index.nearest_many([0.0, 1.0], [0.0, 1.0], 3)
    assert ids.tolist() == [[person for person, _ in row] for row in rows]
    assert metres.tolist() == [[m for _, m in row] for row in rows]


@pytest.mark.parametrize("row", [0, 7, 8, 18])
def test_of_several_bad_values_the_first_row_is_named(row: int) -> None:
    ids, lats, lons = list(range(20)), [1.0] * 20, [2.0] * 20
    lats[row], lats[19] = 91.0, 92.0
    with pytest.raises(InvalidPointError, match="lat_deg: 91"):
        Index().upsert_many(ids, lats, lons)
    times = [5.0] * 20
    times[row] = 7.0
    lats[row] = 1.0
    with pytest.raises(FutureFixError, match="7"):
        Index().upsert_many(ids, lats, lons, at_s=times, now_s=6.0)


def test_of_two_bad_values_of_one_row_that_is_named_which_a_single_call_names() -> None:
    with pytest.raises(FutureFixError):
        Index().upsert(1, 91.0, 0.0, at_s=7.0, now_s=6.0)
    for rows in (1, 8):
        lats, times = [91.0] * rows, [7.0] * rows
        with pytest.raises(FutureFixError):
            Index().upsert_many(range(rows), lats, lats, at_s=times, now_s=6.0)


def test_circles_of_a_batch_are_each_ones_own_and_none_where_none_are_given() -> None:
    index = Index()
    index.upsert_many([1, 2, 3], [0.0] * 3, [0.0, 1.0, 2.0], circles=[[4], [], [4, 5]])
    assert [person for person, _ in index.nearest(0.0, 0.0, 3, circle=4)] == [1, 3]
    index.upsert_many([3], [0.0], [3.0])
    assert [person for person, _ in index.nearest(0.0, 0.0, 3, circle=4)] == [1]
    assert index.nearest(0.0, 0.0, 3, circle=5) == []

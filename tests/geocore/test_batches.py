from __future__ import annotations

import math
import random

import numpy as np
import pytest

from geocore import FutureFixError, Index, InvalidPointError


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
    ids, metres = Index().nearest_many([0.0, 1.0], [0.0, 1.0], 5, arrays=True)
    assert len(ids) == len(metres) == 0


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


def test_circles_of_a_batch_are_each_ones_own_and_none_where_none_are_given() -> None:
    index = Index()
    index.upsert_many([1, 2, 3], [0.0] * 3, [0.0, 1.0, 2.0], circles=[[4], [], [4, 5]])
    assert [person for person, _ in index.nearest(0.0, 0.0, 3, circle=4)] == [1, 3]
    index.upsert_many([3], [0.0], [3.0])
    assert [person for person, _ in index.nearest(0.0, 0.0, 3, circle=4)] == [1]
    assert index.nearest(0.0, 0.0, 3, circle=5) == []

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from geocore import Index, InvalidPointError


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

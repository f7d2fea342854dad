from __future__ import annotations

import random
import time

import numpy as np
import pytest

from geocore import Index, distance_m

CITY = (40.4, -3.7)
PEOPLE = 100_000


@pytest.fixture(scope="module")
def index() -> Index:
    dice = np.random.default_rng(5)
    index = Index()
    index.upsert_many(
        np.arange(PEOPLE, dtype=np.uint64),
        CITY[0] + dice.normal(0, 0.1, PEOPLE),
        CITY[1] + dice.normal(0, 0.1, PEOPLE),
    )
    return index


@pytest.fixture(scope="module")
def karney_s() -> float:
    """CPU time that Karney takes for a tenth of them."""
    dice = random.Random(5)
    ends = [(dice.uniform(-90, 90), dice.uniform(-180, 180)) for _ in range(100)]
    start_s = time.thread_time()
    for _ in range(PEOPLE // 1_000):
        for end in ends:
            distance_m(CITY, end)
    return time.thread_time() - start_s


@pytest.mark.parametrize(
    "place", [(-33.9, 18.4), (35.7, 139.7), (-33.9, 151.2), (-40.4, 176.3)]
)
def test_a_city_far_away_is_not_measured_one_by_one(
    index: Index, karney_s: float, place: tuple[float, float]
) -> None:
    start_s = time.thread_time()
    for _ in range(5):
        assert len(index.nearest(*place, 5)) == 5
        assert index.nearest(*place, 5, within_m=1_000.0) == []
    assert time.thread_time() - start_s < karney_s

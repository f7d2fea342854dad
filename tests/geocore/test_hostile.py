from __future__ import annotations

import array
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

import geocore
from geocore import Index

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def index() -> Index:
    index = Index()
    index.upsert(1, 10.0, 20.0, at_s=5.0, circles={4})
    index.upsert(2, 11.0, 21.0)
    return index


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg"),
    [
        (math.nan, 0.0),
        (0.0, math.nan),
        (math.inf, 0.0),
        (0.0, -math.inf),
        (90.000_000_1, 0.0),
        (-91.0, 0.0),
        (0.0, 180.000_000_1),
        (0.0, -181.0),
    ],
)
def test_an_impossible_point_is_named_and_changes_nothing(
    index: Index, lat_deg: float, lon_deg: float
) -> None:
    before = index.to_bytes()
    calls: list[Callable[[], object]] = [
        lambda: index.upsert(1, lat_deg, lon_deg),
        lambda: index.upsert_many([7, 8], [0.0, lat_deg], [0.0, lon_deg]),
        lambda: index.move_to(1, lat_deg, lon_deg),
        lambda: index.nearest(lat_deg, lon_deg, 5),
        lambda: index.nearest_many([0.0, lat_deg], [0.0, lon_deg], 5),
        lambda: index.within(lat_deg, lon_deg, 5.0),
    ]
    bad = lat_deg if lat_deg != 0.0 else lon_deg
    for call in calls:
        with pytest.raises(geocore.InvalidPointError) as caught:
            call()
        assert repr(caught.value.value) == repr(bad)
    assert index.to_bytes() == before


@pytest.mark.parametrize("k", [0, -1, 2**24 + 1, 2**40, 2**70])
def test_an_impossible_k_is_named(index: Index, k: int) -> None:
    with pytest.raises(geocore.InvalidCountError, match=str(k)) as caught:
        index.nearest(0.0, 0.0, k)
    assert caught.value.value == k
    with pytest.raises(geocore.InvalidCountError):
        index.nearest_many([0.0], [0.0], k)


@pytest.mark.parametrize("person", [-1, 2**64, 2**70])
def test_an_impossible_id_is_named(index: Index, person: int) -> None:
    with pytest.raises(geocore.InvalidIdError, match=str(person)):
        index.upsert(person, 0.0, 0.0)
    with pytest.raises(geocore.InvalidIdError):
        index.upsert(3, 0.0, 0.0, circles=[person])
    with pytest.raises(geocore.InvalidIdError):
        index.nearest(0.0, 0.0, 5, exclude=[person])
    assert len(index) == 2


def test_an_id_twice_in_a_batch_changes_nothing(index: Index) -> None:
    before = index.to_bytes()
    with pytest.raises(geocore.DuplicatePersonError, match="7") as caught:
        index.upsert_many([6, 7, 7], [0.0] * 3, [0.0] * 3)
    assert caught.value.value == 7
    assert index.to_bytes() == before


def test_a_fix_from_the_future_changes_nothing(index: Index) -> None:
    before = index.to_bytes()
    with pytest.raises(geocore.FutureFixError, match=r"12\.5"):
        index.upsert(1, 0.0, 0.0, at_s=12.5, now_s=12.0)
    with pytest.raises(geocore.FutureFixError):
        index.upsert_many([5, 6], [0.0] * 2, [0.0] * 2, at_s=[1.0, 12.5], now_s=12.0)
    with pytest.raises(geocore.FutureFixError):
        index.move_to(1, 0.0, 0.0, at_s=12.5, now_s=12.0)
    assert index.to_bytes() == before


@pytest.mark.parametrize("now_s", [math.inf, -math.inf, math.nan])
def test_a_now_that_is_no_time_lets_no_fix_pass(index: Index, now_s: float) -> None:
    before = index.to_bytes()
    one: list[Callable[[], object]] = [
        lambda: index.upsert(1, 0.0, 0.0, at_s=12.5, now_s=now_s),
        lambda: index.upsert(1, 0.0, 0.0, now_s=now_s),
        lambda: index.upsert_many([5], [0.0], [0.0], at_s=[12.5], now_s=now_s),
        lambda: index.upsert_many([], [], [], now_s=now_s),
        lambda: index.move_to(1, 0.0, 0.0, at_s=12.5, now_s=now_s),
        lambda: index.nearest(0.0, 0.0, 1, ages=True, now_s=now_s),
        lambda: index.within(0.0, 0.0, 1.0, ages=True, now_s=now_s),
    ]
    for call in one:
        with pytest.raises(geocore.InvalidNumberError, match="now_s") as caught:
            call()
        assert repr(caught.value.value) == repr(now_s)
    assert index.to_bytes() == before


@pytest.mark.parametrize("at_s", [math.inf, -math.inf, math.nan])
def test_a_time_that_is_no_number_is_refused(index: Index, at_s: float) -> None:
    with pytest.raises(geocore.InvalidNumberError):
        index.upsert(1, 0.0, 0.0, at_s=at_s)


@pytest.mark.parametrize("within_m", [math.nan, -1.0, -math.inf])
def test_a_radius_that_is_none_is_refused(index: Index, within_m: float) -> None:
    with pytest.raises(geocore.InvalidNumberError):
        index.nearest(0.0, 0.0, 5, within_m=within_m)
    with pytest.raises(geocore.InvalidNumberError, match="radius_m"):
        index.within(0.0, 0.0, within_m)


def test_an_unknown_person_cannot_be_moved(index: Index) -> None:
    with pytest.raises(geocore.UnknownPersonError, match="3"):
        index.move_to(3, 0.0, 0.0)


def test_columns_of_unequal_length_are_refused(index: Index) -> None:
    with pytest.raises(geocore.GeocoreError, match="lons_deg"):
        index.upsert_many([5, 6], [0.0, 0.0], [0.0])
    assert len(index) == 2


def test_columns_may_be_lists_arrays_or_numpy() -> None:
    ids, lats, lons = [3, 1, 2], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    forms: list[tuple[object, object, object]] = [
        (ids, lats, lons),
        (array.array("Q", ids), array.array("d", lats), array.array("d", lons)),
        (np.array(ids, np.uint64), np.array(lats), np.array(lons)),
        (np.array(ids, np.int64), np.array(lats, np.float32), np.array(lons)[::1]),
        (np.repeat(np.array(ids, np.uint64), 2)[::2], np.array(lats), tuple(lons)),
        (np.array(ids, ">u8"), np.array(lats, ">f8"), np.array(lons, ">f8")),
        (np.array(ids, "<u8"), np.array(lats, "<f8"), np.array(lons, "<f8")),
    ]
    snapshots = []
    for form in forms:
        index = Index()
        index.upsert_many(*form, at_s=np.array([1.0, math.nan, 2.0]))  # type: ignore[arg-type]  # numpy's own Buffer is wider than the stub's
        snapshots.append(index.to_bytes())
    assert len(set(snapshots)) == 1

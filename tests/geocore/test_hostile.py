from __future__ import annotations

import array
import math
import pickle
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


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_beyond_all_floats_is_refused_as_infinity_is(
    index: Index, sign: int
) -> None:
    huge = sign * 10**400
    points: list[Callable[[], object]] = [
        lambda: index.upsert(1, huge, 0.0),
        lambda: index.nearest(0.0, huge, 1),
        lambda: index.upsert_many([5], [0.0], [huge]),
        lambda: geocore.cell_of(huge, 0.0, 5),
        lambda: geocore.distance_m((0.0, huge), (0.0, 0.0)),
    ]
    for call in points:
        with pytest.raises(geocore.InvalidPointError, match=r"l(at|on)_deg") as caught:
            call()
        assert caught.value.value == sign * math.inf
    with pytest.raises(geocore.InvalidNumberError, match="at_s"):
        index.move_to(1, 0.0, 0.0, at_s=huge)


@pytest.mark.parametrize(
    ("columns", "error", "name"),
    [
        (([-1], [0.0], [0.0]), geocore.InvalidIdError, "person_ids"),
        ((np.array([-1]), [0.0], [0.0]), geocore.InvalidIdError, "person_ids"),
        ((np.array([1.0]), [0.0], [0.0]), geocore.InvalidIdError, "person_ids"),
        (([5], ["1"], [0.0]), geocore.InvalidPointError, "lats_deg"),
        (([5], [0.0], [None]), geocore.InvalidPointError, "lons_deg"),
        (([5], [0.0], [0.0], [None]), geocore.InvalidNumberError, "at_s"),
    ],
)
def test_what_a_column_cannot_hold_is_named_by_its_kind(
    index: Index,
    columns: tuple[list[object], ...],
    error: type[geocore.GeocoreError],
    name: str,
) -> None:
    before = index.to_bytes()
    times = dict(zip(["at_s"], columns[3:], strict=False))
    with pytest.raises(error, match=f"^{name}: .* is no") as caught:
        index.upsert_many(*columns[:3], **times)  # type: ignore[arg-type]  # what is tested
    assert caught.value.value in [column[0] for column in columns]
    assert index.to_bytes() == before


def test_what_is_raised_by_looking_at_a_value_is_not_hidden(index: Index) -> None:
    class Trap:
        def __index__(self) -> int:
            raise KeyboardInterrupt

        def __float__(self) -> float:
            raise KeyboardInterrupt

    calls: list[Callable[[], object]] = [
        lambda: index.remove(Trap()),  # type: ignore[arg-type]  # what is tested
        lambda: index.nearest(0.0, 0.0, Trap()),  # type: ignore[call-overload]  # as above
        lambda: index.upsert_many([Trap()], [0.0], [0.0]),  # type: ignore[list-item]  # as above
        lambda: index.upsert_many([5], [Trap()], [0.0]),  # type: ignore[list-item]  # as above
    ]
    for call in calls:
        with pytest.raises(KeyboardInterrupt):
            call()


def test_an_error_comes_back_from_a_pickle_with_its_value(index: Index) -> None:
    with pytest.raises(geocore.InvalidPointError) as caught:
        index.upsert(1, 91.0, 0.0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is geocore.InvalidPointError
    assert (str(again), again.value) == (str(caught.value), 91.0)


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

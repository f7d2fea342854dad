from __future__ import annotations

import pytest

from geocore import Index


@pytest.fixture
def index() -> Index:
    """Ten people on a line; evens available, threes fresh, fives in circle 1."""
    index = Index()
    for person in range(10):
        index.upsert(
            person,
            10.0,
            20.0 + person / 100,
            at_s=100.0 if person % 3 == 0 else 50.0,
            circles={1, 2} if person % 5 == 0 else {2},
            available=person % 2 == 0,
        )
    index.upsert(10, 10.0, 20.2)
    return index


def ids(answer: list[tuple[int, float]]) -> list[int]:
    return [person for person, _ in answer]


def test_a_circle_keeps_strangers_out(index: Index) -> None:
    assert ids(index.nearest(10.0, 20.0, 5, circle=1)) == [0, 5]
    assert ids(index.nearest(10.0, 20.0, 2, circle=2)) == [0, 1]
    assert index.nearest(10.0, 20.0, 5, circle=99) == []


def test_only_the_available_or_only_the_others(index: Index) -> None:
    assert ids(index.nearest(10.0, 20.0, 3, available=True)) == [0, 2, 4]
    assert ids(index.nearest(10.0, 20.0, 3, available=False)) == [1, 3, 5]


def test_only_fixes_newer_than_a_time(index: Index) -> None:
    assert ids(index.nearest(10.0, 20.0, 9, newer_than_s=99.0)) == [0, 3, 6, 9]
    assert index.nearest(10.0, 20.0, 9, newer_than_s=100.0) == []


def test_a_person_without_a_time_is_never_fresh(index: Index) -> None:
    assert 10 not in ids(index.nearest(10.0, 20.0, 99, newer_than_s=float("-inf")))
    assert 10 in ids(index.nearest(10.0, 20.0, 99))


def test_the_excluded_stay_out(index: Index) -> None:
    assert ids(index.nearest(10.0, 20.0, 2, exclude=[0, 1, 77])) == [2, 3]


def test_filters_combine(index: Index) -> None:
    found = index.nearest(
        10.0, 20.0, 5, circle=2, available=True, newer_than_s=60.0, exclude=(0,)
    )
    assert ids(found) == [6]


def test_ages_count_from_now(index: Index) -> None:
    found = index.nearest(10.0, 20.0, 11, ages=True, now_s=160.0)
    assert [age_s for _, _, age_s in found[:2]] == [60.0, 110.0]
    assert found[-1][2] is None
    with pytest.raises(TypeError, match="now_s"):
        index.nearest(10.0, 20.0, 1, ages=True)


def test_a_move_keeps_circles_and_availability(index: Index) -> None:
    index.move_to(5, 10.0, 19.9, at_s=100.0)
    assert ids(index.nearest(10.0, 19.9, 1, circle=1, available=False)) == [5]


def test_an_upsert_replaces_all_that_was_known(index: Index) -> None:
    index.upsert(5, 10.0, 20.05)
    assert ids(index.nearest(10.0, 20.0, 5, circle=1)) == [0]
    assert 5 in ids(index.nearest(10.0, 20.0, 11, available=True))


def test_the_removed_are_gone(index: Index) -> None:
    assert index.remove(0)
    assert not index.remove(0)
    assert ids(index.nearest(10.0, 20.0, 1)) == [1]
    assert ids(index.nearest(10.0, 20.0, 5, circle=1)) == [5]
    assert len(index) == 10
    assert 0 not in index

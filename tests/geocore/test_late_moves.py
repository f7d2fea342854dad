"""A move of one among many may be written by the next call: nobody sees it before."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import geocore
from geocore import Index

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE = 70_000
"""Above 65,536, from where on moves wait."""

SIDE = 265
THERE = (60.25, 100.125)
"""Where nobody is."""


def crowd() -> Index:
    index, people = Index(), np.arange(PEOPLE, dtype=np.uint64)
    index.upsert_many(people, people // SIDE * 0.1, people % SIDE * 0.1)
    return index


def nearest_into_arrays(index: Index) -> object:
    out = np.empty((1, 1), np.uint64), np.empty((1, 1))
    index.nearest_many([THERE[0]], [THERE[1]], 1, out=out)
    return out[0][0, 0], out[1][0, 0]


ASKS: dict[str, tuple[Callable[[Index], object], object]] = {
    "nearest": (lambda index: index.nearest(*THERE, 1), [(7, 0.0)]),
    "ages": (
        lambda index: index.nearest(*THERE, 1, ages=True, now_s=9.0),
        [(7, 0.0, 4.0)],
    ),
    "within": (lambda index: index.within(*THERE, 1.0), [(7, 0.0)]),
    "nearest_many": (
        lambda index: index.nearest_many([THERE[0]], [THERE[1]], 1),
        [[(7, 0.0)]],
    ),
    "arrays": (
        lambda index: index.nearest_many([THERE[0]], [THERE[1]], 1, arrays=True)[
            0
        ].tolist(),
        [[7]],
    ),
    "out": (nearest_into_arrays, (7, 0.0)),
    "a snapshot": (
        lambda index: Index.from_bytes(index.to_bytes()).nearest(*THERE, 1),
        [(7, 0.0)],
    ),
    "len": (len, PEOPLE),
    "stats": (lambda index: index.stats()["people"], PEOPLE),
    "in": (lambda index: 7 in index, True),
}


@pytest.mark.parametrize("asked", ASKS)
def test_a_move_is_seen_by_whatever_is_asked_next(asked: str) -> None:
    index = crowd()
    index.move_to(7, *THERE, at_s=5.0)
    ask, answer = ASKS[asked]
    assert ask(index) == answer
    assert index.nearest(*THERE, 2)[0] == (7, 0.0)


def test_of_moves_of_one_person_the_last_counts() -> None:
    index = crowd()
    index.move_to(7, *THERE)
    index.move_to(7, -60.0, 100.0)
    index.move_to(7, -61.0, 100.0)
    assert index.nearest(-61.0, 100.0, 1) == [(7, 0.0)]
    assert index.within(*THERE, 1e5) == []


def test_what_changes_after_a_move_changes_what_was_moved() -> None:
    index = crowd()
    index.move_to(7, *THERE)
    index.upsert(7, -60.0, 100.0)
    assert index.nearest(-60.0, 100.0, 1) == [(7, 0.0)]
    index.move_to(7, *THERE)
    assert index.remove(7)
    assert 7 not in index
    assert index.within(*THERE, 1e5) == []
    index.move_to(8, *THERE)
    index.upsert_many([8], [-62.0], [100.0])
    assert index.nearest(-62.0, 100.0, 1) == [(8, 0.0)]


def test_whoever_is_in_a_circle_is_moved_there_as_well() -> None:
    index = crowd()
    index.upsert(7, 0.0, 0.7, circles=[3])
    index.upsert(8, 0.0, 0.8, circles=[3])
    index.move_to(7, *THERE)
    assert [person for person, _ in index.nearest(0.0, 0.7, 2, circle=3)] == [8, 7]
    assert index.nearest(*THERE, 1, circle=3) == [(7, 0.0)]


def test_what_is_wrong_with_a_move_is_said_by_it() -> None:
    index = crowd()
    index.move_to(7, *THERE)
    with pytest.raises(geocore.UnknownPersonError, match=str(PEOPLE)):
        index.move_to(PEOPLE, 1.0, 2.0)
    with pytest.raises(geocore.InvalidPointError):
        index.move_to(8, 91.0, 2.0)
    with pytest.raises(geocore.InvalidNumberError):
        index.move_to(8, 1.0, 2.0, at_s=float("inf"))
    index.remove(9)
    with pytest.raises(geocore.UnknownPersonError):
        index.move_to(9, 1.0, 2.0)
    assert len(index) == PEOPLE - 1
    assert index.nearest(*THERE, 1) == [(7, 0.0)]
    assert index.nearest(0.0, 0.8, 1) == [(8, 0.0)]


def test_moves_leave_what_the_same_changes_at_once_leave() -> None:
    one_by_one, at_once = crowd(), crowd()
    dice = np.random.default_rng(5)
    people = dice.permutation(PEOPLE)[:20_000].astype(np.uint64)
    lats, lons = dice.uniform(-60, 60, 20_000), dice.uniform(-170, 170, 20_000)
    for person, lat, lon in zip(
        people.tolist(), lats.tolist(), lons.tolist(), strict=True
    ):
        one_by_one.move_to(person, lat, lon)
    at_once.upsert_many(people, lats, lons)
    asked = dice.uniform(-60, 60, 2_000), dice.uniform(-170, 170, 2_000)
    assert one_by_one.nearest_many(*asked, 5) == at_once.nearest_many(*asked, 5)


def test_readers_beside_one_who_moves_see_each_move_that_was_made() -> None:
    index, made, stop = crowd(), [1], threading.Event()
    index.move_to(1, 60.01, 100.0)
    wrong: list[object] = []

    def move() -> None:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            step = made[0] + 1
            index.move_to(step % 100, 60.0 + step % 1_000 * 0.01, 100.0)
            made[0] = step
        stop.set()

    def read(ask: Callable[[float], list[tuple[int, float]]]) -> None:
        while not stop.is_set():
            step = made[0]
            found = ask(60.0 + step % 1_000 * 0.01)
            # A hundred moves later they are moved again, and that is told afterwards.
            if found[0] != (step % 100, 0.0) and made[0] - step < 99:
                wrong.append((step, found))

    def one(lat: float) -> list[tuple[int, float]]:
        return index.nearest(lat, 100.0, 1)

    def many(lat: float) -> list[tuple[int, float]]:
        return index.nearest_many([lat], [100.0], 1)[0]

    threads = [threading.Thread(target=read, args=[ask]) for ask in (one, many, many)]
    threads.append(threading.Thread(target=move))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert made[0] > 100
    assert wrong == []

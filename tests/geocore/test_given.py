"""Answers that are written over once whoever asked has let go of them."""

from __future__ import annotations

import gc
import queue
import sys
import threading
import weakref
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geocore import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEOPLE = 40


class Named(tuple[int, float]):
    """A pair of a caller's own."""

    __slots__ = ()


class Metres(float):
    """A distance of a caller's own."""

    __slots__ = ()


PLACES = st.integers(0, PEOPLE - 1)
Answer = list[tuple[int, float]]


def crowd(first: int) -> Index:
    """People in a row, from west to east."""
    index = Index()
    ids = range(first, first + PEOPLE)
    index.upsert_many(ids, [10.0] * PEOPLE, [n / 10 for n in range(PEOPLE)])
    return index


INDEX = crowd(5_000)
LARGE = Index()
LARGE.upsert_many(
    range(1 << 40, 3_000 + (1 << 40)),
    [10.0] * 3_000,
    [n / 10 for n in range(3_000 // 2)] * 2,
)


def ask(place: int, k: int, index: Index = INDEX) -> Answer:
    return index.nearest(10.0, place / 10, k)


def truth(place: int, k: int, index: Index = INDEX) -> Answer:
    """The same, by a batch: it makes all anew."""
    return index.nearest_many([10.0], [place / 10], k)[0]


@contextmanager
def collected_alone() -> Iterator[None]:
    """Keep the collector off all that is there: hundreds of looks through it take long.

    Beside thousands of tests in one process they took two minutes.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def keeps_answers() -> bool:
    return sys.version_info < (3, 14)


@pytest.mark.skipif(not keeps_answers(), reason="from 3.14 on a tuple has more to it")
def test_an_answer_that_was_let_go_is_given_again() -> None:
    for index in (INDEX, LARGE):
        held = ask(0, 3, index)
        once = id(held), [(id(pair), id(pair[1])) for pair in held]
        held = ask(20, 3, index)
        # Held by this function, by the call and by the thread.
        assert sys.getrefcount(held) == 3
        assert once[0] in map(id, gc.get_objects())
        held = ask(30, 3, index)
        assert (id(held), [(id(pair), id(pair[1])) for pair in held]) == once
        assert held == truth(30, 3, index)


def test_an_answer_that_is_held_stays_what_it_was() -> None:
    for index in (INDEX, LARGE):
        held = [ask(place, k, index) for place in range(PEOPLE) for k in (1, 5, 16, 17)]
        assert held == [
            truth(place, k, index) for place in range(PEOPLE) for k in (1, 5, 16, 17)
        ]


def test_what_was_taken_out_of_an_answer_stays_what_it_was() -> None:
    pairs, distances, ids = [], [], []
    for place in range(PEOPLE):
        pairs.append(ask(place, 5)[place % 5])
        distances.append(ask(place, 5)[place % 5][1])
        ids.append(ask(place, 5)[place % 5][0])
    expected = [truth(place, 5)[place % 5] for place in range(PEOPLE)]
    assert pairs == expected
    assert list(zip(ids, distances, strict=True)) == expected
    assert dict.fromkeys(pairs) == dict.fromkeys(expected)


def test_a_distance_that_a_caller_put_into_two_pairs_stays_what_it_was() -> None:
    shared = float("1.5")
    seen = {1.5: "kept"}
    for place in range(PEOPLE):
        ask(place, 5)[1:3] = [(place, shared), (place + 1, shared)]
        ask(place, 5)[4] = (place, next(iter(seen)))
        for k in (5, 5, 5):
            assert ask(place, k) == truth(place, k)
        assert (shared, seen) == (1.5, {1.5: "kept"})
    ask(0, 5)[:] = [(place, float(place)) for place in range(5)]
    for place in range(4):
        assert ask(place, 5) == truth(place, 5)


def test_who_looks_through_an_answer_may_ask_meanwhile() -> None:
    for place in range(PEOPLE):
        seen = []
        for person, distance_m in ask(place, 5):
            ask(person - 5_000, 5)
            seen.append((person, distance_m))
        assert seen == truth(place, 5)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer.append((1, 2.0)),
        lambda answer: answer.pop(),
        lambda answer: answer.clear(),
        lambda answer: answer.reverse(),
        lambda answer: answer.__setitem__(2, "nobody"),
        lambda answer: answer.__setitem__(2, (1, 2.0, 3)),
        lambda answer: answer.__setitem__(2, (True, 2.0)),
        lambda answer: answer.__setitem__(2, (1, "far")),
        lambda answer: answer.__setitem__(2, (1, Metres(2.0))),
        lambda answer: answer.__setitem__(2, answer[0]),
        lambda answer: answer.__setitem__(2, [1, 2.0]),
        lambda answer: answer.__setitem__(2, Named((1, 2.0))),
        lambda answer: answer.__setitem__(slice(0, 2), [(7, 1.0), (8, 1.0)]),
        lambda answer: answer.extend([answer]),
    ],
)
def test_what_a_caller_does_to_an_answer_is_in_no_other(spoil: object) -> None:
    assert callable(spoil)
    for place in range(PEOPLE):
        spoil(ask(place, 5))
        answer = ask(place, 5)
        assert answer == truth(place, 5)
        assert {(type(pair), *map(type, pair)) for pair in answer} == {
            (tuple, int, float)
        }


class Thing:
    """What a caller may put into an answer."""


@pytest.mark.parametrize("k", [5, 3])
def test_what_was_put_into_an_answer_lives_for_two_short_answers_more(k: int) -> None:
    for spoiled in (slice(2, 3), slice(5, 5)):
        thing = Thing()
        gone = weakref.ref(thing)
        held = ask(1, 5)
        ask(2, 5)[spoiled] = [thing]  # type: ignore[list-item]  # what a caller may do
        del thing
        assert ask(3, k) == truth(3, k)
        assert ask(4, k) == truth(4, k)
        gc.collect()
        assert gone() is None
        assert held == truth(1, 5)


def test_what_holds_the_answer_that_it_was_put_into_lives_no_longer() -> None:
    """As long as the thread's other answer was free at each question, it did."""
    for turn in range(4):
        held = ask(0, 5)
        held = ask(1, 5)
        del held
        assert ask(2, 5) == truth(2, 5)
        thing = Thing()
        gone = weakref.ref(thing)
        answer = ask(turn, 5)
        answer.append(answer)  # type: ignore[arg-type]  # what a caller may do
        answer.append(thing)  # type: ignore[arg-type]  # likewise
        del answer, thing
        assert ask(3, 5) == truth(3, 5)
        assert ask(4, 5) == truth(4, 5)
        gc.collect()
        assert gone() is None


def test_what_a_thread_left_in_an_answer_ends_where_nobody_holds_the_index() -> None:
    """Its end asks that index, and so waited for itself in a batch that attached."""
    index, ended = crowd(9_000), []

    class Mover:
        def __del__(self) -> None:
            index.move_to(9_005, 1.0, 2.0)
            ended.append(self)

    def leave() -> None:
        ask(1, 5, index)[0] = Mover()  # type: ignore[call-overload]  # likewise

    lats = np.full(30_000, 10.0)
    out = np.empty((30_000, 5), np.uint64), np.empty((30_000, 5))
    batch = threading.Thread(
        target=lambda: [index.nearest_many(lats, lats, 5, out=out) for _ in range(20)],
        daemon=True,
    )
    batch.start()
    while batch.is_alive() and len(ended) < 500:
        thread = threading.Thread(target=leave, daemon=True)
        thread.start()
        thread.join(timeout=30)
        assert not thread.is_alive()
    batch.join(timeout=30)
    assert not batch.is_alive()
    ask(1, 5, index), ask(1, 6, index)
    assert ended


@pytest.mark.parametrize(
    "asked",
    [
        lambda index: [ask(1, k, index) for k in (5, 6, 7)],
        lambda index: index.nearest_many([10.0], [0.1], 1),
    ],
    ids=["an answer made anew", "a batch"],
)
def test_the_numbers_that_a_thread_kept_end_after_it(
    asked: Callable[[Index], object],
) -> None:
    index = crowd(9_000)
    numbers: list[int] = []

    def leave() -> None:
        numbers.extend(one for one, _ in ask(1, 5, index))

    thread = threading.Thread(target=leave)
    thread.start()
    thread.join()
    deadline = monotonic() + 10
    # Of the list and of the call; a thread's own end may come after `join`.
    while any(sys.getrefcount(numbers[at]) != 2 for at in range(5)):
        asked(index)
        assert monotonic() < deadline


def test_an_answer_may_go_to_another_thread() -> None:
    answers: queue.SimpleQueue[tuple[int, Answer] | None] = queue.SimpleQueue()
    wrong: list[int] = []

    def look() -> None:
        while (one := answers.get()) is not None:
            place, answer = one
            # Asks itself, too: what a thread was given is its own.
            mine = ask(place, 5)
            if not answer == mine == truth(place, 5):
                wrong.append(place)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(3_000):
        answers.put((turn % PEOPLE, ask(turn % PEOPLE, 5)))
    for _ in threads:
        answers.put(None)
    for thread in threads:
        thread.join()
    assert wrong == []


def test_nothing_is_lost_or_held_twice_however_answers_are_held() -> None:
    def walk() -> None:
        kept: list[object] = []
        for turn in range(4_000):
            answer = ask(turn % PEOPLE, 1 + turn // 200 % 18)
            kept.append((answer, answer[0], answer[-1][1])[turn % 3])
            if turn % 7 == 0:
                kept.clear()

    number = ask(3, 1)[0][0]
    walk()
    gc.collect()
    blocks, holders = sys.getallocatedblocks(), sys.getrefcount(number)
    for _ in range(5):
        walk()
    gc.collect()
    assert sys.getallocatedblocks() < blocks + 200
    assert sys.getrefcount(number) <= holders + 4


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hold", "pair", "drop", "spoil", "collect", "go"]),
            PLACES,
            st.integers(1, 18),
        ),
        max_size=60,
    )
)
@settings(deadline=None)
@collected_alone()
def test_any_way_of_holding_answers(steps: list[tuple[str, int, int]]) -> None:
    held: list[tuple[Answer | tuple[int, float], Answer | tuple[int, float]]] = []
    for step, place, k in steps:
        answer, expected = ask(place, k), truth(place, k)
        assert answer == expected
        match step:
            case "hold":
                held.append((answer, expected))
            case "pair":
                held.append((answer[place % k], expected[place % k]))
            case "drop" if held:
                held.pop(place % len(held))
            case "spoil":
                answer.insert(place % k, (place, 1.0))
                del answer[k // 2]
            case "collect":
                gc.collect()
            case _:
                pass
        del answer
        assert all(one == was for one, was in held)

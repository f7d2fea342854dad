from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from geocore import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PEOPLE = 3_000


class Crowd:
    """Everyone moves to and fro between two places; no answer may show a third."""

    def __init__(self) -> None:
        self.index = Index()
        self.ids = np.arange(PEOPLE, dtype=np.uint64)
        self.lats = np.linspace(-40, 40, PEOPLE)
        # So near that nobody asks Karney, which takes a batch a tenth of a second.
        self.west, self.east = np.full(PEOPLE, -60.0), np.full(PEOPLE, 0.0)
        self.index.upsert_many(self.ids, self.lats, self.west)
        self.stop = threading.Event()
        self.wrong: list[object] = []

    def write(self) -> None:
        for lons in [self.east, self.west] * 6:
            self.index.upsert_many(self.ids, self.lats, lons)
            for person in range(0, PEOPLE, 300):
                self.index.move_to(person, self.lats[person], lons[person])
        self.stop.set()

    def read_batches(self) -> None:
        while not self.stop.is_set():
            rows = self.index.nearest_many(self.lats[::50], self.west[::50], 3)
            self.wrong += [
                row
                for row in rows
                if len(row) != 3 or row != sorted(row, key=lambda pair: pair[1])
            ]

    def read_into_arrays(self) -> None:
        # More cells than are found before they are written.
        lats, lons = np.tile(self.lats, 2), np.tile(self.west, 2)
        shape = (len(lats), 3)
        ids, metres = np.empty(shape, np.uint64), np.empty(shape)
        while not self.stop.is_set():
            self.index.nearest_many(lats, lons, 3, out=(ids, metres))
            # Of one state of the index the same question has one answer.
            if (ids[:PEOPLE] != ids[PEOPLE:]).any():
                self.wrong.append(ids)
            if (metres[:PEOPLE] != metres[PEOPLE:]).any():
                self.wrong.append(metres)

    def read_one_by_one(self) -> None:
        while not self.stop.is_set():
            for person in range(0, PEOPLE, 100):
                (found,) = self.index.nearest(self.lats[person], -60.0, 1)
                if found[1] < 1e-6 and found[0] != person:
                    self.wrong.append(found)
            if len(self.index) != PEOPLE:
                self.wrong.append(len(self.index))


def test_readers_beside_a_writer_see_whole_people() -> None:
    crowd = Crowd()
    jobs = [
        crowd.write,
        crowd.read_batches,
        crowd.read_batches,
        crowd.read_into_arrays,
        crowd.read_one_by_one,
    ]
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert crowd.wrong == []
    assert crowd.index.nearest(crowd.lats[5], -60.0, 1) == [(5, 0.0)]


def turns_waited(
    often: Callable[[Index], object], once: Callable[[Index], object]
) -> int:
    """How often four threads were through with theirs while one did one thing."""
    ids, lats = np.arange(20_000, dtype=np.uint64), np.linspace(-40, 40, 20_000)
    index, stop, turns, most = Index(), threading.Event(), [0], 0
    index.upsert_many(ids, lats, lats)

    def run() -> None:
        # Whoever gets no turn has theirs at last, and is then seen to have waited.
        while not stop.is_set() and turns[0] < 2_000:
            often(index)
            turns[0] += 1

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 0.2
        while turns[0] < 4 or time.monotonic() < until:
            before = turns[0]
            once(index)
            most = max(most, turns[0] - before)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=60)
    return most


def test_one_change_waits_for_no_more_than_the_batches_under_way() -> None:
    lats = np.linspace(-40, 40, 20_000)
    out = np.empty((20_000, 1), np.uint64), np.empty((20_000, 1))

    def ask(index: Index) -> None:
        index.nearest_many(lats, lats, 1, out=out)

    assert turns_waited(ask, lambda index: index.move_to(5, 1.0, 2.0)) < 200
    assert turns_waited(ask, lambda index: index.upsert(5, 1.0, 2.0)) < 200
    assert turns_waited(ask, lambda index: index.remove(5)) < 200


def test_one_question_waits_for_no_more_than_the_changes_under_way() -> None:
    ids, lats = np.arange(20_000, dtype=np.uint64), np.linspace(-40, 40, 20_000)

    def change(index: Index) -> None:
        index.upsert_many(ids, lats, lats)

    assert turns_waited(change, lambda index: index.nearest(1.0, 2.0, 5)) < 200
    assert turns_waited(change, lambda index: index.within(1.0, 2.0, 5e4)) < 200
    assert turns_waited(change, len) < 200


def mixed_answers(seconds: float) -> int:
    """Ask three people who become many; how many answers are of neither state."""
    index = Index()
    index.upsert_many([1, 2, 3], [50.0, 51.0, 52.0], [0.0] * 3)
    newcomers = np.arange(100, 400, dtype=np.uint64)
    here, near = np.zeros(200), np.linspace(0.1, 0.2, 300)
    go, mixed = threading.Barrier(3), [0]

    def write() -> None:
        go.wait(seconds)
        index.upsert_many(newcomers, np.zeros(300), near)

    def read() -> None:
        go.wait(seconds)
        for _ in range(20):
            ids = np.asarray(index.nearest_many(here, here, 5, arrays=True)[0])
            mixed[0] += int(ids.shape[1] == 3 and (ids >= 100).any())
            mixed[0] += int(ids.shape[1] not in {3, 5})

    threads = [threading.Thread(target=job) for job in (write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return mixed[0]


@pytest.mark.slow
def test_arrays_have_room_for_whoever_comes_before_they_are_asked_for() -> None:
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        assert sum(mixed_answers(60) for _ in range(300)) == 0
    finally:
        sys.setswitchinterval(interval_s)


def test_a_batch_lets_other_threads_run() -> None:
    index = Index()
    lats, lons = np.linspace(-80, 80, 2_000), np.linspace(-179, 179, 2_000)
    index.upsert_many(np.arange(2_000, dtype=np.uint64), lats, lons)
    many = np.tile(lats, 60)
    started, done = threading.Event(), threading.Event()

    def ask() -> None:
        started.set()
        index.nearest_many(many, many, 16, arrays=True)
        done.set()

    thread = threading.Thread(target=ask)
    thread.start()
    started.wait()
    turns = 0
    while not done.is_set():
        turns += 1
    thread.join()
    # A batch that kept the GIL would let this loop run a handful of times at most.
    assert turns > 1_000


def test_a_map_of_many_is_made_anew_without_the_gil_bug_other_threads_stood() -> None:
    people, newcomers = 200_000, 60_000
    # Apart from each other, so that they are hashed; odd, so that no two are the same.
    ids = np.arange(1, 2 * (people + newcomers), 2, dtype=np.uint64)
    ids *= np.uint64(0x9E3779B97F4A7C15)
    lats, lons = np.linspace(-80, 80, people), np.linspace(-179, 179, people)
    index, stop, turns = Index(), threading.Event(), [0]
    index.upsert_many(ids[:people], lats, lons)

    def run() -> None:
        while not stop.wait(1e-6):
            turns[0] += 1

    def lets_run(change: Callable[[int], object], changed: Iterable[int]) -> bool:
        before = turns[0]
        for person in changed:
            change(person)
            if turns[0] != before:
                return True
        return False

    thread = threading.Thread(target=run)
    interval_s = sys.getswitchinterval()
    # So long that nobody gets a turn unless a call lets them have it.
    sys.setswitchinterval(60)
    try:
        thread.start()
        come, go = ids[people:].tolist(), ids.tolist()
        lat, lon = 1.0, 2.0
        assert lets_run(lambda person: index.upsert(person, lat, lon), come)
        assert lets_run(index.remove, go)
    finally:
        stop.set()
        sys.setswitchinterval(interval_s)
        thread.join(timeout=60)

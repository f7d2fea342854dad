from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocore import Index

PEOPLE = 500_000


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4_096 / 1e6


@pytest.mark.slow
def test_a_thread_does_not_keep_what_a_large_answer_took() -> None:
    index = Index()
    ids = np.arange(PEOPLE, dtype=np.uint64)
    index.upsert_many(ids, np.linspace(-80, 80, PEOPLE), np.linspace(-170, 170, PEOPLE))
    # Not zeros, which take their memory when they are written.
    out = np.ones((1, PEOPLE), np.uint64), np.ones((1, PEOPLE))
    before_mb = resident_mb()
    for _ in range(3):
        index.nearest_many([0.0], [0.0], PEOPLE, out=out)
    # What the allocator keeps free is less than what a thread would: 60 MB.
    assert resident_mb() - before_mb < 35


def test_circles_that_are_gone_take_no_memory() -> None:
    index = Index()
    for person in range(500):
        index.upsert(person, 1.0, 2.0, circles=range(person * 20, person * 20 + 20))
    for person in range(250):
        index.upsert(person, 1.0, 2.0)
    for person in range(250, 500):
        index.remove(person)
    assert index.stats()["circles"] == 0
    assert index.stats()["bytes"] < 73_500


@pytest.mark.parametrize("step", [1, 0x9E37_79B9_7F4A_7C15])
def test_people_who_are_gone_take_no_memory(step: int) -> None:
    index, people, left = Index(), 50_000, 10_000
    ids = np.arange(1, people + 1, dtype=np.uint64) * np.uint64(step)
    lats, lons = np.linspace(-80, 80, people), np.linspace(-170, 170, people)
    index.upsert_many(ids, lats, lons)
    for person in ids[left:].tolist():
        assert index.remove(person)
    fresh = Index()
    fresh.upsert_many(ids[:left], lats[:left], lons[:left])
    assert index.to_bytes() == fresh.to_bytes()
    assert index.stats()["bytes"] < 2 * fresh.stats()["bytes"]

"""While the engine is busy its threads are together on one processor."""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import processor
from engine.load import Load
from engine.processor import ALIKE, STAYS, Place, Processor, idle_ticks, put

ALL = frozenset({0, 1, 2})
FREE = Place(ALL)
IDLE, BUSY = Load(is_hot=False), Load(is_hot=True, spread=ALIKE - 0.1)
FLOOD = Load(is_hot=True, spread=ALIKE)


@dataclass
class Host:
    """A machine whose threads and processors do as a test says."""

    allowed: frozenset[int] = ALL
    threads: dict[int, str] = field(default_factory=lambda: {1: "main", 2: "journal"})
    at: dict[int, Place] = field(default_factory=dict)
    idle: dict[int, int] = field(default_factory=lambda: dict.fromkeys(ALL, 0))
    moves: int = 0
    forbids: type[OSError] | None = None

    def __post_init__(self) -> None:
        self.processor = Processor(
            idle_ticks=lambda: dict(self.idle),
            threads=self._threads,
            put=self._put,
            allowed=self.allowed,
        )

    def looks(self, *found: Load) -> None:
        """Let the processor follow what looks have found."""
        for load in found:
            self.processor.follow(load)

    def where(self) -> list[Place]:
        """Return the place of each thread."""
        return [self.at.get(native, FREE) for native in self.threads]

    def _threads(self) -> list[threading.Thread]:
        return [
            SimpleNamespace(native_id=native, name=name)  # type: ignore[misc] # a thread to the looker
            for native, name in self.threads.items()
        ]

    def _put(self, native: int, place: Place) -> None:
        self.moves += 1
        if self.forbids is not None:
            raise self.forbids
        self.at[native] = place


def test_the_threads_of_an_idle_process_run_where_the_kernel_likes() -> None:
    host = Host()
    host.looks(*[IDLE] * 3 * STAYS)
    assert host.moves == 0


def test_the_threads_of_a_busy_process_are_together_where_least_was_done() -> None:
    host = Host(idle={0: 0, 1: 0, 2: 0})
    host.idle = {0: 50, 1: 90, 2: 60}
    host.looks(BUSY)
    assert host.where() == [Place({1})] * 2


def test_what_was_done_there_long_before_does_not_count() -> None:
    host = Host()
    host.idle = {0: 0, 1: 0, 2: 90_000}
    host.looks(*[IDLE] * STAYS)
    host.idle = {0: 90, 1: 0, 2: 90_000}
    host.looks(BUSY)
    assert host.where() == [Place({0})] * 2


def test_in_a_flood_nobody_takes_the_processor_from_who_wakes_them_up() -> None:
    host = Host()
    host.looks(BUSY, FLOOD)
    assert host.where() == [Place({2}, os.SCHED_BATCH)] * 2


def test_beside_a_thread_that_does_not_rest_whoever_is_woken_up_runs_at_once() -> None:
    host = Host()
    host.looks(FLOOD, BUSY)
    assert host.where() == [Place({2}, os.SCHED_OTHER)] * 2


def test_a_thread_that_begins_later_joins_the_others() -> None:
    host = Host()
    host.looks(BUSY)
    host.threads[3] = "crew"
    host.looks(BUSY)
    assert host.where() == [Place({2})] * 3
    assert host.moves == len(host.threads), "nobody is moved twice"


def test_a_thread_that_computes_without_the_lock_keeps_every_processor() -> None:
    host = Host(threads={1: "main", 2: "argon2_0"})
    host.looks(FLOOD)
    assert host.where() == [Place({2}, os.SCHED_BATCH), FREE]
    assert host.at[2] == FREE, "said, as it may have begun where the others are"


def test_they_stay_together_over_a_pause_and_are_let_go_after_it() -> None:
    host = Host()
    host.looks(FLOOD, *[IDLE] * (STAYS - 1), BUSY, *[IDLE] * (STAYS - 1))
    assert host.where() == [Place({2})] * 2
    host.looks(IDLE)
    assert host.where() == [FREE] * 2


def test_one_that_begins_while_the_others_are_let_go_is_let_go_as_well() -> None:
    host = Host()
    host.looks(BUSY, *[IDLE] * STAYS)
    host.threads[3] = "crew"
    host.at[3] = Place({2})
    host.looks(*[IDLE] * STAYS)
    assert host.where() == [FREE] * 3
    moves = host.moves
    host.looks(*[IDLE] * 3 * STAYS)
    assert host.moves == moves


def test_the_next_time_they_meet_where_least_is_done_by_then() -> None:
    host = Host()
    host.looks(BUSY, *[IDLE] * STAYS)
    host.idle[0] += 10
    host.looks(BUSY)
    assert host.where() == [Place({0})] * 2


def test_on_a_machine_of_one_processor_the_flood_is_told_all_the_same() -> None:
    host = Host(allowed=frozenset({0}))
    host.looks(FLOOD)
    assert host.where() == [Place({0}, os.SCHED_BATCH)] * 2


@pytest.mark.parametrize("forbids", [ProcessLookupError, PermissionError])
def test_a_thread_that_ends_or_cannot_be_moved_does_no_harm(
    forbids: type[OSError],
) -> None:
    host = Host(forbids=forbids)
    host.looks(FLOOD, *[IDLE] * STAYS)
    assert host.where() == [FREE] * 2


def test_without_a_word_on_what_is_done_where_the_last_processor_is_taken() -> None:
    host = Host(idle={})
    host.looks(BUSY)
    assert host.where() == [Place({2})] * 2


def test_real_threads_are_moved_and_let_go() -> None:
    allowed, me = os.sched_getaffinity(0), threading.get_native_id()
    gate = threading.Event()
    other = threading.Thread(target=gate.wait)
    other.start()
    assert other.native_id is not None
    held = Processor()
    try:
        held.follow(FLOOD)
        assert len(os.sched_getaffinity(other.native_id)) == 1
        assert os.sched_getaffinity(other.native_id) == os.sched_getaffinity(me)
        assert os.sched_getscheduler(other.native_id) == os.SCHED_BATCH
    finally:
        for _ in range(STAYS):
            held.follow(IDLE)
        found = os.sched_getaffinity(other.native_id), os.sched_getaffinity(me)
        policy = os.sched_getscheduler(other.native_id)
        gate.set()
        other.join()
    assert found == (allowed, allowed)
    assert policy == os.SCHED_OTHER


def test_a_policy_that_somebody_else_has_chosen_is_kept() -> None:
    policies: list[int] = []

    def chosen_by_somebody() -> None:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        put(0, Place(os.sched_getaffinity(0), os.SCHED_BATCH))
        policies.append(os.sched_getscheduler(0))

    thread = threading.Thread(target=chosen_by_somebody)
    thread.start()
    thread.join()
    assert policies == [os.SCHED_IDLE]


def test_this_machine_tells_how_idle_each_processor_has_been() -> None:
    ticks = idle_ticks()
    assert ticks.keys() >= os.sched_getaffinity(0)
    assert all(each > 0 for each in ticks.values())


def test_a_machine_that_hides_it_is_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processor, "_STAT", tmp_path / "none")
    assert idle_ticks() == {}

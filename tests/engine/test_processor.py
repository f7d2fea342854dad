"""While the engine is busy its threads are together on one processor."""

import os
import threading
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import processor
from engine.processor import HOT, STAYS, Processor, idle_ticks, process_s

BUSY_S, IDLE_S = HOT + 0.1, HOT - 0.1
ALL = frozenset({0, 1, 2})


@dataclass
class Host:
    """A machine whose threads and processors do as a test says."""

    allowed: frozenset[int] = ALL
    threads: dict[int, str] = field(default_factory=lambda: {1: "main", 2: "journal"})
    on: dict[int, AbstractSet[int]] = field(default_factory=dict)
    idle: dict[int, int] = field(default_factory=lambda: dict.fromkeys(ALL, 0))
    spent_s: float = 0.0
    moves: int = 0
    forbids: type[OSError] | None = None

    def __post_init__(self) -> None:
        self.processor = Processor(
            process_s=lambda: self.spent_s,
            idle_ticks=lambda: dict(self.idle),
            threads=self._threads,
            confine=self._confine,
            allowed=self.allowed,
        )

    def second(self, computed_s: float) -> bool:
        """Let a second pass in which the process computes so much; look."""
        self.spent_s += computed_s
        return self.processor.look(1.0)

    def where(self) -> list[AbstractSet[int]]:
        """Return the processors of each thread."""
        return [self.on.get(native, self.allowed) for native in self.threads]

    def _threads(self) -> list[threading.Thread]:
        return [
            SimpleNamespace(native_id=native, name=name)  # type: ignore[misc] # a thread to the looker
            for native, name in self.threads.items()
        ]

    def _confine(self, native: int, processors: AbstractSet[int]) -> None:
        self.moves += 1
        if self.forbids is not None:
            raise self.forbids
        self.on[native] = processors


def test_the_threads_of_an_idle_process_run_where_the_kernel_likes() -> None:
    host = Host()
    for _ in range(3 * STAYS):
        assert not host.second(IDLE_S)
    assert host.moves == 0


def test_the_threads_of_a_busy_process_are_together_where_least_was_done() -> None:
    host = Host()
    host.idle = {0: 50, 1: 90, 2: 60}
    assert host.second(BUSY_S)
    assert host.where() == [{1}, {1}]


def test_what_was_done_there_long_before_does_not_count() -> None:
    host = Host()
    host.idle = {0: 0, 1: 0, 2: 90_000}
    for _ in range(STAYS):
        host.second(IDLE_S)
    host.idle = {0: 90, 1: 0, 2: 90_000}
    host.second(BUSY_S)
    assert host.where() == [{0}, {0}]


def test_a_thread_that_begins_later_joins_the_others() -> None:
    host = Host()
    host.second(BUSY_S)
    host.threads[3] = "crew"
    host.second(BUSY_S)
    assert host.where() == [{2}, {2}, {2}]
    assert host.moves == len(host.threads), "nobody is moved twice"


def test_a_thread_that_computes_without_the_lock_keeps_every_processor() -> None:
    host = Host(threads={1: "main", 2: "argon2_0"})
    host.second(BUSY_S)
    assert host.where() == [{2}, ALL]
    assert host.on[2] == ALL, "said, as it may have begun where the others are"


def test_they_stay_together_over_a_pause_and_are_let_go_after_it() -> None:
    host = Host()
    host.second(BUSY_S)
    for _ in range(STAYS - 1):
        host.second(IDLE_S)
    host.second(BUSY_S)
    for _ in range(STAYS - 1):
        host.second(IDLE_S)
    assert host.where() == [{2}, {2}]
    host.second(IDLE_S)
    assert host.where() == [ALL, ALL]


def test_the_next_time_they_meet_where_least_is_done_by_then() -> None:
    host = Host()
    host.second(BUSY_S)
    for _ in range(STAYS):
        host.second(IDLE_S)
    host.idle[0] += 10
    host.second(BUSY_S)
    assert host.where() == [{0}, {0}]


def test_a_process_that_may_take_one_processor_is_left_there() -> None:
    host = Host(allowed=frozenset({0}))
    assert host.second(BUSY_S)
    assert host.moves == 0


@pytest.mark.parametrize("forbids", [ProcessLookupError, PermissionError])
def test_a_thread_that_ends_or_cannot_be_moved_does_no_harm(
    forbids: type[OSError],
) -> None:
    host = Host(forbids=forbids)
    assert host.second(BUSY_S)
    for _ in range(STAYS):
        host.second(IDLE_S)
    assert host.where() == [ALL, ALL]


def test_without_a_word_on_what_is_done_where_the_last_processor_is_taken() -> None:
    host = Host(idle={})
    host.second(BUSY_S)
    assert host.where() == [{2}, {2}]


def test_real_threads_are_moved_and_let_go() -> None:
    allowed = os.sched_getaffinity(0)
    if len(allowed) == 1:
        pytest.skip("this machine has one processor")
    gate = threading.Event()
    other = threading.Thread(target=gate.wait)
    other.start()
    assert other.native_id is not None
    spent_s = iter((0.0, 1.0, *([1.0] * STAYS)))
    held = Processor(process_s=lambda: next(spent_s))
    try:
        assert held.look(1.0)
        chosen = os.sched_getaffinity(other.native_id)
        assert len(chosen) == 1
        assert chosen == os.sched_getaffinity(threading.get_native_id())
        for _ in range(STAYS):
            held.look(1.0)
        assert os.sched_getaffinity(other.native_id) == allowed
    finally:
        gate.set()
        other.join()
        os.sched_setaffinity(0, allowed)
    assert os.sched_getaffinity(0) == allowed


def test_this_machine_tells_how_idle_each_processor_has_been() -> None:
    ticks = idle_ticks()
    assert ticks.keys() >= os.sched_getaffinity(0)
    assert all(each > 0 for each in ticks.values())


def test_a_machine_that_hides_it_is_not_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(processor, "_STAT", tmp_path / "none")
    assert idle_ticks() == {}


def test_this_process_tells_how_long_it_has_computed() -> None:
    before_s, began_s = process_s(), time.process_time()
    while time.process_time() < began_s + 0.02:
        pass
    assert process_s() - before_s >= 0.01

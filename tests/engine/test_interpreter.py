"""How long a thread keeps the interpreter's lock follows from what the threads do."""

import threading
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.interpreter import (
    LONG_S,
    SHORT_S,
    SURE_AFTER,
    Interpreter,
    computed_ns,
    spread,
)
from engine.processor import HOT
from tests.rig import eventually

SECOND_NS = 1_000_000_000


class Host:
    """A process whose threads compute as a test says."""

    def __init__(self) -> None:
        self.threads: dict[int, int] = {}
        self.numbers: dict[str, int] = {}
        self.interval_s = 0.0
        self.interpreter = Interpreter(
            computed_ns=self._computed_ns,
            set_interval_s=self._set,
        )

    def second(self, **share: float) -> float:
        """Let a second pass in which the threads compute so much; look."""
        is_hot = sum(share.values()) >= HOT
        for thread, part in share.items():
            number = self.numbers.setdefault(thread, len(self.numbers))
            had_ns = self.threads.get(number, 0)
            self.threads[number] = had_ns + int(part * SECOND_NS)
        self.interpreter.look(is_hot=is_hot)
        return self.interval_s

    def _computed_ns(self) -> Mapping[int, int]:
        return dict(self.threads)

    def _set(self, interval_s: float) -> None:
        self.interval_s = interval_s


def flood(threads: int = 20) -> dict[str, float]:
    return {f"t{number}": 1.0 / threads for number in range(threads)}


def test_an_idle_process_hands_the_lock_on_at_once() -> None:
    host = Host()
    assert host.interval_s == SHORT_S
    assert host.second(gateway=0.2, journal=0.1) == SHORT_S


def test_in_a_flood_the_lock_is_kept_until_it_is_over() -> None:
    host = Host()
    for _ in range(SURE_AFTER):
        assert host.second(**flood()) == SHORT_S
    assert host.second(**flood()) == LONG_S
    assert host.second(gateway=0.1) == SHORT_S


def test_beside_a_thread_that_does_not_rest_the_lock_is_handed_on_at_once() -> None:
    host = Host()
    for _ in range(3):
        assert host.second(hog=0.5, **{t: p / 2 for t, p in flood().items()}) == SHORT_S


def test_one_look_that_misses_a_thread_that_does_not_rest_changes_nothing() -> None:
    host = Host()
    beside = {thread: part / 2 for thread, part in flood().items()}
    for _ in range(3):
        for _ in range(SURE_AFTER):
            assert host.second(hog=0.5, **beside) == SHORT_S
        assert host.second(hog=0.3, **flood()) == SHORT_S


def test_what_a_thread_did_before_the_flood_does_not_count() -> None:
    host = Host()
    host.second(start=9.0)
    host.second(idle=0.1)
    for _ in range(SURE_AFTER):
        host.second(**flood())
    assert host.second(**flood()) == LONG_S


def test_where_the_host_tells_nothing_the_short_one_stays() -> None:
    set_to: list[float] = []
    silent = Interpreter(computed_ns=dict, set_interval_s=set_to.append)
    for _ in range(SURE_AFTER + 2):
        silent.look(is_hot=True)
    assert set(set_to) == {SHORT_S}


@given(st.integers(1, 50), st.floats(0.001, 10))
def test_threads_that_compute_alike_count_one_each(threads: int, each_s: float) -> None:
    assert spread([each_s] * threads) == pytest.approx(threads)
    assert spread([each_s] * threads + [0.0] * 9) == pytest.approx(threads)


@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=50))
def test_computing_is_spread_over_one_thread_at_least_and_all_at_most(
    computed_s: list[float],
) -> None:
    assert spread(computed_s) * (1 + 1e-9) >= 1
    assert spread(computed_s) <= len(computed_s) * (1 + 1e-9)


def test_where_nobody_computes_it_is_spread_over_none() -> None:
    assert spread([]) == spread([0.0]) == 0


def test_this_process_tells_how_long_its_threads_have_computed() -> None:
    me = threading.get_native_id()
    before, before_s = computed_ns()[me], time.thread_time()
    while time.thread_time() < before_s + 0.02:
        pass
    assert 0 < computed_ns()[me] - before < SECOND_NS


def test_each_thread_is_asked_for_what_it_has_computed_itself() -> None:
    computed, gate = threading.Event(), threading.Event()

    def computes_and_waits() -> None:
        began_s = time.thread_time()
        while time.thread_time() < began_s + 0.02:
            pass
        computed.set()
        gate.wait()

    other = threading.Thread(target=computes_and_waits)
    other.start()
    computed.wait()
    assert other.native_id is not None
    assert 20_000_000 <= computed_ns()[other.native_id] < SECOND_NS
    gate.set()
    other.join()
    assert other.native_id not in computed_ns()


def test_a_thread_that_ends_while_it_is_looked_for_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Thread(target=str)
    ended.start()
    ended.join()
    known = [threading.current_thread(), ended, threading.Thread(target=str)]
    monkeypatch.setattr(threading, "enumerate", lambda: known)
    # The kernel's own part of it may end a little later.
    assert eventually(lambda: set(computed_ns()) == {threading.get_native_id()})

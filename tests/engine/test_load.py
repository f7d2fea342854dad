"""What the threads compute, and over how many it is spread, is seen at each look."""

import threading
import time
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.load import HOT, SURE_AFTER, Load, LoadWatch, computed_ns, process_s, spread
from tests.rig import eventually

SECOND_NS = 1_000_000_000
IDLE = Load(is_hot=False)


class Host:
    """A process whose threads compute as a test says."""

    def __init__(self) -> None:
        self.threads: dict[int, int] = {}
        self.numbers: dict[str, int] = {}
        self.watch = LoadWatch(
            computed_ns=self._computed_ns,
            process_s=lambda: sum(self.threads.values()) / SECOND_NS,
        )

    def second(self, **share: float) -> Load:
        """Let a second pass in which the threads compute so much; look."""
        for thread, part in share.items():
            number = self.numbers.setdefault(thread, len(self.numbers))
            had_ns = self.threads.get(number, 0)
            self.threads[number] = had_ns + int(part * SECOND_NS)
        return self.watch.look(1.0)

    def _computed_ns(self) -> Mapping[int, int]:
        return dict(self.threads)


def flood(threads: int = 20) -> dict[str, float]:
    return {f"t{number}": 1.0 / threads for number in range(threads)}


def test_an_idle_process_is_not_looked_into() -> None:
    host = Host()
    assert host.second(gateway=HOT / 2, journal=HOT / 4) == IDLE


def test_the_spread_is_known_from_the_second_look_on_and_lasts_after_a_few() -> None:
    host = Host()
    assert host.second(**flood()) == Load(is_hot=True)
    for _ in range(SURE_AFTER - 1):
        load = host.second(**flood())
        assert load.spread == pytest.approx(20)
        assert load.lasting_spread == 0
    assert host.second(**flood()).lasting_spread == pytest.approx(20)


def test_after_an_idle_look_all_begins_anew() -> None:
    host = Host()
    for _ in range(SURE_AFTER + 1):
        host.second(**flood())
    assert host.second(gateway=HOT / 2) == IDLE
    assert host.second(**flood()) == Load(is_hot=True)


def test_a_thread_that_does_not_rest_is_seen_beside_many_others() -> None:
    host = Host()
    beside = {thread: part / 2 for thread, part in flood().items()}
    for _ in range(SURE_AFTER + 1):
        load = host.second(hog=0.5, **beside)
    assert max(load.spread, load.lasting_spread) < 4


def test_one_look_that_misses_it_lasts_no_longer_than_the_look() -> None:
    host = Host()
    beside = {thread: part / 2 for thread, part in flood().items()}
    for _ in range(SURE_AFTER + 1):
        host.second(hog=0.5, **beside)
    load = host.second(hog=0.3, **flood())
    assert load.lasting_spread < 6 < load.spread


def test_what_a_thread_did_before_the_flood_does_not_count() -> None:
    host = Host()
    host.second(start=9.0)
    host.second(idle=0.1)
    for _ in range(SURE_AFTER + 1):
        load = host.second(**flood())
    assert load.lasting_spread == pytest.approx(20)


def test_where_the_host_tells_nothing_it_is_spread_over_none() -> None:
    spent_s = iter(range(9))
    silent = LoadWatch(computed_ns=dict, process_s=lambda: next(spent_s))
    for _ in range(SURE_AFTER + 2):
        assert silent.look(1.0) == Load(is_hot=True)


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
    before, before_s = computed_ns()[me], process_s()
    while process_s() < before_s + 0.02:
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

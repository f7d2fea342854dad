"""How long a thread keeps the interpreter's lock follows from what the threads do."""

import threading
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from engine.interpreter import (
    LONG_S,
    SHORT_S,
    Interpreter,
    computed_ns,
    interval_s,
    process_s,
)

SECOND_NS = 1_000_000_000


class Host:
    """A process whose threads compute as a test says."""

    def __init__(self) -> None:
        self.threads: dict[str, int] = {}
        self.interval_s = 0.0
        self.interpreter = Interpreter(
            computed_ns=self._computed_ns,
            process_s=lambda: sum(self.threads.values()) / SECOND_NS,
            set_interval_s=self._set,
        )

    def second(self, **share: float) -> float:
        """Let a second pass in which the threads compute so much; look."""
        for thread, part in share.items():
            had_ns = self.threads.get(thread, 0)
            self.threads[thread] = had_ns + int(part * SECOND_NS)
        self.interpreter.look(1.0)
        return self.interval_s

    def _computed_ns(self) -> Mapping[str, int]:
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
    host.second(**flood())
    assert host.second(**flood()) == LONG_S
    assert host.second(gateway=0.1) == SHORT_S


def test_beside_a_thread_that_does_not_rest_the_lock_is_handed_on_at_once() -> None:
    host = Host()
    for _ in range(3):
        assert host.second(hog=0.5, **{t: p / 2 for t, p in flood().items()}) == SHORT_S


def test_what_a_thread_did_before_the_flood_does_not_count() -> None:
    host = Host()
    host.second(start=9.0)
    host.second(idle=0.1)
    host.second(**flood())
    assert host.second(**flood()) == LONG_S


def test_where_the_host_tells_nothing_the_short_one_stays() -> None:
    set_to: list[float] = []
    spent_s = iter(range(9))
    silent = Interpreter(
        computed_ns=dict, process_s=lambda: next(spent_s), set_interval_s=set_to.append
    )
    for _ in range(3):
        silent.look(1.0)
    assert set(set_to) == {SHORT_S}


@given(st.lists(st.floats(0, 10), max_size=50))
def test_the_interval_is_one_of_the_two(shares: list[float]) -> None:
    assert interval_s(shares) in {SHORT_S, LONG_S}


def test_this_process_tells_how_long_its_threads_have_computed() -> None:
    me = str(threading.get_native_id())
    before, before_s = computed_ns()[me], process_s()
    while process_s() < before_s + 0.02:
        pass
    assert 0 < computed_ns()[me] - before < SECOND_NS

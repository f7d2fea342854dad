"""The search for cycles is kept short, and what it leaves out is not kept for ever."""

import gc
import weakref

from engine.collector import GROWN, LONG_S, Collector, resident_bytes

MEGABYTE = 1 << 20


class Host:
    """A process whose searches take as long as a test says."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.size = 100 * MEGABYTE
        self.asked: list[str] = []
        self.collector = Collector(
            lambda: self.now_s,
            freeze=lambda: self.asked.append("freeze"),
            thaw=lambda: self.asked.append("thaw"),
            resident_bytes=lambda: self.size,
        )
        self.asked.clear()

    def search(self, took_s: float, generation: int = 2) -> list[str]:
        """Let one search end; return what it led to."""
        self.asked.clear()
        self.collector.noted("start", {"generation": generation})
        self.now_s += took_s
        self.collector.noted("stop", {"generation": generation})
        return self.asked.copy()


def test_what_survives_a_long_search_is_left_out_of_the_next() -> None:
    host = Host()
    assert host.search(2 * LONG_S) == ["freeze"]
    assert host.search(LONG_S / 2) == []


def test_a_search_of_the_young_changes_nothing_however_long() -> None:
    assert Host().search(2 * LONG_S, generation=1) == []


def test_twice_the_size_is_searched_as_a_whole_once() -> None:
    host = Host()
    host.size = int(host.size * GROWN)
    assert host.search(2 * LONG_S) == ["freeze", "thaw"]
    assert host.search(10 * LONG_S) == ["freeze"]
    assert host.search(2 * LONG_S) == ["freeze"], "this is its size now"


def test_a_whole_search_that_was_quick_leaves_nothing_thawed() -> None:
    host = Host()
    host.size = int(host.size * GROWN)
    host.search(2 * LONG_S)
    assert host.search(LONG_S / 2) == ["freeze"]


class _Ring:
    def __init__(self) -> None:
        self.itself = self


def test_garbage_that_was_frozen_is_freed_by_the_whole_search() -> None:
    sizes = iter([100, 200, 100])
    seconds = iter(range(9))
    collector = Collector(
        lambda: float(next(seconds)), resident_bytes=lambda: next(sizes)
    )
    collector.listen()
    try:
        ring = _Ring()
        is_there = weakref.ref(ring)
        gc.collect()  # long, by that clock: the ring is frozen, then thawed
        del ring
        gc.collect()
        assert is_there() is None
    finally:
        gc.callbacks.remove(collector.noted)
        gc.unfreeze()


def test_the_size_of_this_process_is_read() -> None:
    assert 10 * MEGABYTE < resident_bytes() < 1 << 40

"""What the process has computed lately, and over how many threads that was spread."""

import resource
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

HOT: Final = 0.5
"""Of one processor, for the whole process: below it nobody waits for the lock."""

SURE_AFTER: Final = 3
"""Looks that together must be so for what they show to last."""

# include/linux/posix-timers_types.h: part of what the kernel promises to programs.
_CLOCK_SHIFT: Final = 3
_CLOCK_OF_A_THREAD: Final = 4
_CLOCK_SCHED: Final = 2


def spread(computed_s: Sequence[float]) -> float:
    """Return over how many threads computing is spread.

    It is the inverse Simpson index: `n` where `n` threads compute alike, little more
    than 1 where one computes and dozens do next to nothing.

    Args:
        computed_s: how long each thread has computed within the same while.

    """
    squares = sum(each * each for each in computed_s)
    return sum(computed_s) ** 2 / squares if squares else 0.0


def computed_ns() -> Mapping[int, int]:
    """Return how long each of Python's threads has computed, by the kernel's number.

    Linux only, and without giving the interpreter's lock away: in a flood each return
    of it is waited for, and whoever looks would see the flood when it is over.
    """
    found: dict[int, int] = {}
    for thread in threading.enumerate():
        native = thread.native_id
        if native is None:
            continue
        # A thread may end while it is looked for.
        with suppress(OSError):
            found[native] = time.clock_gettime_ns(_clock_of(native))
    return found


def _clock_of(thread: int) -> int:
    """Return the clock of what a thread has computed, as the kernel numbers it.

    `pthread_getcpuclockid` gives the same, and crashes for a thread that has ended.
    """
    return (~thread << _CLOCK_SHIFT) | _CLOCK_OF_A_THREAD | _CLOCK_SCHED


def process_s() -> float:
    """Return how long this process has computed."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


@dataclass(frozen=True, slots=True)
class Load:
    """What one look has found."""

    is_hot: bool
    spread: float = 0.0
    """Over how many threads since the last look; 0 where that is not known."""
    lasting_spread: float = 0.0
    """The least of that and of the last `SURE_AFTER` looks together; 0 before."""


class LoadWatch:
    """Looks at what the threads compute; for one thread alone."""

    def __init__(
        self,
        *,
        computed_ns: Callable[[], Mapping[int, int]] = computed_ns,
        process_s: Callable[[], float] = process_s,
    ) -> None:
        """Begin now."""
        self._computed_ns, self._process_s = computed_ns, process_s
        self._spent_s = process_s()
        self._looks: deque[Mapping[int, int]] = deque(maxlen=SURE_AFTER + 1)

    def look(self, passed_s: float) -> Load:
        """Return what was computed since the last look.

        Args:
            passed_s: seconds since then, or since the start.

        """
        spent_s = self._process_s()
        is_hot = spent_s - self._spent_s >= HOT * passed_s
        self._spent_s = spent_s
        looks = self._looks
        if not is_hot:
            looks.clear()
            return Load(is_hot=False)
        looks.append(self._computed_ns())
        if len(looks) == 1:
            return Load(is_hot=True)
        last = spread(_between(looks[-2], looks[-1]))
        if len(looks) <= SURE_AFTER:
            return Load(is_hot=True, spread=last)
        lasting = min(last, spread(_between(looks[0], looks[-1])))
        return Load(is_hot=True, spread=last, lasting_spread=lasting)


def _between(before: Mapping[int, int], now: Mapping[int, int]) -> list[float]:
    return [
        (spent_ns - before.get(thread, 0)) / 1e9 for thread, spent_ns in now.items()
    ]

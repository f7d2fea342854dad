"""How long a thread keeps the interpreter's lock while others wait for it.

Python takes the lock from a thread after an interval, 5 ms where nobody says otherwise.
Beside one thread that computes without end a short one is right: each time that an SOS
on its way gives the lock up it waits an interval to get it back, and it does so dozens
of times. Beside dozens of threads that all have a little to do, a thousand alarms at
once, a longer one is: each of those that wait wakes up once in an interval to ask for
the lock, and handing it on costs more than the work in between.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

SHORT_S: Final = 0.0002
"""After 0.1 ms an SOS beside a hog is answered no sooner, and a thousand alarms that
come beside it take half as long again."""

LONG_S: Final = 0.002
"""5 ms do no more for a flood, and beside a hog it takes two to four times as long."""

SPREAD: Final = 6.0
"""Over so many threads the computing must be spread for the lock to be kept long. In
a flood of alarms 7 to 15 were seen; among 2,000 reports a second beside a hog 4, and
5.6 at the most."""

SURE_AFTER: Final = 3
"""Looks that together must be so, and the last one alone."""

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


class Interpreter:
    """Fits the interval to what the threads do; looked at by one thread alone."""

    def __init__(
        self,
        *,
        computed_ns: Callable[[], Mapping[int, int]] = computed_ns,
        set_interval_s: Callable[[float], None] = sys.setswitchinterval,
    ) -> None:
        """Begin with the short interval."""
        self._computed_ns = computed_ns
        self._set_interval_s = set_interval_s
        self._looks: deque[Mapping[int, int]] = deque(maxlen=SURE_AFTER + 1)
        self._set_interval_s(SHORT_S)

    def look(self, *, is_hot: bool) -> None:
        """Set the interval by what was computed since the last look.

        Args:
            is_hot: whether the process was busy since then.

        """
        if not is_hot:
            self._looks.clear()
            self._set_interval_s(SHORT_S)
            return
        looks = self._looks
        looks.append(self._computed_ns())
        is_sure = len(looks) > SURE_AFTER and all(
            spread(_between(before, looks[-1])) >= SPREAD
            for before in (looks[0], looks[-2])
        )
        self._set_interval_s(LONG_S if is_sure else SHORT_S)


def _between(before: Mapping[int, int], now: Mapping[int, int]) -> list[float]:
    return [
        (spent_ns - before.get(thread, 0)) / 1e9 for thread, spent_ns in now.items()
    ]

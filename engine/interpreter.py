"""How long a thread keeps the interpreter's lock while others wait for it.

Python takes the lock from a thread after an interval, 5 ms where nobody says otherwise.
Beside one thread that computes without end a short one is right: each time that an SOS
on its way gives the lock up it waits an interval to get it back, and it does so dozens
of times. Beside dozens of threads that all have a little to do, a thousand alarms at
once, a long one is: handing the lock on costs more than the work in between.
"""

import os
import resource
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

SHORT_S: Final = 0.0001
LONG_S: Final = 0.005
HOT: Final = 0.5
"""Of one processor, for the whole process: below it nobody waits for the lock."""

SPREAD: Final = 7.0
"""Over so many threads the computing must be spread for the lock to be kept long. In
a flood of alarms 8 to 20 were seen; beside a hog 2 to 4, and 6.5 at the most."""

SURE_AFTER: Final = 3
"""Looks that together must be so, and the last one alone: beside a hog with the long
interval whoever looks waits half a second for its next look, as an SOS does."""

_TASKS: Final = "/proc/self/task"
_LINE_BYTES_MAX: Final = 128


def spread(computed_s: Sequence[float]) -> float:
    """Return over how many threads computing is spread.

    It is the inverse Simpson index: `n` where `n` threads compute alike, little more
    than 1 where one computes and dozens do next to nothing.

    Args:
        computed_s: how long each thread has computed within the same while.

    """
    squares = sum(each * each for each in computed_s)
    return sum(computed_s) ** 2 / squares if squares else 0.0


def computed_ns() -> Mapping[str, int]:
    """Return how long each thread of this process has computed, by thread (Linux)."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for thread in os.listdir(_TASKS):  # noqa: PTH208 - names alone, ten times faster
            # A thread may end while it is looked for.
            with suppress(OSError, ValueError):
                found[thread] = _computed_ns(thread)
    return found


def _computed_ns(thread: str) -> int:
    # Descriptors take a sixth of the time that paths do: this is asked in a flood.
    file = os.open(f"{_TASKS}/{thread}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(file, _LINE_BYTES_MAX).split()[0])
    finally:
        os.close(file)


def process_s() -> float:
    """Return how long this process has computed."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


class Interpreter:
    """Fits the interval to what the threads do; looked at by one thread alone."""

    def __init__(
        self,
        *,
        computed_ns: Callable[[], Mapping[str, int]] = computed_ns,
        process_s: Callable[[], float] = process_s,
        set_interval_s: Callable[[float], None] = sys.setswitchinterval,
    ) -> None:
        """Begin with the short interval."""
        self._computed_ns, self._process_s = computed_ns, process_s
        self._set_interval_s = set_interval_s
        self._spent_s = process_s()
        self._looks: deque[Mapping[str, int]] = deque(maxlen=SURE_AFTER + 1)
        self._set_interval_s(SHORT_S)

    def look(self, passed_s: float) -> None:
        """Set the interval by what was computed since the last look.

        Args:
            passed_s: seconds since then, or since the start.

        """
        spent_s = self._process_s()
        is_hot = spent_s - self._spent_s >= HOT * passed_s
        self._spent_s = spent_s
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


def _between(before: Mapping[str, int], now: Mapping[str, int]) -> list[float]:
    return [
        (spent_ns - before.get(thread, 0)) / 1e9 for thread, spent_ns in now.items()
    ]

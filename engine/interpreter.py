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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

SHORT_S: Final = 0.0001
LONG_S: Final = 0.005
HOT: Final = 0.5
"""Of one processor, for the whole process: below it nobody waits for the lock."""

HOG: Final = 0.35
"""Of all that the process computes: one thread with so much of it does not rest. In a
flood of alarms the busiest was seen at 0.3, beside a hog the hog at 0.45."""

_TASKS: Final = Path("/proc/self/task")


def interval_s(computed_s: Sequence[float]) -> float:
    """Return how long a thread shall keep the lock.

    Args:
        computed_s: how long each thread has computed within the same while, in
            which the process was hot.

    """
    whole_s = sum(computed_s)
    return SHORT_S if max(computed_s, default=0.0) >= HOG * whole_s else LONG_S


def computed_ns() -> Mapping[str, int]:
    """Return how long each thread of this process has computed, by thread (Linux)."""
    found: dict[str, int] = {}
    with suppress(OSError):
        for thread in os.listdir(_TASKS):  # noqa: PTH208 - names alone, ten times faster
            # A thread may end while it is looked for.
            with suppress(OSError, ValueError):
                spent = (_TASKS / thread / "schedstat").read_text(encoding="ascii")
                found[thread] = int(spent.split()[0])
    return found


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
        self._before: Mapping[str, int] = {}
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
            self._before = {}
            self._set_interval_s(SHORT_S)
            return
        before, self._before = self._before, self._computed_ns()
        if before:
            since = [
                (now_ns - before.get(thread, 0)) / 1e9
                for thread, now_ns in self._before.items()
            ]
            self._set_interval_s(interval_s(since))

"""One processor for all threads of the engine while it is busy.

Python computes in one thread at a time. Who is handed the interpreter's lock on another
processor must be woken up there first, in a virtual machine by way of its host, and a
thousand alarms at once spend more time on that than on their work. On one processor the
next thread goes on where the last one goes to sleep. While little happens threads run
where the kernel likes: a packet or a modem then need not wait for another thread's end.

No other program is kept from anything. Where one takes so much of the processor that
the engine gets less than half of it, the engine counts as idle, and is let go.
"""

import os
import resource
import threading
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path
from typing import Final

HOT: Final = 0.5
"""Of one processor, for the whole process: below it nobody waits for the lock."""

STAYS: Final = 20
"""Looks without much to do before the threads are let go: a flood has pauses."""

OUTSIDE: Final = ("argon2",)
"""How the names of threads begin that compute without the interpreter's lock: they take
a processor of their own where there is one."""

_STAT: Final = Path("/proc/stat")
_IDLE: Final = slice(4, 6)  # idle, and idle while a disk is waited for; proc_stat(5)


def process_s() -> float:
    """Return how long this process has computed."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def idle_ticks() -> Mapping[int, int]:
    """Return how long each processor has had nothing to do (Linux; empty elsewhere)."""
    try:
        lines = _STAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    fields = [line.split() for line in lines if line.startswith("cpu")]
    return {
        int(each[0].removeprefix("cpu")): sum(map(int, each[_IDLE]))
        for each in fields
        if each[0] != "cpu"  # the sum of all
    }


class Processor:
    """Knows whether the process is busy, and where it is; for one thread alone."""

    def __init__(
        self,
        *,
        process_s: Callable[[], float] = process_s,
        idle_ticks: Callable[[], Mapping[int, int]] = idle_ticks,
        threads: Callable[[], Iterable[threading.Thread]] = threading.enumerate,
        confine: Callable[[int, AbstractSet[int]], None] = os.sched_setaffinity,
        allowed: AbstractSet[int] | None = None,
    ) -> None:
        """Begin idle; `allowed` are the processors that this process may take."""
        self._process_s, self._idle_ticks = process_s, idle_ticks
        self._threads, self._confine = threads, confine
        self._allowed = os.sched_getaffinity(0) if allowed is None else allowed
        self._spent_s = process_s()
        self._idle = idle_ticks()
        self._chosen: int | None = None
        self._confined: set[int | None] = set()
        self._cold_looks = 0

    def look(self, passed_s: float) -> bool:
        """Return whether the process is busy; hold its threads together meanwhile.

        Args:
            passed_s: seconds since the last look, or since the start.

        """
        spent_s = self._process_s()
        is_hot = spent_s - self._spent_s >= HOT * passed_s
        self._spent_s = spent_s
        self._cold_looks = 0 if is_hot else self._cold_looks + 1
        if len(self._allowed) > 1:
            self._hold(is_hot=is_hot)
        return is_hot

    def _hold(self, *, is_hot: bool) -> None:
        if is_hot and self._chosen is None:
            self._chosen = self._idlest()
        if self._cold_looks and self._cold_looks % STAYS == 0:
            self._let_go()
            self._idle = self._idle_ticks()
        if self._chosen is not None:
            self._gather({self._chosen})

    def _idlest(self) -> int:
        """Return which had least to do; of equals the last: the first serves IRQs."""
        now, before = self._idle_ticks(), self._idle
        return max(
            self._allowed, key=lambda cpu: (now.get(cpu, 0) - before.get(cpu, 0), cpu)
        )

    def _gather(self, chosen: AbstractSet[int]) -> None:
        # A new thread is where the one is that began it.
        running = {each.native_id: each.name for each in self._threads()}
        for native in running.keys() - self._confined:
            is_outside = running[native].startswith(OUTSIDE)
            self._move(native, self._allowed if is_outside else chosen)
        self._confined = set(running)

    def _let_go(self) -> None:
        self._chosen = None
        for native in self._confined:
            self._move(native, self._allowed)
        self._confined.clear()

    def _move(self, native: int | None, processors: AbstractSet[int]) -> None:
        if native is None:
            return  # about to begin
        # It may have ended; and a host may forbid it, which costs time and no alarm.
        with suppress(OSError):
            self._confine(native, processors)

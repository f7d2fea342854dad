"""One processor for all threads of the engine while it is busy.

Python computes in one thread at a time. Who is handed the interpreter's lock on another
processor must be woken up there first, in a virtual machine by way of its host, and a
thousand alarms at once spend more time on that than on their work. On one processor the
next thread goes on where the last one goes to sleep. While little happens threads run
where the kernel likes: a packet or a modem then need not wait for another thread's end.

A thread that is woken up takes the processor at once from the one that woke it, finds
that this one has the lock, and goes to sleep again. In a flood of alarms, to which
many threads do their part, the kernel is told not to do that (`SCHED_BATCH`). Beside a
thread that computes without end it must: only who runs can ask for the lock.

No other program is kept from anything. Where one takes so much of the processor that
the engine gets less than half of it, the engine counts as idle, and is let go.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.load import Load

ALIKE: Final = 4.0
"""Over so many threads the computing must be spread for none to be in the way of the
others. In a flood of alarms three looks in four find more; among 2,000 reports a second
beside a hog one in fifty does, and 3 is usual."""

STAYS: Final = 20
"""Looks without much to do before the threads are let go: a flood has pauses."""

OUTSIDE: Final = ("argon2",)
"""How the names of threads begin that compute without the interpreter's lock: they take
a processor of their own where there is one."""

_STAT: Final = Path("/proc/stat")
_IDLE: Final = slice(4, 6)  # idle, and idle while a disk is waited for; proc_stat(5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where threads run, and whether they take the processor from who wakes them up."""

    processors: AbstractSet[int]
    policy: int = os.SCHED_OTHER


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


def put(native: int, place: Place) -> None:
    """Put a thread, by the kernel's number, into its place."""
    os.sched_setaffinity(native, place.processors)
    # Somebody who runs the engine in real time wants it so.
    if os.sched_getscheduler(native) in {os.SCHED_OTHER, os.SCHED_BATCH}:
        os.sched_setscheduler(native, place.policy, os.sched_param(0))


class Processor:
    """Holds the threads together while the process is busy; for one thread alone."""

    def __init__(
        self,
        *,
        idle_ticks: Callable[[], Mapping[int, int]] = idle_ticks,
        threads: Callable[[], Iterable[threading.Thread]] = threading.enumerate,
        put: Callable[[int, Place], None] = put,
        allowed: AbstractSet[int] | None = None,
    ) -> None:
        """Begin idle; `allowed` are the processors that this process may take."""
        self._idle_ticks, self._threads, self._put = idle_ticks, threads, put
        free = os.sched_getaffinity(0) if allowed is None else allowed
        self._free = self._place = Place(free)
        self._idle = idle_ticks()
        self._placed: set[int | None] = set()
        self._cold_looks = 0

    def follow(self, load: Load) -> None:
        """Gather the threads or let them go, by what a look has found."""
        if load.is_hot:
            self._cold_looks = 0
            is_flood = load.spread >= ALIKE
            policy = os.SCHED_BATCH if is_flood else os.SCHED_OTHER
            self._gather(Place(self._chosen(), policy))
            return
        self._cold_looks += 1
        if self._cold_looks % STAYS == 0:
            self._idle = self._idle_ticks()
            if self._placed:  # also who began just as the others were let go
                self._gather(self._free)
        elif self._place is not self._free:
            self._gather(Place(self._chosen()))

    def _chosen(self) -> AbstractSet[int]:
        """Return the processor; the idlest, and of equals the last: 0 serves IRQs."""
        if self._place is not self._free:
            return self._place.processors
        now, before = self._idle_ticks(), self._idle

        def had_nothing_to_do(cpu: int) -> tuple[int, int]:
            return now.get(cpu, 0) - before.get(cpu, 0), cpu

        return {max(self._free.processors, key=had_nothing_to_do)}

    def _gather(self, place: Place) -> None:
        if place != self._place:
            self._place = place
            self._placed.clear()
        # A new thread is where the one is that began it.
        running = {each.native_id: each.name for each in self._threads()}
        for native in running.keys() - self._placed:
            is_outside = running[native].startswith(OUTSIDE)
            self._move(native, self._free if is_outside else place)
        self._placed = set(running)

    def _move(self, native: int | None, place: Place) -> None:
        if native is None:
            return  # about to begin
        # It may have ended; and a host may forbid it, which costs time and no alarm.
        with suppress(OSError):
            self._put(native, place)

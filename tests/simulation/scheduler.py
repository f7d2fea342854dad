"""The scheduler under the simulator: greenlets, virtual time, one seed.

A task gives up control exactly where a thread would block. Who runs next, and whether
one goes on after a tell, the seed decides; time moves only when nobody can run.
"""

import hashlib
import random
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import ceil

import pykka
from greenlet import GreenletExit, getcurrent  # type: ignore[import-untyped]

from engine.values import Instant
from tests.fakes import START
from tests.simulation.tasks import Later, Task, Wait

_PREEMPTED_AFTER_TELL = 0.1
_POLLS_AT_ONCE = 0.1
_POLLS_AGAIN_S = 0.2
_NS = 1_000_000_000
_NEVER_NS = 2**63
STEPS_MAX = 20_000
"""More at one time is a loop without a pause; the busiest days and tests need fewer."""


_Entry = tuple[int, float, int, "Wait"]
"""Nanoseconds, a draw and a serial number that order equal ones, and who waits."""


class DeadlockError(Exception):
    """Whoever waits here can never be woken: nothing is left that could run."""


class LivelockError(Exception):
    """The world runs and runs, and its time stands still."""


class Scheduler:
    """Tasks in virtual time: whose turn it is, by one seed."""

    def __init__(
        self,
        seed: int,
        now: Instant = START,
        *,
        steps_at_one_time_max: int = STEPS_MAX,
    ) -> None:
        """Start with an empty world; whatever other world there was is over.

        Args:
            seed: decides every order and every draw.
            now: the virtual time to begin at.
            steps_at_one_time_max: more tasks resumed, and it counts as a livelock.

        """
        pykka.ActorRegistry._actor_refs.clear()
        self.seed = seed
        self.dead = False
        self.switches = 0
        self.idle: Callable[[], bool] | None = None
        """Whether a look at the rows would find nothing now: polls wait meanwhile."""
        self.alone: tuple[str, ...] = ()
        """How the names of those begin who alone would find something, where it is so:
        a message may lie in a modem for an hour, and nobody else can read it."""
        self.keeps_time: Callable[[str], bool] = lambda _: False
        """Whether an actor has a deadline now, by its class; else it only polls."""
        self.wall_offset_ms = 0
        """How far the system's wall clock is off, for whoever starts an engine."""
        self._start = now
        self._steps_max = steps_at_one_time_max
        self._ns = 0
        self._chance = random.Random(seed)
        self._draw = self._chance.random
        self._main = getcurrent()
        self._to_main: Callable[[], bool] = self._main.switch
        self._running: Task | None = None
        """None while the test itself runs."""
        self._tasks: dict[Task, None] = {}
        self._serial = count().__next__
        self._ready: list[tuple[Wait, bool]] = []
        self._timed: list[_Entry] = []
        self._polls: list[_Entry] = []
        self._left_out_ns = 0
        """Polls of before this moment were left out while all idled."""
        self._for_replies: dict[Task | None, None] = {}
        self._told: list[str] = []

    def now(self) -> Instant:
        """Return the virtual time in UTC."""
        return Instant(self._start.ms + self._ns // 1_000_000)

    def boottime_s(self) -> float:
        """Return virtual seconds since the world began."""
        return self._ns / _NS

    def boot_ns(self) -> int:
        """Return virtual nanoseconds since the world began."""
        return self._ns

    @property
    def left_out_s(self) -> float:
        """Virtual seconds until which looks were left out while all idled."""
        return min(self._left_out_ns, self._ns) / _NS

    def wall_ns(self) -> int:
        """Return what the system's wall clock claims, nanoseconds since 1970."""
        return (self._start.ms + self.wall_offset_ms) * 1_000_000 + self._ns

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the caller alone."""
        if seconds > 0:
            self.park(seconds)

    def chance(self) -> float:
        """Return the next number in [0, 1) of the world's own stream."""
        return self._draw()

    def fork(self, component: str) -> random.Random:
        """Return a stream of chance that no other component disturbs."""
        return random.Random(f"{self.seed}/{component}")

    @property
    def running(self) -> str:
        """Return the name of whoever runs, as `begin` was given it; empty: the test."""
        return self._running.name.rpartition("-")[0] if self._running else ""

    def note(self, text: str) -> None:
        """Put an observation into the trace."""
        self._told.append(f"{self._ns} {text}\n")

    @property
    def trace(self) -> str:
        """Return the hash of all that has happened, in order."""
        told = "".join(self._told).encode()
        return hashlib.blake2b(told, digest_size=8).hexdigest()

    def begin(self, task: Callable[[], object], name: str = "task") -> Task:
        """Run a function as a task of its own: a device, a person, a far end."""
        return self._begun(Task(task, f"{name}-{self._serial()}"))

    def later(self, seconds: float, act: Callable[[], object], name: str) -> None:
        """Begin a task that sleeps for so long (more than 0), then acts and is over.

        It must not wait again, nor tell an actor anything.
        """
        after_ns = ceil(seconds * _NS)
        wait = partial(self.wait_for, after_ns)
        self._begun(Later(wait, act, f"{name}-{self._serial()}"))

    def _begun(self, new: Task) -> Task:
        self._tasks[new] = None
        new.wait = Wait(new)
        self._ready.append((new.wait, True))
        return new

    def run(self, seconds: float) -> None:
        """Let that much virtual time pass for everybody."""
        until_ns = self._ns + round(seconds * _NS)
        self._run(until_ns, until=lambda: False)
        self._ns = max(self._ns, until_ns)

    def run_until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Run until the condition holds; False where it does not in that time."""
        until_ns = self._ns + round(within_s * _NS)
        self._run(until_ns, until=condition)
        if condition():
            return True
        self._ns = max(self._ns, until_ns)
        return False

    def suspend(self, seconds: float) -> None:
        """Let time pass in which nobody runs, as in a suspend or a SIGSTOP."""
        self._ns += round(seconds * _NS)

    def deadlocked(self) -> list[str]:
        """Name the tasks that wait for a reply, for ever, where nothing can run."""
        for timed in (self._timed, self._polls):
            _drop_over(timed)
        if self._ready or self._timed or self._polls:
            return []
        return sorted(task.name for task in self._for_replies if task is not None)

    def crash(self) -> None:
        """`kill -9`: nothing of this world acts again; its `finally`s are unseen."""
        self.dead = True
        pykka.ActorRegistry._actor_refs.clear()
        self.kill(list(self._tasks))
        self._ready.clear()
        self._timed.clear()
        self._polls.clear()

    def kill(self, tasks: Iterable[Task]) -> None:
        """End tasks where they wait; only the test may."""
        assert getcurrent() is self._main, "only the test kills"
        for task in tasks:
            if task.wait is not None:
                task.wait.over = True
                task.wait = None
            task.end()
            self._tasks.pop(task, None)
            self._for_replies.pop(task, None)

    def park(
        self,
        timeout_s: float | None,
        waits: list[Wait] | None = None,
        *,
        for_reply: bool = False,
        is_poll: bool = False,
    ) -> bool:
        """Give up control until woken (True) or the time is over (False)."""
        if self.dead:
            raise GreenletExit
        task = self._running
        wait = Wait(task)
        if waits is not None:
            waits.append(wait)
        if timeout_s is not None:
            # Rounded up, lest one who waits for the last half nanosecond spins.
            after_ns = ceil(timeout_s * _NS) if timeout_s > 0 else 0
            if is_poll:
                wait.every_ns = after_ns
            timed = self._polls if is_poll else self._timed
            at_ns = self._ns + after_ns
            heappush(timed, (at_ns, self._draw(), self._serial(), wait))
        elif for_reply:
            self._for_replies[task] = None
            try:
                return self._give_up_control(wait)
            finally:
                self._for_replies.pop(task, None)
        if task is None:
            return self._give_up_control(wait)
        task.wait = wait
        return self._to_main()

    def wait_for(self, after_ns: int, task: Task) -> None:
        """Have a task resumed after so long."""
        task.wait = wait = Wait(task)
        self._push(self._timed, after_ns, wait)

    def wake(self, waits: list[Wait]) -> None:
        """Let those who wait there run again."""
        for wait in waits:
            self._ready.append((wait, True))
        waits.clear()

    def maybe_preempt(self) -> None:
        """Let others run first, by the seed's choice, as a thread may be preempted."""
        task = self._running
        if task is None or self.dead:
            return
        if self._draw() < _PREEMPTED_AFTER_TELL:
            wait = Wait(task)
            self._ready.append((wait, True))
            self._give_up_control(wait)

    def _give_up_control(self, wait: Wait) -> bool:
        if wait.task is not None:
            wait.task.wait = wait
            return self._to_main()
        # The test itself waits: everybody else runs meanwhile.
        self._run(None, until=lambda: wait.over)
        if not wait.over:
            raise DeadlockError
        return wait.woken

    def _run(self, until_ns: int | None, *, until: Callable[[], bool]) -> None:
        """Resume one after the other."""
        assert getcurrent() is self._main, "only the test drives the world"
        try:
            self._turn(_NEVER_NS if until_ns is None else until_ns, until)
        finally:
            self._running = None

    def _turn(self, last_ns: int, until: Callable[[], bool]) -> None:
        """The innermost loop of every simulated day."""
        ready, draw, told, tasks = self._ready, self._draw, self._told, self._tasks
        steps, at_ns, at = 0, self._ns, f"{self._ns} "
        while not until():
            if not ready:
                entry = self._next_timed(last_ns)
                if entry is None:
                    return
                self._ns = max(self._ns, entry[0])  # late after a suspend
                wait, woken = entry[3], False
            else:
                chosen = wait, woken = ready.pop()
                if ready and (index := int(draw() * (len(ready) + 1))) < len(ready):
                    (wait, woken), ready[index] = ready[index], chosen
            if wait.over:
                continue  # its time was over before it was woken: nobody runs
            wait.over, wait.woken = True, woken
            task = wait.task
            if task is not None:
                task.wait = None
                if self._ns != at_ns:
                    steps, at_ns, at = 0, self._ns, f"{self._ns} "
                told += at, task.woken if woken else task.late
                self._running = task
                task.switch(woken)
                self._running = None
                self.switches += 1
                if task.dead:
                    tasks.pop(task, None)
            steps += 1
            if steps > self._steps_max:
                raise LivelockError

    def _next_timed(self, until_ns: int) -> _Entry | None:
        """Take whose time is next; while the world idles, whoever does not poll."""
        timed, polls = self._timed, self._polls
        while timed and timed[0][3].over:
            heappop(timed)
        while polls and polls[0][3].over:
            heappop(polls)
        by_ns = min(timed[0][0], until_ns) if timed else until_ns
        if polls and polls[0][0] <= by_ns:
            if self.idle is not None and self.idle():
                self._left_out_ns = max(self._left_out_ns, self._ns, by_ns)
            elif (entry := self._next_poll(by_ns)) is not None:
                return entry
        if timed and timed[0][0] <= until_ns:
            return heappop(timed)
        return None

    def _next_poll(self, by_ns: int) -> _Entry | None:
        """Take who looks next.

        Looks that were left out would have found nothing, and whoever looks has gone
        on looking: most are under way again at some time within their interval, and
        the seed has some look at this very moment.
        """
        polls, alone = self._polls, self.alone
        found, others = None, list[Wait]()
        while found is None and polls and polls[0][0] <= by_ns:
            entry = heappop(polls)
            at_ns, draw, _, wait = entry
            if wait.over:
                continue
            if alone and wait.task and not wait.task.name.startswith(alone):
                others.append(wait)
            elif at_ns >= self._left_out_ns or draw < _POLLS_AT_ONCE:
                found = entry
            else:
                self._push(polls, self._again_after(wait), wait)
        behind_ns = (by_ns if found is None else found[0]) - self._ns
        for wait in others:
            self._push(polls, behind_ns + self._again_after(wait), wait)
        return found

    def _again_after(self, wait: Wait) -> int:
        """Return when somebody looks again who has gone on looking."""
        return round(self._draw() * max(wait.every_ns, round(_POLLS_AGAIN_S * _NS)))

    def _push(self, timed: list[_Entry], after_ns: int, wait: Wait) -> None:
        entry = (self._ns + after_ns, self._draw(), self._serial(), wait)
        heappush(timed, entry)


def _drop_over(timed: list[_Entry]) -> None:
    while timed and timed[0][3].over:
        heappop(timed)

"""Runs production actors without threads, in virtual time, from one seed.

`simulated(cls, world)` puts `SimActor` in front of a production class and so
replaces the three hooks by which Pykka makes threads. Each actor's own Pykka loop
runs in a greenlet that gives up control exactly where a thread would block (at its
inbox, in a reply's `get`, in `Clock.sleep`) and, by the seed's choice, after a tell.
"""

import hashlib
import heapq
import math
import queue
import random
import sys
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar, cast

import pykka
from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]

from engine.supervision.inbox import Inbox
from engine.values import Instant
from tests.fakes import START

A = TypeVar("A", bound=pykka.Actor)
T = TypeVar("T")

_PREEMPTED_AFTER_TELL = 0.1
_NS = 1_000_000_000


class DeadlockError(Exception):
    """Whoever waits here can never be woken: nothing is left that could run."""


class LivelockError(Exception):
    """The world runs and runs, and its time stands still."""


class Wait:
    """One greenlet at one blocking point; resumed once, by wake-up or time-out."""

    __slots__ = ("over", "task", "timed", "woken")

    def __init__(self, task: greenlet, *, timed: bool) -> None:
        self.task = task
        self.timed = timed
        self.over = False
        self.woken = False


class World:
    """The scheduler, and the clock that its actors are given."""

    def __init__(
        self,
        seed: int,
        now: Instant = START,
        *,
        steps_at_one_time_max: int = 1_000_000,
    ) -> None:
        """Start with an empty world; whatever other world there was is over.

        Args:
            seed: decides every order and every draw.
            now: the virtual time to begin at.
            steps_at_one_time_max: more, and it counts as a livelock.

        """
        pykka.ActorRegistry._actor_refs.clear()
        self.seed = seed
        self.dead = False
        self.switches = 0
        self.futures: type[SimFuture] = type("SimFuture", (SimFuture,), {"world": self})
        self._start = now
        self._steps_max = steps_at_one_time_max
        self._ns = 0
        self._chance = random.Random(seed)
        self._main = getcurrent()
        self._names: dict[greenlet, str] = {}
        self._serial = count()
        self._ready: list[tuple[Wait, bool]] = []
        self._timed: list[tuple[int, float, int, Wait]] = []
        self._for_replies: dict[greenlet, None] = {}
        self._trace = hashlib.blake2b(digest_size=8)
        self._classes: dict[type[pykka.Actor], type[pykka.Actor]] = {}

    def now(self) -> Instant:
        """Return the virtual time in UTC."""
        return Instant(self._start.ms + self._ns // 1_000_000)

    def boottime_s(self) -> float:
        """Return virtual seconds since the world began."""
        return self._ns / _NS

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the caller alone."""
        if seconds > 0:
            self.park(seconds)

    def chance(self) -> float:
        """Return the next number in [0, 1) of the world's own stream."""
        return self._chance.random()

    def fork(self, component: str) -> random.Random:
        """Return a stream of chance that no other component disturbs."""
        return random.Random(f"{self.seed}/{component}")

    def note(self, text: str) -> None:
        """Put an observation into the trace."""
        self._trace.update(f"{self._ns} {text}\n".encode())

    @property
    def trace(self) -> str:
        """Return the hash of all that has happened, in order."""
        return self._trace.hexdigest()

    def spawn(self, actor: type[A], /, **arguments: object) -> "pykka.ActorRef[A]":
        """Start a production actor here; what a supervision tree is given."""
        if actor not in self._classes:
            self._classes[actor] = simulated(actor, self)
        return cast("type[A]", self._classes[actor]).start(**arguments)

    def begin(self, task: Callable[[], object], name: str = "task") -> None:
        """Run a function as a task of its own: a device, a person, a far end."""
        new = greenlet(lambda _: task(), parent=self._main)
        self._names[new] = f"{name}-{next(self._serial)}"
        self._ready.append((Wait(new, timed=False), True))

    def call(self, function: Callable[[], T], within_s: float = 3600.0) -> T:
        """Run a function in a task until it returns; for tests.

        Raises:
            DeadlockError: it does not return within that virtual time.

        """
        future = self.futures()

        def task() -> None:
            try:
                future.set(function())
            except Exception:  # noqa: BLE001 - the caller's to judge
                future.set_exception()

        self.begin(task, "call")
        try:
            result: T = future.get(timeout=within_s)
        except pykka.Timeout as error:
            if future.result is not None:
                raise  # the function's own
            raise DeadlockError from error
        return result

    def run(self, seconds: float) -> None:
        """Let that much virtual time pass for everybody."""
        until_ns = self._ns + round(seconds * _NS)
        self._run(until_ns, until=lambda: False)
        self._ns = max(self._ns, until_ns)

    def run_until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Run until the condition holds; False where it does not in that time."""
        self._run(self._ns + round(within_s * _NS), until=condition)
        return condition()

    def suspend(self, seconds: float) -> None:
        """Let time pass in which nobody runs, as in a suspend or a SIGSTOP."""
        self._ns += round(seconds * _NS)

    def deadlocked(self) -> list[str]:
        """Name the tasks that wait for a reply, for ever, where nothing can run."""
        self._drop_over()
        if self._ready or self._timed:
            return []
        return sorted(self._names[task] for task in self._for_replies)

    def crash(self) -> None:
        """`kill -9`: nothing of this world acts again; its `finally`s are unseen."""
        self.dead = True
        pykka.ActorRegistry._actor_refs.clear()
        for task in self._names:
            if task:
                task.throw(GreenletExit)
        self._ready.clear()
        self._timed.clear()

    def park(
        self,
        timeout_s: float | None,
        waits: list[Wait] | None = None,
        *,
        for_reply: bool = False,
    ) -> bool:
        """Give up control until woken (True) or the time is over (False)."""
        if self.dead:
            raise GreenletExit
        task = getcurrent()
        wait = Wait(task, timed=timeout_s is not None)
        if waits is not None:
            waits.append(wait)
        if timeout_s is not None:
            # Rounded up, lest one who waits for the last half nanosecond spins.
            at_ns = self._ns + max(0, math.ceil(timeout_s * _NS))
            entry = (at_ns, self._chance.random(), next(self._serial), wait)
            heapq.heappush(self._timed, entry)
        elif for_reply:
            self._for_replies[task] = None
        try:
            return self._give_up_control(wait)
        finally:
            self._for_replies.pop(task, None)

    def wake(self, waits: list[Wait]) -> None:
        """Let those who wait there run again."""
        self._ready += [(wait, True) for wait in waits]
        waits.clear()

    def maybe_preempt(self) -> None:
        """Let others run first, by the seed's choice, as a thread may be preempted."""
        task = getcurrent()
        if self.dead or task is self._main or task not in self._names:
            return
        if self._chance.random() < _PREEMPTED_AFTER_TELL:
            wait = Wait(task, timed=False)
            self._ready.append((wait, True))
            self._give_up_control(wait)

    def _give_up_control(self, wait: Wait) -> bool:
        if wait.task is not self._main:
            return bool(self._main.switch())
        # The test itself waits: everybody else runs meanwhile.
        self._run(None, until=lambda: wait.over)
        if not wait.over:
            raise DeadlockError
        return wait.woken

    def _run(self, until_ns: int | None, *, until: Callable[[], bool]) -> None:
        assert getcurrent() is self._main, "only the test drives the world"
        steps, at_ns = 0, self._ns
        while not until() and self._step(until_ns):
            steps = steps + 1 if self._ns == at_ns else 0
            at_ns = self._ns
            if steps > self._steps_max:
                raise LivelockError

    def _step(self, until_ns: int | None) -> bool:
        if not self._ready:
            self._drop_over()
            if not self._timed:
                return False
            if until_ns is not None and self._timed[0][0] > until_ns:
                return False
            at_ns, _, _, due = heapq.heappop(self._timed)
            self._ns = max(self._ns, at_ns)  # late after a suspend
            self._ready.append((due, False))
        index = int(self._chance.random() * len(self._ready))
        self._ready[index], self._ready[-1] = self._ready[-1], self._ready[index]
        wait, woken = self._ready.pop()
        if not wait.over:
            self._resume(wait, woken=woken)
        return True

    def _resume(self, wait: Wait, *, woken: bool) -> None:
        wait.over, wait.woken = True, woken
        if wait.task is self._main:
            return
        self.switches += 1
        name = self._names[wait.task]
        self._trace.update(f"{self._ns} {name} {woken}\n".encode())
        wait.task.switch(woken)
        if wait.task.dead:
            self._names.pop(wait.task, None)

    def _drop_over(self) -> None:
        while self._timed and self._timed[0][3].over:
            heapq.heappop(self._timed)


class SimFuture(pykka.Future[Any]):
    """Pykka's future where `get` parks a greenlet."""

    world: World  # on the class: Pykka makes another by `future.__class__()`

    def __init__(self) -> None:
        super().__init__()
        self.result: tuple[Any, BaseException | None] | None = None
        self._waits: list[Wait] = []

    def get(self, *, timeout: float | None = None) -> Any:
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if self.result is None:
            woken = self.world.park(timeout, self._waits, for_reply=True)
            if not woken and self.result is None:
                message = f"{timeout} seconds"
                raise pykka.Timeout(message)
        assert self.result is not None
        value, error = self.result
        if error is not None:
            raise error
        return value

    def set(self, value: Any = None) -> None:
        self._settle(value, None)

    def set_exception(self, exc_info: Any = None) -> None:
        kind, error, _ = exc_info or sys.exc_info()
        assert kind is not None
        self._settle(None, kind() if error is None else error)

    def _settle(self, value: Any, error: BaseException | None) -> None:
        if self.result is not None or self._get_hook is not None:
            raise queue.Full
        self.result = (value, error)
        self.world.wake(self._waits)


class SimTokens:
    """What `queue.SimpleQueue` is to a threaded inbox: where an actor waits."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waits: list[Wait] = []
        self._count = 0

    def put(self, _: None, /) -> None:
        self._count += 1
        self._world.wake(self._waits)
        self._world.maybe_preempt()

    def get(self, *, timeout: float | None = None) -> None:
        while not self._count:
            if not self._world.park(timeout, self._waits) and not self._count:
                raise queue.Empty
        self._count -= 1


class SimActor(pykka.Actor):
    """Pykka's actor, its loop in a greenlet."""

    world: World

    @classmethod
    def _create_actor_inbox(cls) -> Inbox:
        return Inbox(
            getattr(cls, "bound", 1_000),
            now_s=cls.world.boottime_s,
            tokens=SimTokens(cls.world),
            slice_s=math.inf,
        )

    @classmethod
    def _create_future(cls) -> pykka.Future[Any]:
        return cls.world.futures()

    def _start_actor_loop(self) -> None:
        self.world.begin(self._actor_loop, type(self).__name__)

    def _stop(self) -> None:
        if self.world.dead:  # killed: no hook of the actor runs
            self.actor_stopped.set()
        else:
            super()._stop()

    def _failed(self, error: BaseException) -> None:
        if self.world.dead:
            raise GreenletExit
        super()._failed(error)  # type: ignore[misc] # of SupervisedActor, behind us


def simulated(actor: type[A], world: World) -> type[A]:
    """Return the class with its threads taken out, to run in that world."""
    return type(actor.__name__, (SimActor, actor), {"world": world})

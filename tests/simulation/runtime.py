"""Runs production actors without threads, in virtual time, from one seed.

`simulated(cls, world)` puts `SimActor` in front of a production class and so
replaces the three hooks by which Pykka makes threads. Each actor's own Pykka loop
runs in a greenlet that gives up control exactly where a thread would block (at its
inbox, in a reply's `get`, in `Clock.sleep`) and, by the seed's choice, after a tell.
"""

import math
import queue
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar, cast

import pykka
from greenlet import GreenletExit  # type: ignore[import-untyped]

from engine.supervision.inbox import Inbox
from engine.values import Instant
from tests.fakes import START
from tests.simulation.scheduler import STEPS_MAX, DeadlockError, Scheduler
from tests.simulation.tasks import Task, Wait

A = TypeVar("A", bound=pykka.Actor)
T = TypeVar("T")

# Actors that look at rows again and again, lest a hint was lost. Timers are none:
# their waking is a deadline's. Check-ins are none while somebody's timer runs, nor is
# the vigil while a device is waited for, nor are orders while one may wait.
CHECK_INS, ORDERS, VIGIL = "CheckIns", "Orders", "Vigil"
KEEP_TIME = frozenset({CHECK_INS, ORDERS, VIGIL})
POLLING = frozenset(
    {
        "Alarms",
        "ChannelWorker",
        CHECK_INS,
        "Dispatcher",
        "Intake",
        "ModemActor",
        ORDERS,
        "Probe",
        "Register",
        "SimGateway",
        "SimWeb",
        "Supervisor",
        VIGIL,
    }
)


# Classes are dear to make: those of one process serve the next.
_LIVING: dict[type[pykka.Actor], type[pykka.Actor]] = {}
# How many tasks a process may have before it looks which are over.
TASKS = 64
Exhausts = tuple[str, Callable[[], None]]
"""When somebody runs out of memory, and whom to tell then."""


class World(Scheduler):
    """The scheduler as actors see it, and the clock that they are given."""

    def __init__(
        self,
        seed: int,
        now: Instant = START,
        *,
        steps_at_one_time_max: int = STEPS_MAX,
    ) -> None:
        """Start empty; see `Scheduler`."""
        super().__init__(seed, now, steps_at_one_time_max=steps_at_one_time_max)
        self.exhausts: Mapping[str, Exhausts] = MappingProxyType({})
        """Nobody: only who is in a process runs out of memory."""
        self.futures: type[SimFuture] = type("SimFuture", (SimFuture,), {"world": self})
        self._classes: dict[type[pykka.Actor], type[pykka.Actor]] = {}

    def spawn(self, actor: type[A], /, **arguments: object) -> "pykka.ActorRef[A]":
        """Start a production actor here; what a supervision tree is given."""
        if actor not in self._classes:
            self._classes[actor] = simulated(actor, self)
        return cast("type[A]", self._classes[actor]).start(**arguments)

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


class Life:
    """One process of an engine: a part of a world that is killed by itself."""

    def __init__(self, world: World) -> None:
        """Begin without a task."""
        self.world = world
        self.dead = False
        self.doomed = False
        self.exhausts: dict[str, Exhausts] = {}
        """Who runs out of memory, by the child's name: `after` what it handles next,
        or `within` it, at the reply that it waits for; and whom to tell then."""
        self.boottime_s = world.boottime_s
        self.keeps_time = world.keeps_time
        self.wake = world.wake
        self.chance = world.chance
        self._park = world.park
        self.futures: type[SimFuture] = type("SimFuture", (SimFuture,), {"world": self})
        self._tasks: list[Task] = []
        self._tasks_max = TASKS

    def spawn(self, actor: type[A], /, **arguments: object) -> "pykka.ActorRef[A]":
        """Start a production actor in this process."""
        kind = _LIVING.get(actor)
        if kind is None:
            kind = _LIVING[actor] = simulated(actor, self)
        cast("type[SimActor]", kind).world = self
        return cast("type[A]", kind).start(**arguments)

    def begin(self, task: Callable[[], object], name: str = "task") -> None:
        """Run a function as a task of this process."""
        if len(self._tasks) > self._tasks_max:
            self._tasks = [one for one in self._tasks if not one.dead]
            self._tasks_max = 2 * len(self._tasks) + TASKS
        self._tasks.append(self.world.begin(task, name))

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the caller alone."""
        if seconds > 0:
            self.park(seconds)

    def park(
        self,
        timeout_s: float | None,
        waits: list[Wait] | None = None,
        *,
        for_reply: bool = False,
        is_poll: bool = False,
    ) -> bool:
        """Give up control; see `Scheduler.park`."""
        if self.dead:
            raise GreenletExit
        return self._park(timeout_s, waits, for_reply=for_reply, is_poll=is_poll)

    def maybe_preempt(self) -> None:
        """Let others run first, by the seed's choice."""
        if not self.dead:
            self.world.maybe_preempt()

    def may_fail(self, child: str, when: str) -> None:
        """Raise `MemoryError` in whoever was to run out of it at such a moment."""
        due, struck = self.exhausts.get(child, ("", None))
        if due == when and struck is not None and not self.dead:
            del self.exhausts[child]
            struck()
            raise MemoryError

    def doom(self) -> None:
        """Die here and now; called in a task of this process, it does not return.

        Whoever drives the world sees `doomed` before anybody else runs, and kills.
        """
        self.doomed = True
        self.dead = True
        raise GreenletExit

    def kill(self) -> None:
        """`kill -9`: nothing of this process acts again; only the test may."""
        self.dead = self.doomed = True
        pykka.ActorRegistry._actor_refs.clear()
        self.world.kill(self._tasks)
        self._tasks.clear()


class SimFuture(pykka.Future[Any]):
    """Pykka's future where `get` parks a greenlet."""

    world: "World | Life"  # on the class: Pykka makes another by `future.__class__()`

    def __init__(self) -> None:
        super().__init__()
        self.result: tuple[Any, BaseException | None] | None = None
        self._waits: list[Wait] = []

    def get(self, *, timeout: float | None = None) -> Any:
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if self.result is None:
            world = self.world
            woken = world.park(timeout, self._waits, for_reply=True)
            if world.exhausts and isinstance(world, Life):
                world.may_fail(world.world.running, "within")
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

    def __init__(self, world: "World | Life", actor: str = "") -> None:
        scheduler = world.world if isinstance(world, Life) else world
        self._world = world
        self._park, self._preempt = scheduler.park, scheduler.maybe_preempt
        self._polls = actor in POLLING
        self._deadlines_of = actor if actor in KEEP_TIME else ""
        self._waits: list[Wait] = []
        self._count = 0

    def put(self, _: None, /) -> None:
        self._count += 1
        if self._waits:
            self._world.wake(self._waits)
        if not self._world.dead:
            self._preempt()

    def get(self, *, timeout: float | None = None) -> None:
        while not self._count:
            polls = self._polls and not (
                self._deadlines_of and self._world.keeps_time(self._deadlines_of)
            )
            if self._world.dead:
                raise GreenletExit
            if not self._park(timeout, self._waits, is_poll=polls) and not self._count:
                raise queue.Empty
        self._count -= 1


class SimActor(pykka.Actor):
    """Pykka's actor, its loop in a greenlet."""

    world: "World | Life"

    def __init__(self, *arguments: object, **named: object) -> None:
        self.world = type(self).world  # its own: the class goes on to the next process
        super().__init__(*arguments, **named)

    @classmethod
    def _create_actor_inbox(cls) -> Inbox:
        return Inbox(
            getattr(cls, "bound", 1_000),
            now_s=cls.world.boottime_s,
            tokens=SimTokens(cls.world, cls.__name__),
            slice_s=math.inf,
        )

    @classmethod
    def _create_future(cls) -> pykka.Future[Any]:
        return cls.world.futures()

    def _start_actor_loop(self) -> None:
        link = getattr(self, "link", None)
        name = type(self).__name__ if link is None else link.name
        self.world.begin(self._actor_loop, name)

    def _receive(self, message: object) -> object:
        answer = super()._receive(message)  # type: ignore[misc] # as `_failed`
        if (world := self.world).exhausts and isinstance(world, Life):
            world.may_fail(self.link.name, "after")  # type: ignore[attr-defined]
        return answer

    def _stop(self) -> None:
        if self.world.dead:  # killed: no hook of the actor runs
            self.actor_stopped.set()
        else:
            super()._stop()

    def _failed(self, error: BaseException) -> None:
        if self.world.dead:
            raise GreenletExit
        super()._failed(error)  # type: ignore[misc] # of SupervisedActor, behind us


def simulated(actor: type[A], world: "World | Life") -> type[A]:
    """Return the class with its threads taken out, to run in that world."""
    return type(actor.__name__, (SimActor, actor), {"world": world})

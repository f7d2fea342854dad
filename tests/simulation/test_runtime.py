"""The simulator's own semantics: they must be Pykka's and the threads' own."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pykka
import pytest

from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import ActorFailedError
from engine.supervision.link import Link, LinkState
from engine.supervision.tree import Tree
from tests.fakes import START
from tests.simulation.runtime import World, simulated
from tests.simulation.scheduler import DeadlockError, LivelockError


class Echo(SupervisedActor[object]):
    def __init__(self, *, link: Link, log: list[str]) -> None:
        super().__init__(link=link)
        self.log = log

    def started(self) -> None:
        self.log.append("started")

    def stopping(self) -> None:
        self.log.append("stopping")

    def woke(self) -> None:
        self.log.append(f"woke at {self.clock.boottime_s():.3f}")

    def handle(self, message: object) -> object:
        match message:
            case BaseException():
                raise message
            case float():
                self.clock.sleep(message)
            case ("wake", float() as seconds):
                at = self.clock.now().ms + round(seconds * 1000)
                self.wake_at(type(self.clock.now())(at))
        return message


def link_in(world: World) -> Link:
    return Link("echo", Tree(clock=world, chance=world.chance), changed=lambda _: None)


def echo_in(world: World) -> tuple["pykka.ActorRef[Echo]", Link, list[str]]:
    link, log = link_in(world), list[str]()
    return world.spawn(Echo, link=link, log=log), link, log


def time_of_time_out(
    world: World, ref: "pykka.ActorRef[Echo]", message: object, timeout_s: float
) -> float:
    with pytest.raises(pykka.Timeout):
        ref.ask(message, timeout=timeout_s)
    return world.boottime_s()


def test_an_answer_comes_after_the_virtual_time_that_its_work_takes() -> None:
    world = World(1)
    ref, _, _ = echo_in(world)
    assert world.call(lambda: (ref.ask(20.0, timeout=30), world.boottime_s())) == (
        20.0,
        20.0,
    )


def test_an_ask_times_out_at_the_exact_virtual_time() -> None:
    world = World(1)
    ref, _, _ = echo_in(world)
    assert world.call(lambda: time_of_time_out(world, ref, 50.0, 1.5)) == 1.5


def test_a_message_whose_ask_has_timed_out_is_handled_all_the_same() -> None:
    world = World(1)
    ref, _, log = echo_in(world)
    world.call(lambda: time_of_time_out(world, ref, 50.0, 1.5))
    ref.tell(("wake", 1.0))
    world.run(60)
    assert log == ["started", "woke at 51.000"]


def test_an_append_that_blocks_for_20_s_holds_up_nobody_else() -> None:
    world = World(1)
    slow, _, _ = echo_in(world)
    quick, _, _ = echo_in(world)
    slow.tell(20.0)
    answered = world.call(lambda: (quick.ask("x", timeout=1), world.boottime_s()))
    assert answered == ("x", 0.0)


def test_reply_and_time_out_at_one_instant_resume_the_asker_once() -> None:
    seen = set()
    for seed in range(200):
        world = World(seed)
        ref, _, _ = echo_in(world)
        slept: list[float] = []

        def ask_then_sleep(
            world: World = world,
            ref: "pykka.ActorRef[Echo]" = ref,
            slept: list[float] = slept,
        ) -> None:
            try:
                seen.add(ref.ask(1.5, timeout=1.5))
            except pykka.Timeout:
                seen.add("time-out")
            before_s = world.boottime_s()
            world.sleep(7)
            slept.append(world.boottime_s() - before_s)

        world.begin(ask_then_sleep)
        world.run(50)
        assert slept == [7.0]
    assert seen == {1.5, "time-out"}


def trace_of(seed: int) -> str:
    world = World(seed)
    refs = [echo_in(world)[0] for _ in range(5)]

    def device(ref: "pykka.ActorRef[Echo]") -> None:
        for index in range(20):
            world.sleep(world.fork(f"device {index}").random())
            ref.tell(0.5)
            ref.ask(index, timeout=20)

    for ref in refs:
        world.begin(partial(device, ref))
    world.run(300)
    return world.trace


def test_one_seed_gives_one_trace_and_another_seed_another() -> None:
    traces = {seed: trace_of(seed) for seed in range(10)}
    assert {seed: trace_of(seed) for seed in range(10)} == traces
    assert len(set(traces.values())) == 10


def test_an_actor_sleeps_until_its_wake_up_time_without_polling() -> None:
    world = World(1)
    ref, _, log = echo_in(world)
    ref.tell(("wake", 86_400.0))
    world.run(86_399.999)
    assert log == ["started"]
    world.run(0.001)
    assert log == ["started", "woke at 86400.000"]
    assert world.switches < 10


@pytest.mark.parametrize("seed", range(20))
def test_who_only_waits_and_acts_leaves_the_trace_of_a_task_with_a_greenlet(
    seed: int,
) -> None:
    acts: list[list[tuple[str, float]]] = []
    worlds = [World(seed), World(seed)]
    for world in worlds:
        acted: list[tuple[str, float]] = []
        acts.append(acted)
        for index in range(5):
            seconds = 1.0 + index % 2

            def act(
                index: int = index,
                world: World = world,
                acted: list[tuple[str, float]] = acted,
            ) -> None:
                acted.append((f"act {index}", world.boottime_s()))

            def sleep_and_act(
                seconds: float = seconds,
                world: World = world,
                act: Callable[[], None] = act,
            ) -> None:
                world.sleep(seconds)
                act()

            if world is worlds[0]:
                world.begin(sleep_and_act, "sends")
            else:
                world.later(seconds, act, "sends")
        world.run(5)
    assert acts[0] == acts[1]
    assert worlds[0].trace == worlds[1].trace
    assert worlds[0].switches == worlds[1].switches == 10


def test_who_waits_to_act_does_not_once_the_world_has_crashed() -> None:
    world = World(1)
    acted: list[int] = []
    world.later(1.0, lambda: acted.append(1), "sends")
    world.run(0.5)
    world.crash()
    world.run(5)
    assert acted == []


def test_a_crash_runs_no_hook_and_leaves_the_next_world_clean() -> None:
    world = World(1)
    ref, link, log = echo_in(world)
    ref.tell(50.0)
    world.run(1)
    world.crash()
    assert log == ["started"]
    assert link.state is LinkState.READY
    next_world = World(2, world.now())
    successor, _, _ = echo_in(next_world)
    assert next_world.call(lambda: successor.ask("y", timeout=1)) == "y"
    assert next_world.now().since(START).total_seconds() == 1.0


def test_what_crashed_with_the_world_cannot_act_in_its_finally() -> None:
    world = World(1)
    acted = []

    def stubborn() -> None:
        try:
            world.sleep(100)
        finally:
            world.sleep(1)
            acted.append("after death")

    world.begin(stubborn)
    world.run(1)
    world.crash()
    assert acted == []


def test_the_greenlet_of_who_is_over_or_killed_serves_the_next() -> None:
    world = World(1)
    for _ in range(3):
        world.begin(lambda: world.sleep(1))
    world.begin(lambda: world.sleep(1_000))
    world.run(2)
    world.crash()
    ran: list[int] = []
    for seed in range(3):
        later_world = World(seed)
        for number in range(4):
            later_world.begin(partial(ran.append, number))
        later_world.run(1)
    assert sorted(ran) == sorted([0, 1, 2, 3] * 3)


def test_a_task_that_fails_is_seen_and_ends_nothing_but_itself() -> None:
    world = World(1)
    ran: list[float] = []

    def fail() -> None:
        raise ZeroDivisionError

    def go_on() -> None:
        world.sleep(1)
        ran.append(world.boottime_s())

    world.begin(go_on)
    world.begin(fail)
    with pytest.raises(ZeroDivisionError):
        world.run(0.5)
    world.begin(go_on)
    world.run(5)
    assert len(ran) == 2


class Peer(pykka.ThreadingActor):
    """A plain Pykka actor, since no engine actor may ask another like this."""

    def __init__(self) -> None:
        super().__init__()
        self.other: pykka.ActorRef[Peer] | None = None

    def on_receive(self, message: object) -> object:
        if isinstance(message, pykka.ActorRef):
            self.other = message
            return None
        assert self.other is not None
        return self.other.ask(message)


def test_two_actors_that_ask_each_other_are_seen_as_a_deadlock() -> None:
    world = World(1)
    one, two = world.spawn(Peer), world.spawn(Peer)
    one.tell(two)
    two.tell(one)
    one.tell("round and round")
    world.run(10)
    assert world.deadlocked() == ["Peer-0", "Peer-1"]
    with pytest.raises(DeadlockError):
        one.ask("nobody is left to answer")


def test_idle_actors_are_no_deadlock() -> None:
    world = World(1)
    echo_in(world)
    world.run(10)
    assert world.deadlocked() == []


def test_a_world_whose_time_stands_still_is_seen() -> None:
    world = World(1, steps_at_one_time_max=10_000)
    ref, _, _ = echo_in(world)

    def restless() -> None:
        while True:
            ref.ask("again", timeout=1)

    world.begin(restless)
    with pytest.raises(LivelockError):
        world.run(1)


class Looks(Echo):
    def started(self) -> None:
        self.woke()

    def woke(self) -> None:
        self.wake_at(self.clock.now().plus(timedelta(seconds=1)))


def test_looks_that_are_over_are_no_steps_of_whoever_is_woken_after_them() -> None:
    world = World(1, steps_at_one_time_max=20)
    ref = world.spawn(Looks, link=link_in(world), log=[])
    world.run(3600)
    assert ref.ask("at last", timeout=1) == "at last"


def test_a_base_exception_ends_its_own_actor_alone() -> None:
    world = World(1)
    one, link, _ = echo_in(world)
    two, _, _ = echo_in(world)
    with pytest.raises(ActorFailedError):
        one.ask(SystemExit(3), timeout=1)
    world.run(1)
    assert not one.is_alive()
    assert link.failure is not None
    assert link.failure.kind == "SystemExit"
    assert two.ask("alive", timeout=1) == "alive"


def test_pykkas_own_failure_behaviour_is_the_real_one() -> None:
    world = World(1)
    ref, link, log = echo_in(world)

    def tell_behind_a_crash() -> object:
        ref.tell(ValueError())
        ref.tell("lost")
        return ref.ask("asked", timeout=5)

    with pytest.raises(pykka.ActorDeadError):
        world.call(tell_behind_a_crash)
    world.run(1)
    assert link.state is LinkState.FAILED
    assert log == ["started"]


def test_a_stop_waits_for_the_hook_of_the_actor() -> None:
    world = World(1)
    ref, link, log = echo_in(world)
    assert world.call(lambda: ref.stop(timeout=5)) is True
    assert log == ["started", "stopping"]
    assert link.state is LinkState.STOPPED


def test_the_production_class_stays_what_it_is() -> None:
    threads = threading.active_count()
    world = World(1)
    names = [cls.__name__ for cls in simulated(Echo, world).__mro__[:5]]
    assert names == ["Echo", "SimActor", "Echo", "SupervisedActor", "ThreadingActor"]
    echo_in(world)
    world.run(10)
    assert threading.active_count() == threads


def test_futures_settle_once_as_pykkas_do() -> None:
    from queue import Full  # noqa: PLC0415 - the one use

    future = World(1).futures()
    future.set(1)
    with pytest.raises(Full):
        future.set(2)
    assert future.get(timeout=0) == 1

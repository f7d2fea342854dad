"""The timers' actor, in virtual time and on a real thread."""

import threading
from datetime import timedelta

import pytest

from engine.clock import SystemClock
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, Strategy
from engine.supervision.link import Link
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from engine.timers.actor import Arm, ArmAll, Timers
from engine.values import Instant
from tests.engine.grown import grow, tree_in
from tests.simulation.runtime import World


class Owner(SupervisedActor[object]):
    """Notes what it is told, and when."""

    def __init__(self, *, link: Link, told: list[tuple[float, object]]) -> None:
        super().__init__(link=link)
        self.told = told
        self.since_s = link.clock.boottime_s()

    def handle(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        self.told.append((round(self.clock.boottime_s(), 3), message))
        return message


class Setup:
    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.told: list[tuple[float, object]] = []
        self.tree = tree_in(self.world)
        owner = ChildSpec(name="owner", actor=Owner, arguments={"told": self.told})
        timers = ChildSpec(name="timers", actor=Timers)
        self.root = grow(self.tree, self.world, [timers, owner], run_s=1)

    def arm(self, key: str, in_s: float | None, to: str = "owner") -> None:
        assert self.tree.names.tell("timers", self.one(key, in_s, to))

    def one(self, key: str, in_s: float | None, to: str = "owner") -> Arm:
        at = None
        if in_s is not None:
            at = self.world.now().plus(timedelta(seconds=in_s))
        return Arm(key=key, at=at, message=key, to=to)


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_each_message_comes_back_at_its_deadline(setup: Setup) -> None:
    for key, in_s in (("c", 86_400.0), ("a", 0.25), ("b", 60.0)):
        setup.arm(key, in_s)
    setup.world.run(100_000)
    assert setup.told == [(1.25, "a"), (61.0, "b"), (86_401.0, "c")]


def test_a_deadline_behind_us_is_due_at_once(setup: Setup) -> None:
    setup.arm("late", -3600.0)
    setup.world.run(0.1)
    assert setup.told == [(1.0, "late")]


def test_arming_again_replaces_and_none_disarms(setup: Setup) -> None:
    setup.arm("a", 10.0)
    setup.arm("b", 10.0)
    setup.world.run(1)
    setup.arm("a", 20.0)
    setup.arm("b", None)
    setup.world.run(100)
    assert setup.told == [(22.0, "a")]


def test_many_that_are_armed_at_once_are_as_if_armed_one_by_one(setup: Setup) -> None:
    setup.arm("a", 10.0)
    setup.arm("b", 10.0)
    many = [setup.one("a", 20.0), setup.one("b", None), setup.one("c", -1.0)]
    many += [setup.one(f"{number:05}", 5.0) for number in range(60_000)]
    assert setup.tree.names.tell("timers", ArmAll(tuple(many)))
    setup.world.run(100)
    first, *rest, last = setup.told
    assert (first, last) == ((1.0, "c"), (21.0, "a"))
    assert rest == [(6.0, f"{number:05}") for number in range(60_000)]


def test_a_soonest_deadline_that_is_disarmed_wakes_nobody(setup: Setup) -> None:
    setup.arm("a", 5.0)
    setup.arm("b", 50.0)
    setup.arm("a", None)
    setup.world.run(100)
    assert setup.told == [(51.0, "b")]


def test_a_deadline_whose_owner_is_being_restarted_is_not_lost(setup: Setup) -> None:
    setup.arm("a", 10.0)
    setup.world.run(9.999)
    setup.tree.names.tell("owner", ValueError())
    setup.world.run(5)
    assert [message for _, message in setup.told] == ["a"]
    assert 11.0 <= setup.told[0][0] <= 11.5


def test_deadlines_that_fell_into_a_suspend_are_due_when_it_ends(setup: Setup) -> None:
    setup.arm("a", 10.0)
    setup.world.run(1)
    setup.world.suspend(8 * 3600)
    setup.world.run(1)
    assert [message for _, message in setup.told] == ["a"]


def test_more_than_the_inbox_keeps_ends_in_a_restart_of_all_who_arm() -> None:
    setup = Setup()
    before = setup.tree.names.lookup("owner")
    timers = setup.tree.names.lookup("timers")
    assert timers is not None
    timers.tell(Arm(key="held", at=None, message=None, to="owner"))
    timers.actor_inbox.bound = 10  # type: ignore[attr-defined] # of our own inbox
    for index in range(20):
        setup.arm(f"{index}", 3600.0)
    setup.world.run(5)
    assert setup.tree.names.lookup("timers") not in {None, timers}
    assert setup.tree.names.lookup("owner") not in {None, before}


def test_ten_thousand_deadlines_are_armed_again_quickly_and_fire_on_time() -> None:
    clock = SystemClock()
    told = list[tuple[float, object]]()
    tree = Tree(clock=clock, chance=lambda: 0.5)
    up = threading.Event()
    owner = ChildSpec(name="owner", actor=Owner, arguments={"told": told})
    timers = ChildSpec(name="timers", actor=Timers)
    spec = supervisor("root", Strategy.REST_FOR_ONE, [timers, owner])
    root = Root(spec, tree, on_ready=up.set, on_failure=lambda _: None)
    assert up.wait(5)
    started_s = clock.boottime_s()
    far = clock.now().plus(timedelta(hours=1))
    for round_ in range(2):
        for index in range(10_000):
            at = Instant(far.ms + (index * 7919 + round_) % 10_000)
            key = f"alarm/{index}"
            tree.names.tell("timers", Arm(key=key, at=at, message=key, to="owner"))
    ref = tree.names.lookup("timers")
    assert ref is not None
    soon = clock.now()
    ref.ask(Arm(key="soon", at=soon, message="soon", to="owner"), timeout=10)
    assert clock.boottime_s() - started_s < 5.0
    for _ in range(1000):
        if told:
            break
        clock.sleep(0.005)
    assert [message for _, message in told] == ["soon"]
    assert root.stop(3.0)

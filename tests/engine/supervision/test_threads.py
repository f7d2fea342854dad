"""The same tree on real threads: what virtual time cannot show."""

import random
import threading
from collections.abc import Iterator

import pytest

from engine.clock import SystemClock
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.link import Link
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree

WAIT_S = 5.0


class Port:
    """A serial port that nobody answers on, until it is closed from outside."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.closed = threading.Event()
        self.closes = 0

    def read(self) -> None:
        self.entered.set()
        self.closed.wait()

    def close(self) -> None:
        self.closes += 1
        self.closed.set()


class Modem(SupervisedActor[object]):
    def __init__(self, *, link: Link, port: Port, starts: list[int]) -> None:
        super().__init__(link=link)
        self.port, self.starts = port, starts

    def started(self) -> None:
        self.starts.append(threading.get_ident())

    def handle(self, message: object) -> object:
        if message == "read":
            self.port.read()
            self.beat()
        if message == "die":
            raise SystemExit(1)
        return message


class Rig:
    def __init__(self, **limits: object) -> None:
        self.port = Port()
        self.starts: list[int] = []
        self.clock = SystemClock()
        self.tree = Tree(clock=self.clock, chance=random.random, look_s=0.05)
        self.ready, self.failed = threading.Event(), threading.Event()
        arguments = {"port": self.port, "starts": self.starts}
        children = [
            ChildSpec(name=name, actor=Modem, arguments=arguments, **limits)  # type: ignore[arg-type] # limits of a spec, by name
            for name in ("one", "two")
        ]
        self.root = Root(
            supervisor("root", Strategy.ONE_FOR_ONE, children),
            self.tree,
            on_ready=self.ready.set,
            on_failure=lambda _: self.failed.set(),
        )
        assert self.ready.wait(WAIT_S)

    def ask(self, name: str, message: object) -> object:
        """Ask who is up under that name, as soon as somebody is."""
        until_s = self.clock.boottime_s() + WAIT_S
        while (ref := self.tree.names.lookup(name)) is None:
            assert self.clock.boottime_s() < until_s
            self.clock.sleep(0.002)
        answer: object = ref.ask(message, timeout=WAIT_S)
        return answer


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig(heartbeat_s=0.2, on_down=OnDown.RETRY_FOREVER)
    yield rig
    rig.port.closed.set()
    rig.root.stop(3.0)


def test_a_system_exit_in_one_actor_restarts_that_one(rig: Rig) -> None:
    first = rig.tree.names.lookup("one")
    assert first is not None
    first.tell("die")
    assert rig.ask("two", "x") == "x"
    assert first.actor_stopped.wait(WAIT_S)
    while rig.tree.names.lookup("one") is first:
        rig.clock.sleep(0.002)
    assert rig.ask("one", "y") == "y"
    assert not rig.failed.is_set()


def test_a_blocked_thread_is_replaced_by_another_one(rig: Rig) -> None:
    first = rig.tree.names.lookup("one")
    assert first is not None
    first.tell("read")
    assert rig.port.entered.wait(WAIT_S)
    assert first.actor_stopped.wait(WAIT_S)
    while rig.tree.names.lookup("one") is first:
        rig.clock.sleep(0.002)
    assert rig.ask("one", "y") == "y"
    assert len(set(rig.starts)) == 3


def test_a_tree_with_a_blocked_child_stops_within_three_seconds() -> None:
    rig = Rig(heartbeat_s=None)
    ref = rig.tree.names.lookup("one")
    assert ref is not None
    ref.tell("read")
    assert rig.port.entered.wait(WAIT_S)
    before_s = rig.clock.boottime_s()
    assert rig.root.stop(3.0)
    assert rig.clock.boottime_s() - before_s < 3.0
    rig.port.closed.set()


def test_an_interrupt_makes_the_blocked_call_return_and_the_stop_orderly() -> None:
    port = Port()
    tree = Tree(clock=SystemClock(), chance=random.random)
    ready = threading.Event()
    starts: list[int] = []
    spec = ChildSpec(
        name="modem",
        actor=Modem,
        arguments={"port": port, "starts": starts},
        interrupt=port.close,
        shutdown_s=1.0,
    )
    root = Root(
        supervisor("root", Strategy.ONE_FOR_ONE, [spec]),
        tree,
        on_ready=ready.set,
        on_failure=lambda _: None,
    )
    assert ready.wait(WAIT_S)
    ref = tree.names.lookup("modem")
    assert ref is not None
    ref.tell("read")
    assert port.entered.wait(WAIT_S)
    assert root.stop(3.0)
    assert port.closes == 1
    assert ref.actor_stopped.is_set()


def test_a_hundred_crashes_on_real_threads_lose_no_child() -> None:
    rig = Rig(intensity=1000)
    for _ in range(50):
        for name in ("one", "two"):
            ref = rig.tree.names.lookup(name)
            if ref is not None:
                rig.tree.names.tell(name, "die")
        rig.clock.sleep(0.002)
    rig.clock.sleep(0.1)
    assert not rig.failed.is_set()
    assert rig.root.stop(3.0)

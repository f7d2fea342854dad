"""A supervisor that starts children on demand, as the alarms' directory does."""

from datetime import timedelta

import pytest

from engine.supervision.child import ChildSpec, OnDown, Restart
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.supervisor import Supervisor
from tests.engine.supervision.fake_children import Bench, Command, Hang, Worker


class Directory(Supervisor[tuple[str, object]]):
    """Starts whom it is told for, forwards, and lets go on demand."""

    def __init__(self, *, link: Link, log: list[str], ended: list[str]) -> None:
        super().__init__(link=link)
        self.log, self.ended = log, ended
        self.specs_of: list[str] = []

    def handle(self, message: tuple[str, object]) -> object:
        name, inner = message
        if inner == "specs":
            return self.specs_of
        if isinstance(inner, timedelta):
            self.wake_at(self.clock.now().plus(inner))
            return None
        if inner == "let go":
            self.stop_child(name)
            return self.children_live()
        if (ref := self.live_child(name)) is None:
            self.specs_of.append(name)
            ref = self.start_child(self._spec(name))
        if ref is None:
            return "none"
        ref.tell(inner)
        return self.children_live()

    def child_ended(self, name: str, failure: Failure | None) -> None:
        self.ended.append(f"{name} {failure.kind if failure else 'orderly'}")

    def woke(self) -> None:
        self.log.append(f"woke at {self.clock.boottime_s():.3f}")

    def _spec(self, name: str) -> ChildSpec:
        return ChildSpec(
            name=name,
            label="alarm",
            actor=Worker,
            arguments={"log": self.log},
            restart=Restart.TRANSIENT,
            on_down=OnDown.RETRY_FOREVER,
            intensity=3,
        )


class Setup:
    def __init__(self, directory: type[Directory] = Directory) -> None:
        self.bench = Bench()
        self.ended: list[str] = []
        arguments = {"log": self.bench.log, "ended": self.ended}
        spec = ChildSpec(name="alarms", actor=directory, arguments=arguments)
        self.root = self.bench.start_root(spec)
        self.bench.world.run(1)
        self.ref = self.root._ref

    def ask(self, name: str, message: object) -> object:
        answer: object = self.ref.ask((name, message), timeout=5)
        return answer


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_a_child_starts_on_demand_and_is_found_again(setup: Setup) -> None:
    assert setup.ask("a1", Command("c1", crashes=False)) == 1
    assert setup.ask("a1", Command("c2", crashes=False)) == 1
    assert setup.ask("a2", Command("c3", crashes=False)) == 2
    assert setup.ask("", "specs") == ["a1", "a2"]
    setup.bench.world.run(1)
    assert sorted(setup.bench.log) == [
        *("+a1", "+a2", "a1 did c1", "a1 did c2", "a2 did c3")
    ]


def test_a_child_that_is_let_go_stops_in_order_and_starts_again_on_demand(
    setup: Setup,
) -> None:
    setup.ask("a1", Command("c1", crashes=False))
    assert setup.ask("a1", "let go") == 0
    setup.ask("a1", Command("c2", crashes=False))
    setup.bench.world.run(1)
    assert sorted(setup.bench.log) == ["+a1", "+a1", "-a1", "a1 did c1", "a1 did c2"]
    assert setup.bench.tree.names.lookup("a1") is not None


def test_a_child_that_is_let_go_and_hangs_is_given_up(setup: Setup) -> None:
    setup.ask("a1", Hang(1000))
    setup.bench.world.run(0.1)
    ref = setup.bench.tree.names.lookup("a1")
    setup.ask("a1", "let go")
    setup.bench.world.run(3)
    assert ref is not None
    assert not ref.is_alive()


def test_demand_cuts_a_back_off_short(setup: Setup) -> None:
    setup.ask("a1", ValueError())
    setup.bench.world.run_until(lambda: bool(setup.ended), within_s=1)
    at_s = setup.bench.world.boottime_s()
    assert setup.ask("a1", Command("c1", crashes=False)) == 1
    setup.bench.world.run_until(lambda: "a1 did c1" in setup.bench.log, within_s=1)
    assert setup.bench.world.boottime_s() == at_s
    setup.bench.world.run(60)
    assert setup.bench.log.count("+a1") == 2


def test_a_poisonous_command_is_put_away_and_the_child_serves_on(setup: Setup) -> None:
    setup.ask("a1", Command("bad"))
    setup.bench.world.run(5)
    assert setup.bench.observed.quarantined == [("a1", Command("bad"))]
    setup.ask("a1", Command("bad"))
    setup.ask("a1", Command("good", crashes=False))
    setup.bench.world.run(5)
    assert setup.ended == ["a1 ZeroDivisionError"] * 2
    assert setup.bench.log[-1] == "a1 did good"


def test_a_child_that_is_down_is_not_started_on_demand(setup: Setup) -> None:
    for index in range(4):
        setup.ask("a1", Command(f"bad {index}"))
        setup.bench.world.run(3)
    assert setup.bench.observed.down_now == {"alarm"}
    assert setup.ask("a1", Command("c", crashes=False)) == "none"
    assert setup.ask("a2", Command("c", crashes=False)) == 1


def test_a_child_that_is_let_go_while_it_backs_off_is_not_started_again(
    setup: Setup,
) -> None:
    """It was nobody's child then: what it reported found nobody."""
    setup.ask("a1", ValueError())
    setup.bench.world.run_until(lambda: bool(setup.ended), within_s=1)
    setup.ask("a1", "let go")
    setup.bench.world.run(60)
    assert setup.bench.log == ["+a1"]
    setup.ask("a1", Command("c1", crashes=False))
    setup.bench.world.run(1)
    assert setup.bench.log[1:] == ["+a1", "a1 did c1"]


def test_an_orderly_end_is_told_and_the_child_forgotten(setup: Setup) -> None:
    setup.ask("a1", "stop")
    setup.bench.world.run(5)
    assert setup.ended == ["a1 orderly"]
    assert setup.ask("a2", Command("c", crashes=False)) == 1


def test_a_supervisors_own_wake_up_time_is_not_taken_for_its_looks(
    setup: Setup,
) -> None:
    setup.ask("", timedelta(seconds=10))
    setup.bench.world.run(60)
    assert setup.bench.log == ["woke at 11.000"]


def test_logs_and_measures_get_the_label_never_the_name(
    setup: Setup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.ask("Heron-K7F2", ValueError("Heron"))
    setup.bench.world.run(5)
    assert {child for child, _ in setup.bench.observed.failures} == {"alarm"}
    assert "alarm failed: ValueError" in caplog.text
    assert "Heron" not in caplog.text


def test_a_thousand_children_start_on_demand_and_all_stop_in_time(setup: Setup) -> None:
    for index in range(1000):
        setup.ref.tell((f"a{index}", Command("c", crashes=False)))
    setup.bench.world.run(1)
    assert len(setup.bench.log) == 2000
    assert setup.root.stop(3.0)
    assert len(setup.bench.log) == 3000


class LetsGo(Directory):
    """Lets another one go where one ends, as for the one that begins in its place."""

    def child_ended(self, name: str, failure: Failure | None) -> None:
        super().child_ended(name, failure)
        if self.live_child("a2") is not None:
            self.stop_child("a2")
            self.clock.sleep(0.01)  # its thread is quick


def test_one_that_is_let_go_during_a_look_is_looked_at_no_more_bug_all_ended() -> None:
    """One that hangs is found by a look alone, and others were to be looked at yet."""
    setup = Setup(LetsGo)
    setup.ask("a1", Hang(1000))
    setup.ask("a2", Command("c1", crashes=False))
    setup.bench.world.run(60)
    assert setup.ended == ["a1 ActorStuck"]
    assert {child for child, _ in setup.bench.observed.failures} == {"alarm"}
    assert setup.ask("a2", Command("c2", crashes=False)) == 2

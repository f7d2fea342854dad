"""A supervisor whose specs change: who is kept goes on, each other one alone leaves."""

import pytest

from engine.supervision.child import ChildSpec, Strategy
from engine.supervision.supervisor import Reshape, supervisor
from tests.engine.supervision.fake_children import Bench, Far, Hang

LEAVES_S = 15.0


class Reshaped(Bench):
    """A root with one supervisor, `inner`, whose children a test replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.specs: list[ChildSpec] = []
        self.left: list[str] = []

    def begin(self, *specs: ChildSpec) -> None:
        self.specs = [*specs]
        inner = supervisor(
            "inner", Strategy.ONE_FOR_ONE, lambda: self.specs, left=self.left.append
        )
        self.start(Strategy.REST_FOR_ONE, [inner])
        self.take_log()

    def become(self, *specs: ChildSpec, kept: str, run_s: float = 2.0) -> None:
        self.specs = [*specs]
        self.tell("inner", Reshape(kept=frozenset(kept)), run_s)


@pytest.fixture
def bench() -> Reshaped:
    return Reshaped()


def test_who_is_kept_is_not_touched_and_the_others_come_and_go(bench: Reshaped) -> None:
    bench.begin(bench.worker("a"), bench.worker("b"))
    bench.become(bench.worker("a"), bench.worker("c"), kept="a")
    assert sorted(bench.take_log()) == ["+c", "-b"]
    assert bench.left == ["b"]
    assert bench.observed.restarts == []
    bench.tell("a", "still here")
    assert bench.tree.names.lookup("b") is None


def test_a_replaced_child_starts_once_its_predecessor_has_let_go(
    bench: Reshaped,
) -> None:
    bench.begin(bench.worker("a", fault=lambda: "slow stop"))
    bench.become(bench.worker("a"), kept="")
    assert bench.take_log() == ["-a", "+a"]
    assert bench.left == []


def test_what_a_child_has_in_hand_is_finished_first(bench: Reshaped) -> None:
    bench.begin(bench.worker("a"))
    bench.tell("a", Hang(5.0), 0.1)
    bench.become(bench.worker("a"), kept="", run_s=6.0)
    assert bench.take_log() == ["a went on", "-a", "+a"]


def test_one_that_hangs_is_given_up_and_its_successor_starts(bench: Reshaped) -> None:
    far = Far(bench.world)
    bench.begin(bench.worker("a", far=far, interrupt=far.interrupt))
    bench.tell("a", Hang(3600.0), 0.1)
    bench.become(bench.worker("a"), kept="", run_s=LEAVES_S - 2)
    assert bench.take_log() == []
    bench.world.run(5.0)
    assert bench.take_log() == ["+a"]
    assert far.calls


def test_a_supervisor_that_is_restarted_begins_with_the_children_of_now(
    bench: Reshaped,
) -> None:
    bench.begin(bench.worker("a"))
    bench.become(bench.worker("b", intensity=0), bench.worker("c"), kept="")
    bench.take_log()
    bench.tell("b", ValueError(), 5.0)
    assert bench.take_log() == ["-c", "+b", "+c"]


@pytest.mark.parametrize("fault", ["start", "constructor"])
def test_one_that_is_down_is_taken_out_and_told_as_left(
    bench: Reshaped, fault: str
) -> None:
    bench.begin(bench.worker("a", fault=lambda: fault), bench.worker("b"))
    bench.become(bench.worker("b"), kept="b", run_s=60.0)
    assert bench.left == ["a"]
    assert "a" not in bench.observed.down_now
    restarts = len(bench.observed.restarts)
    bench.world.run(60.0)
    assert len(bench.observed.restarts) == restarts

"""Starting, detecting, restarting: the supervisor in virtual time."""

from dataclasses import replace
from itertools import pairwise

import pytest

from engine.supervision.child import OnDown, Restart, Strategy
from engine.supervision.running import give_up
from engine.supervision.supervisor import supervisor
from tests.engine.supervision.fake_children import Bench, Command, Far, Hang

ONE, REST = Strategy.ONE_FOR_ONE, Strategy.REST_FOR_ONE


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("strategy", Strategy)
def test_children_start_in_order_each_after_the_one_before_is_ready(
    bench: Bench, strategy: Strategy
) -> None:
    bench.start(
        strategy,
        [
            bench.worker("a", fault=lambda: "slow start"),
            bench.worker("b"),
            bench.worker("c"),
        ],
    )
    assert bench.log == []
    assert bench.tree.names.lookup("a") is None
    bench.world.run(2)
    assert bench.log == ["+a", "+b", "+c"]
    assert bench.ready_at_s == 2.0


def test_a_nested_supervisor_is_ready_after_its_children() -> None:
    bench = Bench()
    inner = supervisor("inner", ONE, [bench.worker("b", fault=lambda: "slow start")])
    bench.start(REST, [bench.worker("a"), inner, bench.worker("c")])
    assert bench.log == ["+a"]
    bench.world.run(2)
    assert bench.log == ["+a", "+b", "+c"]


def test_one_for_one_restarts_the_failed_child_alone(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a"), bench.worker("b"), bench.worker("c")])
    bench.take_log()
    bench.tell("b", ValueError())
    assert bench.log == ["+b"]
    assert bench.observed.restarts == ["b"]
    assert [(c, f.kind) for c, f in bench.observed.failures] == [("b", "ValueError")]


def test_rest_for_one_stops_the_later_ones_in_reverse_and_starts_all_again(
    bench: Bench,
) -> None:
    bench.start(REST, [bench.worker(name) for name in "abcd"])
    bench.take_log()
    bench.tell("b", ValueError())
    assert bench.log == ["-d", "-c", "+b", "+c", "+d"]


def test_a_base_exception_is_one_childs_failure_alone(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a"), bench.worker("b")])
    bench.take_log()
    bench.tell("a", SystemExit(1))
    assert bench.log == ["+a"]
    assert bench.root_failure is None


@pytest.mark.parametrize(
    ("restart", "after_failure", "after_stop"),
    [
        (Restart.PERMANENT, ["+a"], ["-a", "+a"]),
        (Restart.TRANSIENT, ["+a"], ["-a"]),
        (Restart.TEMPORARY, [], ["-a"]),
    ],
)
def test_a_child_is_started_again_as_its_spec_says(
    restart: Restart, after_failure: list[str], after_stop: list[str]
) -> None:
    for message, expected in ((ValueError(), after_failure), ("stop", after_stop)):
        bench = Bench()
        bench.start(ONE, [bench.worker("a", restart=restart)])
        bench.take_log()
        bench.tell("a", message)
        assert bench.log == expected


def test_a_name_is_not_found_while_its_child_is_not_up(bench: Bench) -> None:
    def fault() -> str:
        return "slow start" if bench.observed.restarts else ""

    bench.start(ONE, [bench.worker("a", fault=fault)])
    first = bench.tree.names.lookup("a")
    bench.tell("a", ValueError(), then_run_s=0.2)
    assert bench.tree.names.lookup("a") is None
    assert not bench.tree.names.tell("a", "x")
    bench.world.run(3)
    assert bench.tree.names.lookup("a") not in {None, first}


def test_a_dead_ref_without_any_report_is_found_after_the_time_of_a_stop(
    bench: Bench,
) -> None:
    bench.start(ONE, [bench.worker("a")])
    ref = bench.tree.names.lookup("a")
    assert ref is not None
    give_up(ref)
    bench.world.run(4)
    assert [(c, f.kind) for c, f in bench.observed.failures] == [("a", "ActorDead")]
    assert bench.log == ["+a", "+a"]


def test_a_child_that_takes_its_time_to_stop_by_itself_is_not_taken_for_dead(
    bench: Bench,
) -> None:
    child = bench.worker(
        "a", fault=lambda: "slow stop", restart=Restart.TRANSIENT, shutdown_s=0.5
    )
    bench.tree = replace(bench.tree, look_s=0.05)
    bench.start(ONE, [child])
    bench.tell("a", "stop", then_run_s=60)
    assert bench.observed.failures == []
    assert bench.log == ["+a", "-a"]


def test_a_child_that_hangs_is_interrupted_given_up_and_replaced(bench: Bench) -> None:
    far = Far(bench.world, interruptible=False)
    bench.start(ONE, [bench.worker("a", far=far, interrupt=far.interrupt)])
    bench.take_log()
    bench.tell("a", Hang(1000))
    bench.world.run(7)
    assert bench.log == ["+a"]
    assert len(far.calls) == 1
    assert 5.0 <= far.calls[0] - 1.0 <= 7.0
    assert [f.kind for _, f in bench.observed.failures] == ["ActorStuck"]


def test_a_replaced_instance_that_comes_back_acts_no_more(bench: Bench) -> None:
    far = Far(bench.world, interruptible=False)
    bench.start(ONE, [bench.worker("a", far=far)])
    bench.tell("a", Hang(1000))
    bench.world.run(2000)
    assert bench.log == ["+a", "+a"]
    assert len(bench.observed.failures) == 1
    assert bench.tree.names.tell("a", Command("c", crashes=False))
    bench.world.run(1)
    assert bench.log[-1] == "a did c"


def test_a_handler_that_beats_may_take_as_long_as_it_likes(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a", heartbeat_s=5.0)])
    bench.tell("a", Hang(120, beats_every_s=1.0))
    bench.world.run(200)
    assert bench.log == ["+a", "a went on"]
    assert bench.observed.failures == []


def test_an_idle_child_needs_no_heartbeat(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a", heartbeat_s=5.0)])
    bench.world.run(86_400)
    assert bench.observed.failures == []


def test_a_long_handler_without_heartbeat_is_left_alone_where_the_spec_says_so(
    bench: Bench,
) -> None:
    bench.start(ONE, [bench.worker("a", heartbeat_s=None)])
    bench.tell("a", Hang(3000))
    bench.world.run(4000)
    assert bench.log == ["+a", "a went on"]


def test_a_start_that_never_ends_is_given_up(bench: Bench) -> None:
    starts: list[float] = []

    def fault() -> str:
        starts.append(bench.world.boottime_s())
        return "never starts" if len(starts) <= 2 else ""

    bench.start(ONE, [bench.worker("a", fault=fault, start_s=10.0)])
    bench.world.run(13)
    assert bench.log == ["+a"]
    assert [f.kind for _, f in bench.observed.failures] == ["ActorStuck"]


@pytest.mark.parametrize("fault", ["constructor", "start"])
def test_a_start_that_fails_is_tried_again_and_holds_up_nobody(
    bench: Bench, fault: str
) -> None:
    bench.start(
        ONE,
        [
            bench.worker("a", fault=lambda: fault, on_down=OnDown.RETRY_FOREVER),
            bench.worker("b"),
        ],
    )
    assert "+b" in bench.log
    assert bench.ready_at_s == 0.0
    assert {c for c, _ in bench.observed.failures} == {"a"}


def test_restarts_back_off(bench: Bench) -> None:
    starts: list[float] = []

    def fault() -> str:
        starts.append(bench.world.boottime_s())
        return "constructor"

    child = bench.worker("a", fault=fault, intensity=6, on_down=OnDown.RETRY_FOREVER)
    bench.start(ONE, [child])
    bench.world.run(30)
    gaps = [b - a for a, b in pairwise(starts[:7])]
    assert len(gaps) == 6
    assert all(gap <= 0.1 * 2**n for n, gap in enumerate(gaps))
    assert sum(gaps) > 0.1


def test_past_its_intensity_a_child_takes_its_supervisor_down_and_the_parent_decides(
    bench: Bench,
) -> None:
    inner = supervisor(
        "inner", ONE, [bench.worker("b", intensity=2), bench.worker("c")]
    )
    bench.start(ONE, [bench.worker("a"), inner])
    bench.take_log()
    for _ in range(2):
        bench.tell("b", ValueError())
    assert bench.take_log() == ["+b", "+b"]
    bench.tell("b", ValueError())
    assert bench.take_log() == ["-c", "+b", "+c"]
    kinds = [(c, f.kind) for c, f in bench.observed.failures]
    assert kinds == [("b", "ValueError")] * 3 + [("inner", "IntensityExceededError")]


def test_the_roots_failure_is_handed_to_the_process_with_all_children_stopped(
    bench: Bench,
) -> None:
    bench.start(REST, [bench.worker("journal", intensity=0), bench.worker("b")])
    bench.take_log()
    bench.tell("journal", ValueError())
    assert bench.root_failure is not None
    assert bench.root_failure.kind == "IntensityExceededError"
    assert bench.log == ["-b"]


def test_restarts_further_apart_than_the_period_never_escalate(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a", intensity=1, period_s=60.0)])
    for _ in range(20):
        bench.tell("a", ValueError(), then_run_s=60.0)
    assert bench.root_failure is None
    assert bench.log == ["+a"] * 21


def test_a_modem_past_its_intensity_is_down_and_retried_slowly_for_ever(
    bench: Bench,
) -> None:
    present = [False]
    modem = bench.worker(
        "modem",
        fault=lambda: "" if present[0] else "start",
        on_down=OnDown.RETRY_FOREVER,
        retry_s=30.0,
    )
    bench.start(ONE, [modem, bench.worker("other")])
    bench.world.run(20)
    assert bench.observed.down_now == {"modem"}
    tried = len(bench.observed.restarts)
    bench.world.run(86_400)
    assert 86_400 / 37.5 <= len(bench.observed.restarts) - tried <= 86_400 / 22.5
    assert bench.observed.down_now == {"modem"}
    assert bench.tree.names.lookup("modem") is None
    assert bench.tree.names.lookup("other") is not None
    present[0] = True
    bench.world.run(38)
    assert bench.observed.down_now == set()
    assert bench.tree.names.lookup("modem") is not None
    assert bench.root_failure is None


def test_under_rest_for_one_a_child_that_is_down_holds_up_nobody_for_ever(
    bench: Bench,
) -> None:
    broken = bench.worker(
        "a", fault=lambda: "start", on_down=OnDown.RETRY_FOREVER, intensity=1
    )
    bench.start(REST, [broken, bench.worker("b")])
    bench.world.run(5)
    assert bench.log == ["+b"]


def test_a_command_that_crashes_an_actor_is_told_once_more(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a")])
    bench.tell("a", Command("c1"))
    assert [f.kind for _, f in bench.observed.failures] == ["ZeroDivisionError"] * 2


def test_a_command_that_crashes_an_actor_twice_is_quarantined_and_not_handled_again(
    bench: Bench,
) -> None:
    bench.start(ONE, [bench.worker("a")])
    bench.tell("a", Command("c1"))
    assert bench.observed.quarantined == [("a", Command("c1"))]
    bench.tell("a", Command("c1"))
    bench.tell("a", Command("c2", crashes=False))
    assert len(bench.observed.failures) == 2
    assert bench.log == ["+a", "+a", "+a", "a did c2"]


def test_a_command_that_has_been_told_again_is_not_told_a_third_time(
    bench: Bench,
) -> None:
    bench.start(ONE, [bench.worker("a")])
    bench.tell("a", Command("c1", crashes="at first"))
    assert bench.take_log() == ["+a", "+a", "a did c1"]
    bench.tell("a", "stop")
    assert bench.log == ["-a", "+a"]


def test_a_hint_that_crashes_an_actor_is_gone(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a")])
    bench.tell("a", ValueError())
    assert len(bench.observed.failures) == 1
    assert bench.observed.quarantined == []


def test_a_process_that_was_suspended_finds_nobody_stuck(bench: Bench) -> None:
    bench.start(ONE, [bench.worker("a", heartbeat_s=5.0)])
    bench.tell("a", Hang(4 * 3600), then_run_s=1)
    bench.world.suspend(4 * 3600)
    bench.world.run(2)
    assert bench.observed.failures == []
    assert bench.log == ["+a", "a went on"]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_the_order_of_events_the_tree_comes_back(seed: int) -> None:
    bench = Bench(seed)
    inner = supervisor(
        "inner",
        ONE,
        [bench.worker(n, on_down=OnDown.RETRY_FOREVER, retry_s=5.0) for n in "bcd"],
    )
    bench.start(REST, [bench.worker("a", intensity=100), inner, bench.worker("e")])
    dice = bench.world.fork("faults")
    for _ in range(30):
        name = dice.choice("abcde" if dice.random() < 0.1 else "bcd")
        fault = dice.choice([ValueError(), SystemExit(), "stop", Hang(8)])
        bench.tree.names.tell(name, fault)
        bench.world.run(dice.random() * 3)
    bench.world.run(120)
    assert bench.root_failure is None
    assert all(bench.tree.names.lookup(name) for name in ["inner", *"abcde"])
    assert bench.observed.down_now == set()
    assert bench.root.stop(3.0)

"""Stopping: in reverse, in bounded time, whoever hangs."""

import pytest

from engine.supervision.child import Strategy
from engine.supervision.supervisor import supervisor
from tests.engine.supervision.fake_children import Bench, Far, Hang

ONE, REST = Strategy.ONE_FOR_ONE, Strategy.REST_FOR_ONE


def stop(bench: Bench, within_s: float = 3.0) -> tuple[bool, float]:
    """Stop the tree; return the answer and how long it took."""
    before_s = bench.world.boottime_s()
    stopped = bench.root.stop(within_s)
    return stopped, bench.world.boottime_s() - before_s


def test_children_of_all_depths_stop_in_reverse_order_of_their_start() -> None:
    bench = Bench()
    inner = supervisor("inner", REST, [bench.worker("b"), bench.worker("c")])
    bench.start(REST, [bench.worker("a"), inner, bench.worker("d")])
    assert bench.take_log() == ["+a", "+b", "+c", "+d"]
    assert stop(bench) == (True, 0.0)
    assert bench.log == ["-d", "-c", "-b", "-a"]


def test_each_stop_ends_before_the_next_begins_where_children_rely_on_another() -> None:
    bench = Bench()
    bench.start(REST, [bench.worker(n, fault=lambda: "slow stop") for n in "abc"])
    bench.take_log()
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s == pytest.approx(0.6)
    assert bench.log == ["-c", "-b", "-a"]


def test_children_that_rely_on_nobody_stop_together() -> None:
    bench = Bench()
    workers = [bench.worker(str(n), fault=lambda: "slow stop") for n in range(50)]
    bench.start(ONE, workers)
    bench.take_log()
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s == pytest.approx(0.2)
    assert len(bench.log) == 50


def test_a_blocked_child_is_interrupted_and_then_stops_in_order() -> None:
    bench = Bench()
    far = Far(bench.world)
    modem = bench.worker("modem", far=far, interrupt=far.interrupt)
    bench.start(REST, [bench.worker("journal"), modem])
    bench.tell("modem", Hang(1000))
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s == pytest.approx(0.5, abs=0.02)
    assert bench.log == ["+journal", "+modem", "modem went on", "-modem", "-journal"]


@pytest.mark.parametrize("strategy", Strategy)
def test_children_that_never_stop_leave_the_journal_its_time(
    strategy: Strategy,
) -> None:
    bench = Bench()
    far = Far(bench.world, interruptible=False)
    stuck = [bench.worker(f"modem-{n}", far=far, shutdown_s=3.0) for n in range(5)]
    inner = supervisor("modems", strategy, stuck)
    journal = bench.worker("journal", fault=lambda: "slow stop")
    bench.start(REST, [journal, inner, *(bench.worker(n) for n in "abc")])
    for n in range(5):
        bench.tell(f"modem-{n}", Hang(10_000), then_run_s=0)
    bench.world.run(0.1)
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s <= 3.0
    assert bench.log[-1] == "-journal"


def test_no_child_takes_more_than_half_of_the_time_that_is_left() -> None:
    bench = Bench()
    far = Far(bench.world, interruptible=False)
    stuck = [bench.worker(n, far=far, shutdown_s=3.0) for n in ("b", "c", "d")]
    journal = bench.worker("journal", fault=lambda: "slow stop")
    bench.start(REST, [journal, *stuck])
    for name in "bcd":
        bench.tell(name, Hang(10_000), then_run_s=0)
    bench.world.run(0.1)
    refs = [bench.tree.names.lookup(name) for name in "bcd"]
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s <= 3.0
    assert bench.log[-1] == "-journal"
    assert not any(ref.is_alive() for ref in refs if ref is not None)


@pytest.mark.parametrize("within_s", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("strategy", Strategy)
def test_the_tree_stops_in_the_time_it_is_given_however_deep_a_child_hangs(
    strategy: Strategy, within_s: float
) -> None:
    bench = Bench()
    far = Far(bench.world, interruptible=False)
    stuck = [bench.worker(n, far=far, shutdown_s=10.0) for n in "ab"]
    inner = supervisor("inner", strategy, stuck, shutdown_s=10.0)
    middle = supervisor("middle", strategy, [inner], shutdown_s=10.0)
    bench.start(strategy, [middle, bench.worker("c")])
    for name in "ab":
        bench.tell(name, Hang(10_000), then_run_s=0)
    bench.world.run(0.1)
    stopped, took_s = stop(bench, within_s)
    assert stopped
    assert took_s <= within_s


def test_a_child_that_hangs_in_its_start_does_not_hold_up_the_stop() -> None:
    bench = Bench()
    bench.start(
        REST, [bench.worker("a"), bench.worker("b", fault=lambda: "never starts")]
    )
    stopped, took_s = stop(bench)
    assert stopped
    assert took_s <= 3.0
    assert bench.log == ["+a", "-a"]


def test_nothing_is_restarted_by_a_tree_that_stops() -> None:
    bench = Bench()
    bench.start(ONE, [bench.worker(n) for n in "abc"])
    bench.take_log()
    bench.tree.names.tell("b", ValueError())
    assert bench.root.stop(3.0)
    bench.world.run(600)
    assert "+b" not in bench.log
    assert bench.tree.names.depths() == {}


def test_a_supervisor_that_is_given_up_gives_up_its_children() -> None:
    bench = Bench()
    inside = supervisor("inner", ONE, [bench.worker("b")])
    bench.start(ONE, [bench.worker("a"), inside])
    old = bench.tree.names.lookup("b")
    inner = bench.tree.names.lookup("inner")
    assert old is not None
    assert inner is not None
    # Its thread ends without a word; only the look of its own supervisor sees it.
    inner.actor_stopped.set()
    bench.world.run(8)
    assert not old.is_alive()
    assert bench.tree.names.lookup("b") not in {None, old}
    assert bench.log == ["+a", "+b", "+b"]

"""The whole engine in virtual time: many seeds, every invariant after every step."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.day import Day, run
from tests.simulation.kept import kept
from tests.simulation.plan import (
    Item,
    Plan,
    is_month,
    is_safety,
    plan_of,
)
from tests.simulation.shrink import shrunk
from tests.simulation.tables import (
    ACTORS,
    BEGINS,
    CHANGES,
    FAULTS,
    MODES,
    PRESSES,
    SILENCES,
    TIMERS,
)

ROOT = Path(__file__).parents[2]
QUICK_SEEDS = 25
DAYS = range(100_000_000, 100_000_200)
"""Apart from what the long run has had: half a minute of them."""
IMPORTS = """\
from tests.simulation.day import run
from tests.simulation.plan import plan_of
"""


def quiet_day(*items: Item) -> Plan:
    """Return a day in which one defender presses, and whatever else is named."""
    press = Item(100.0, "input", "sos", "heron")
    return Plan(1, tuple(sorted((press, *items))))


@pytest.mark.parametrize("seed", range(QUICK_SEEDS))
def test_no_day_breaks_an_invariant(seed: int) -> None:
    assert run(plan_of(seed)).violation is None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_day_of_many_breaks_an_invariant() -> None:
    for plan in map(plan_of, DAYS):
        violation = run(plan).violation
        assert violation is None, shrunk(plan).to_json()


@pytest.mark.slow
def test_what_has_failed_once_holds_ever_since() -> None:
    for plan in kept():
        assert run(plan).violation is None, plan.to_json()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [s for s in range(500) if is_safety(s)])
def test_no_safety_day_breaks_an_invariant(seed: int) -> None:
    assert run(plan_of(seed)).violation is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [s for s in range(500) if is_month(s)])
def test_no_month_breaks_an_invariant(seed: int) -> None:
    assert run(plan_of(seed)).violation is None


def test_neither_a_clock_set_back_nor_a_kill_has_it_asked_later_after_an_end() -> None:
    day_s = 86_400.0
    faults = [
        Item(50_000.0, "time", "week_back"),
        *(Item(days * day_s, "process", "kill") for days in (2.0, 5.5, 19.0)),
    ]
    day = Day(quiet_day(Item(0.0, "mode", "month"), *faults))
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    ended_s = next(s for s, _, step in day.watching.fired if step == "stop")
    asked = {
        str(step): (at_s - ended_s) / day_s
        for at_s, _, step in day.watching.fired
        if step in {"day-1", "day-3", "day-7", "day-30"}
    }
    if alarm.safe_confirmed is None:
        assert asked.keys() == {"day-1", "day-3", "day-7", "day-30"}
    assert asked
    for step, days in asked.items():
        assert days == pytest.approx(float(step.removeprefix("day-")), abs=0.01)


def test_one_seed_is_one_history() -> None:
    traces = [run(plan_of(seed)).trace for seed in range(8)]
    assert [run(plan_of(seed)).trace for seed in range(8)] == traces
    assert len(set(traces)) == len(traces)


@pytest.mark.slow
def test_the_order_of_sets_decides_nothing() -> None:
    script = f"{IMPORTS}print([run(plan_of(s)).trace for s in range(5)])"
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("0", "1", "2")
    }
    assert len(said) == 1


def test_looks_that_are_left_out_while_all_idle_hide_nothing() -> None:
    """The same first half hour with every look at the rows in it ends alike."""
    for what in ("lost", "gone", "kill"):
        family = "process" if what == "kill" else "modem"
        plan = quiet_day(Item(103.0, family, what, "modem-1", 1, 30.0))
        leaving_out, looking = Day(plan, ends_s=1_800.0), Day(plan, ends_s=1_800.0)
        looking.world.idle = None
        for day in (leaving_out, looking):
            assert day.run().violation is None
            assert day.outcome.faults[what] == 1
        assert leaving_out.outcome.switches < looking.outcome.switches


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fails", "fails_after", "fails_within"])
def test_whoever_fails_while_an_alarm_begins_nothing_is_lost_by_it(how: str) -> None:
    """Each actor, before, after and amid what it handles, at some moments each."""
    for who in sorted(set(ACTORS)):
        for after_s in (-0.5, 0.004, 0.3, 4.0, 20.0):
            plan = quiet_day(Item(100.0 + after_s, "process", how, who))
            assert run(plan).violation is None, plan.to_json()


@pytest.mark.slow
def test_every_fault_of_every_family_strikes_somewhere() -> None:
    """A word of the plan that does nothing would be a fault never injected."""
    never = [
        f"{family}: {what}"
        for family, table in (*FAULTS.items(), ("input", PRESSES))
        for what in table
        if not any(_strikes(family, what, after_s) for after_s in (0.5, 3.0))
    ]
    assert never == []


def test_no_two_families_call_different_things_alike() -> None:
    """A device that was silent took the place of a modem that was, and none was."""
    tables = [*FAULTS.values(), PRESSES, CHANGES, TIMERS, SILENCES, MODES, BEGINS]
    known = Counter(what for table in tables for what in table)
    twice = {what for what, times in known.items() if times > 1}
    assert twice == {"refused", "rejected"}, "of a modem and of a channel: alike"


def test_a_safety_day_asks_nothing_to_come_right() -> None:
    """Nobody can be told, and the disk is full, for as long as it goes on."""
    broken = [
        Item(99.0, "channel", "down", channel, 1, 86_400.0)
        for channel in ("email", "webhook")
    ]
    broken.append(Item(99.0, "modem", "all_gone", "modem-1", 1, 86_400.0))
    broken.append(Item(99.5, "disk", "full", "", 1, 86_400.0))
    day = Day(quiet_day(Item(0.0, "mode", "safety"), *broken))
    outcome = day.run()
    assert outcome.violation is None
    assert outcome.contacts == 0
    assert day.world.boottime_s() < 1_000


def _strikes(family: str, what: str, after_s: float) -> bool:
    # Which of the two modems rings and which writes is the dispatcher's choice.
    names = {"modem": ("modem-1", "modem-2"), "channel": ("email",)}
    if what.startswith("fails"):
        names["process"] = ("modem-1", "modem-2")
    if what == "drill":
        names["human"] = ("stork",)  # whoever is in danger means it
    items = [
        Item(100.0 + after_s, family, what, who, 1, 60.0)
        for who in names.get(family, ("heron",))
    ]
    plan = quiet_day(*items, Item(150.0, "input", "sos", "gannet"))
    # A case is opened again only once people at HQ have closed it.
    ends_s = 3_000.0 if family == "human" else 1_000.0
    return Day(plan, ends_s=ends_s).run().faults[what] > 0

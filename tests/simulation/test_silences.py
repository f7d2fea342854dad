"""A device that has agreed to be heard and falls silent, in a simulated day."""

import pytest

from engine.alarm.state import Kind
from engine.values import PersonId, Signal
from tests.simulation.cast import FOLLOWS
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.silences import HEARD_EVERY_S, HEARTBEAT, LOOK_S
from tests.simulation.tables import SILENCES, SILENT_AGAIN
from tests.simulation.told import times_silent

AGREED_S, HEARD = 60.0, 3
SILENT_S = AGREED_S + (HEARD - 1) * HEARD_EVERY_S
FOUND_S = SILENT_S + HEARTBEAT.total_seconds()
"""From its last word on it is silent, and then for too long."""


GAP_S = 1_000.0


def day_of(what: str, *items: Item, who: str = "dowitcher", gap_s: float = 0.0) -> Day:
    silent = Item(AGREED_S, "human", what, who, HEARD, gap_s)
    return Day(Plan(1, tuple(sorted((silent, *items)))))


def kinds(day: Day) -> list[Kind]:
    return [
        alarm.kind
        for alarm in day.watching.alarms.values()
        for press in alarm.presses
        if Signal.SILENT in press.signals
    ]


@pytest.mark.parametrize(
    "fault",
    [
        None,
        *(Item(at_s, "process", "kill") for at_s in (61.0, SILENT_S, FOUND_S - 1.0)),
        Item(FOUND_S, "process", "commit_before", n=1),
        Item(FOUND_S, "process", "commit_after", n=1),
        Item(FOUND_S - 1.0, "disk", "full", s=60.0),
        Item(SILENT_S + 60.0, "time", "suspend", s=28_800.0),
        Item(SILENT_S + 60.0, "time", "hour_back", n=1),
        Item(FOUND_S - 1.0, "process", "fails", "vigil"),
    ],
    ids=lambda one: "nothing" if one is None else f"{one.what}-{one.at_s:.0f}",
)
@pytest.mark.parametrize("what", SILENCES)
def test_a_device_that_falls_silent_is_found_whatever_happens(
    what: str, fault: Item | None
) -> None:
    day = day_of(what, *([fault] if fault else []))
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert kinds(day)
    assert not day.host.waited_for


@pytest.mark.parametrize("who", FOLLOWS)
def test_a_silence_raises_at_risk_as_the_file_says(who: str) -> None:
    calm, at_risk = (day_of(what, who=who) for what in SILENCES)
    assert calm.run().violation is None
    assert at_risk.run().violation is None
    (one,) = set(kinds(calm))
    (other,) = set(kinds(at_risk))
    protocol = at_risk.host.registry.of(FOLLOWS[who])
    assert one is Kind.NOTICE
    raises = Signal.SILENT in protocol.raising(at_risk=True)
    assert other is (Kind.REAL if raises else Kind.NOTICE)


def test_a_device_that_goes_on_being_heard_is_not_found_silent() -> None:
    words = [
        Item(AGREED_S + HEARD * HEARD_EVERY_S * part, "input", "walks", "dowitcher", 7)
        for part in range(1, 10)
    ]
    day = day_of("unheard", *words)
    day.ends_s = words[-1].at_s
    assert day.run().violation is not None, "by the end of a day it is to be silent"
    assert kinds(day) == []


def comes_back_s() -> float:
    """Return when it is heard again: some minutes after it is found, at a look."""
    looks = -(-(FOUND_S - SILENT_S - HEARD_EVERY_S) // LOOK_S)
    return SILENT_S + HEARD_EVERY_S + looks * LOOK_S + GAP_S


@pytest.mark.parametrize(
    "fault",
    [
        None,
        *(Item(comes_back_s() + at_s, "process", "kill") for at_s in (-500.0, 1.0)),
        Item(comes_back_s() + 500.0, "process", "kill"),
        Item(comes_back_s() + 300.0, "time", "suspend", s=28_800.0),
        Item(comes_back_s() + 100.0, "process", "fails", "vigil"),
        Item(comes_back_s() - 1.0, "disk", "full", s=60.0),
    ],
    ids=lambda one: "nothing" if one is None else f"{one.what}-{one.at_s:.0f}",
)
@pytest.mark.parametrize("what", SILENT_AGAIN)
def test_a_device_that_falls_silent_again_is_found_again_whatever_happens(
    what: str, fault: Item | None
) -> None:
    day = day_of(what, *([fault] if fault else []), gap_s=GAP_S)
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.host.waited_for
    assert _times_silent(day) >= 2


def test_one_that_does_not_come_back_is_found_silent_once() -> None:
    day = day_of("unheard_again", gap_s=3 * GAP_S)
    day.ends_s = comes_back_s()
    assert day.run().violation is None
    assert _times_silent(day) == 1


def test_days_draw_each_and_nobody_falls_silent_twice_by_two_of_them() -> None:
    plans = [plan_of(seed) for seed in range(1_000)]
    drawn = {one.what for plan in plans for one in plan.items}
    assert drawn >= {*SILENCES, *SILENT_AGAIN}
    for plan in plans:
        silent = [one.who for one in plan.items if one.what.startswith("unheard")]
        assert len(silent) == len(set(silent))


def _times_silent(day: Day) -> int:
    alarms, medium = day.watching.alarms.values(), day.host.disk.medium
    return times_silent(PersonId("dowitcher"), alarms, medium)

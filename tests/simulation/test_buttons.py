"""A timer by a device's button in a simulated day: lost, late, and over a kill."""

import pytest

from engine.intake.checkins import actor
from engine.intake.checkins.missed import missed
from engine.ports.journal import Record
from engine.values import Instant, PersonId, Signal
from tests.fakes import START
from tests.simulation.buttons import CARRIER
from tests.simulation.day import Day
from tests.simulation.plan import BUTTON_S, Item, Plan, plan_of
from tests.simulation.tables import BUTTONS
from tests.simulation.told import was_missed

PRESSED_S, MINUTES = 60.0, 3
SOON_S, LATE_S = 200.0, 1_000.0
"""Before the time that a press starts, and after it."""
MISSED = sorted({*BUTTONS} - {"button_home"})


def day_of(what: str, second_s: float, *items: Item) -> Day:
    pressed = Item(PRESSED_S, "human", what, "", MINUTES, second_s)
    return Day(Plan(1, tuple(sorted((pressed, *items)))))


def missed_at(day: Day) -> Instant:
    """Return when a case first knew that they do not come back."""
    return min(
        press.at
        for alarm in day.watching.alarms.values()
        if alarm.defender == CARRIER
        for press in alarm.presses
        if Signal.CHECK_IN_MISSED in press.signals
    )


def seconds(day: Day) -> float:
    return missed_at(day).since(START).total_seconds()


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        None,
        *(Item(at_s, "process", "kill") for at_s in (PRESSED_S + 0.01, 90.0)),
        *(Item(PRESSED_S + BUTTON_S + at_s, "process", "kill") for at_s in (-1, 1)),
        Item(PRESSED_S - 1, "process", "commit_before", n=1),
        Item(PRESSED_S - 1, "process", "commit_after", n=1),
        Item(PRESSED_S - 1, "disk", "full", s=60.0),
        Item(PRESSED_S - 0.01, "process", "fails", "checkins"),
        Item(100.0, "time", "suspend", s=3_600.0),
    ],
    ids=lambda one: "nothing" if one is None else f"{one.what}-{one.at_s}",
)
@pytest.mark.parametrize("what", BUTTONS)
def test_whatever_happens_to_a_press_it_comes_right(
    what: str, fault: Item | None
) -> None:
    day = day_of(what, SOON_S, *([fault] if fault else []))
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.disk.timers


@pytest.mark.parametrize("what", MISSED)
def test_who_presses_and_is_not_heard_of_is_missed(what: str) -> None:
    day = day_of(what, SOON_S)
    assert day.run().violation is None
    assert was_missed(CARRIER, day.watching.alarms.values())


def test_who_is_home_in_time_is_missed_by_nobody_and_who_is_late_is() -> None:
    in_time, late = (day_of("button_home", at_s) for at_s in (SOON_S, LATE_S))
    assert in_time.run().violation is None
    assert late.run().violation is None
    assert not was_missed(CARRIER, in_time.watching.alarms.values())
    assert was_missed(CARRIER, late.watching.alarms.values())


def test_a_second_press_begins_anew_and_a_stored_one_counts_from_when_it_was() -> None:
    once, again, stored, named = (
        day_of(what, SOON_S)
        for what in ("button", "button_again", "button_stored", "button_named")
    )
    for day in (once, again, stored, named):
        assert day.run().violation is None
    first_s = seconds(once)
    assert first_s == pytest.approx(PRESSED_S + BUTTON_S, abs=10)
    assert seconds(again) == pytest.approx(first_s + SOON_S, abs=10)
    assert seconds(stored) == pytest.approx(first_s - SOON_S, abs=10)
    assert seconds(named) == pytest.approx(first_s - 600 + 60 * MINUTES, abs=10)


def test_whoever_is_missed_a_second_time_is_told_of_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That a case knew of the first was enough, whatever became of the second."""
    sound = day_of("button_again", LATE_S)
    assert sound.run().violation is None

    def same(person: PersonId, due: Instant, now: Instant) -> Record:
        del due
        return missed(person, START, now)

    monkeypatch.setattr(actor, "missed", same)
    broken = day_of("button_again", LATE_S).run()
    assert broken.violation is not None
    assert broken.violation.invariant == "I1"


def test_an_answer_that_is_lost_makes_no_second_timer() -> None:
    once, lost = day_of("button", 0.0), day_of("button_unanswered", 0.0)
    assert once.run().violation is None
    assert lost.run().violation is None
    assert lost.outcome.faults["answer_lost"] == MINUTES
    assert seconds(lost) == pytest.approx(seconds(once), abs=10)


def test_days_draw_every_one() -> None:
    drawn = {one.what for seed in range(2_000) for one in plan_of(seed).items}
    assert drawn >= set(BUTTONS)

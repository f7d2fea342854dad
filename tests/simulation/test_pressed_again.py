"""A defender presses again after HQ has said *false*, in a simulated day."""

import pytest

from engine.alarm.events import NotificationPlanned, PressJoined
from engine.alarm.state import Again
from engine.protocol.model import Audience
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

PRESSED_S, ENDS_S = 100.0, 20_000.0
WHO = "stork"
"""One operator alone finds an alarm of theirs false."""


def day_of(seed: int, after_s: float, *items: Item) -> Day:
    press = Item(PRESSED_S, "input", "sos", WHO)
    again = Item(PRESSED_S + 1, "human", "false_again", WHO, s=after_s)
    return Day(Plan(seed, tuple(sorted((press, again, *items)))), ends_s=ENDS_S)


def after_decision(day: Day) -> list[Again]:
    facts = [
        day.watching.rows.decode(row)
        for row in day.disk.medium.events
        if row.kind == PressJoined.__name__
    ]
    return [one.again for one in facts if isinstance(one, PressJoined)]


@pytest.mark.parametrize("seed", range(1, 6))
def test_hq_hears_of_a_press_eight_seconds_after_false(seed: int) -> None:
    day = day_of(seed, 8.0)
    assert day.run().violation is None
    assert day.outcome.faults["false_again"] == 1
    assert Again.WAIT in after_decision(day)


@pytest.mark.parametrize("what", ["kill", "commit_after", "contact_before"])
def test_a_kill_about_it_loses_no_page(what: str) -> None:
    fault = Item(PRESSED_S + 100, "process", what, n=1)
    day = day_of(1, 8.0, fault)
    assert day.run().violation is None


def test_colleagues_are_told_to_wait_only_a_minute_after_it() -> None:
    day = day_of(2, 8.0)
    day.run()
    rows = [row for row in day.disk.medium.events if row.stream.startswith("alarm/")]
    facts = [
        day.watching.rows.decode(row)
        for row in rows
        if row.kind in {PressJoined.__name__, NotificationPlanned.__name__}
    ]
    (at,) = [one.at for one in facts if isinstance(one, PressJoined)]
    told = [
        one.at
        for one in facts
        if isinstance(one, NotificationPlanned)
        and one.audience is Audience.NEAREST
        and one.at > at
    ]
    assert all(one.since(at).total_seconds() >= 60 for one in told)

"""A roster or an action protocol that somebody changes while a case is open."""

import pytest

from engine.dispatch.retired import RETIRED
from engine.protocol.model import Audience
from engine.values import PersonId
from tests.engine.roster.rosters import without
from tests.simulation.cast import registry, roster
from tests.simulation.changes import ROSTERS
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.tables import CHANGES

PRESS_S = 60.0
WHENS_S = (0.0, 59.9, 61.0, 240.0, 3_600.0)
"""Before any engine runs, just before the press, in its first words, later."""


def day_with(what: str, at_s: float, who: str = "heron", number: int = 1) -> Day:
    press = Item(PRESS_S, "input", "sos", who)
    change = Item(at_s, "roster", what, who, number)
    return Day(Plan(1, tuple(sorted((press, change)))))


@pytest.mark.parametrize("at_s", WHENS_S)
@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_the_case_comes_right(what: str, at_s: float) -> None:
    day = day_with(what, at_s, who="dowitcher")
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert day.watching.alarms


@pytest.mark.parametrize("what", ["renumbered", "retired"])
def test_at_a_number_that_the_roster_has_no_more_nobody_is_told_of_an_end(
    what: str,
) -> None:
    """It may have been seized; at HQ it is read that nothing was sent, and why."""
    day = day_with(what, 240.0)
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    numbers = {number for one in day.host.roster.people for number in one.numbers}
    called = [one for one in alarm.effects.values() if one.audience is Audience.NEAREST]
    gone = {one.address for one in called} - numbers
    assert gone
    ends = [one for one in alarm.effects.values() if one.audience is Audience.TOLD]
    assert {one.address for one in ends} & numbers
    reasons = {one.reason for one in ends if one.address in gone}
    assert reasons == {RETIRED.reason}


def test_an_action_protocol_that_is_rewritten_is_that_of_the_next_case() -> None:
    day = day_with("rewritten", 3_600.0, who="toucan")
    # By then HQ has closed the first one, whenever chance has it do so.
    again = Item(20_000.0, "input", "sos", "toucan")
    day = Day(Plan(1, (*day.plan.items, again)))
    assert day.run().violation is None
    assert day.outcome.faults["stop"] == 0
    first, second = (one.protocol for one in day.watching.alarms.values())
    assert first == registry().protocols["street_attack"]
    assert second.name == first.name
    assert second.steps != first.steps


def test_who_is_taken_out_is_named_nowhere() -> None:
    heron = PersonId("heron")
    found = without(roster(), heron)
    assert found.person(heron) is None
    assert not found.devices_of(heron)
    assert heron not in found.rota.duty
    assert all(heron not in one.contacts for one in found.people)


def test_days_draw_every_change_and_each_about_whose_case_it_is() -> None:
    items = [one for seed in range(2_000) for one in plan_of(seed).items]
    drawn = {one.what for one in items if one.family == "roster"}
    assert drawn == set(CHANGES)
    assert set(ROSTERS) < drawn

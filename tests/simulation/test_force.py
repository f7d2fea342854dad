"""A word of force: the case goes on, and the defender's telephone learns nothing."""

import pytest

from tests.simulation.cast import AGREED, roster
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

PRESSED_S = 100.0
SAID_S = 400.0
ENDS_S = 3_000.0


def day_with(family: str, what: str, seed: int, ends_s: float = ENDS_S) -> Day:
    press = Item(PRESSED_S, "input", "sos", str(AGREED))
    day = Day(Plan(seed, (press, Item(SAID_S, family, what))), ends_s=ends_s)
    assert day.run().violation is None
    return day


def at_the_defenders(day: Day) -> list[tuple[float, str]]:
    """Return what reached the defender's own telephone, and when."""
    person = next(p for p in roster().people if p.person == AGREED)
    return [
        (at_s, text)
        for at_s, channel, address, text in day.network.arrived
        if channel == "sms" and address in person.numbers
    ]


@pytest.mark.parametrize("way", ["word", "code"])
@pytest.mark.parametrize("seed", range(4))
def test_the_defenders_telephone_gets_the_same_text_within_the_same_second(
    way: str, seed: int
) -> None:
    safe = at_the_defenders(day_with("force", f"safe_{way}", seed))
    forced = at_the_defenders(day_with("force", f"duress_{way}", seed))
    first_safe = [one for one in safe if one[0] < SAID_S + 60]
    first_forced = [one for one in forced if one[0] < SAID_S + 60]
    assert [text for _, text in first_forced] == [text for _, text in first_safe]
    assert first_safe, "the action protocol tells the defender of the cancel"
    for (safe_s, _), (forced_s, _) in zip(first_safe, first_forced, strict=True):
        assert abs(safe_s - forced_s) < 1.0


@pytest.mark.parametrize("way", ["word", "code"])
def test_a_forced_case_goes_on_and_says_so_to_nobody_who_was_told(way: str) -> None:
    day = day_with("force", f"duress_{way}", 1)
    assert len(day.watching.freedom.forced) == 1
    (forced,) = day.watching.freedom.forced
    assert day.watching.alarms[forced].duress


# With others, such as 2, two of HQ's people end it before one of them tries to alone.
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_a_press_after_an_end_in_appearance_is_a_second_case_under_force(
    seed: int,
) -> None:
    day = day_with("force", "press_after_end", seed, ends_s=20_000.0)
    first, second = sorted(
        (alarm for alarm in day.watching.alarms.values() if alarm.links),
        key=lambda alarm: alarm.raised_at,
    )
    assert first.links == {second.id}
    assert second.links == {first.id}
    assert second.after == (), "the first has heard of it"
    assert second.id in day.watching.freedom.forced, "and nobody ends it alone"

"""A defender's own timer in a simulated day: run out, moved, ended, under force."""

import pytest

from engine.alarm.state import Force
from tests.simulation.cast import AGREED, TRAVELLER
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.tables import TIMERS, TIMERS_OF
from tests.simulation.told import was_missed

SET_S, MINUTES = 60.0, 3
SOON_S, LATE_S = 90.0, 400.0
"""Before the time that was said, and after it."""


def day_of(what: str, second_s: float, *items: Item) -> Day:
    timer = Item(SET_S, "human", what, "", MINUTES, second_s)
    return Day(Plan(1, tuple(sorted((timer, *items)))))


def is_missed(day: Day, who: str) -> bool:
    return was_missed(
        AGREED if who == AGREED else TRAVELLER, day.watching.alarms.values()
    )


@pytest.mark.slow
@pytest.mark.parametrize("kill_s", [0.0, 61.0, 151.0, 200.0, 300.0])
@pytest.mark.parametrize("second_s", [SOON_S, LATE_S])
@pytest.mark.parametrize("what", TIMERS)
def test_whatever_is_said_of_a_timer_it_comes_right(
    what: str, second_s: float, kill_s: float
) -> None:
    kill = Item(kill_s, "process", "kill")
    day = day_of(what, second_s, *([kill] if kill_s else []))
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.disk.timers


def test_who_is_home_in_time_is_missed_by_nobody_and_who_is_late_is() -> None:
    for what in ("timer_ended", "timer_word"):
        in_time, late = day_of(what, SOON_S), day_of(what, 4 * LATE_S)
        assert in_time.run().violation is None
        assert late.run().violation is None
        assert not is_missed(in_time, TIMERS_OF[what])
        assert is_missed(late, TIMERS_OF[what])


def test_that_one_is_home_is_nobodys_word_where_words_were_agreed() -> None:
    day = day_of("timer_bare", SOON_S)
    assert day.run().violation is None
    assert is_missed(day, AGREED)


def test_a_word_of_force_raises_and_the_timer_seems_to_have_ended() -> None:
    day = day_of("timer_forced", SOON_S)
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    assert alarm.defender == AGREED
    assert Force.DURESS_WORD in alarm.force


@pytest.mark.parametrize("left_s", [401.0, 401.5, 600.0])
def test_a_second_timer_of_who_leaves_as_they_say_it_may_be_a_strangers(
    left_s: float,
) -> None:
    """Its message lies with the network while the machine sleeps."""
    again = Item(401.0, "human", "timer", "", 2)
    left = Item(left_s, "roster", "left", TRAVELLER)
    sleeps = Item(400.0, "time", "suspend", "", 0, 7_200.0)
    assert day_of("timer_ended", SOON_S, sleeps, again, left).run().violation is None


def test_days_draw_every_one_and_some_of_who_leaves_meanwhile() -> None:
    plans = [plan_of(seed) for seed in range(2_000)]
    drawn = {one.what for plan in plans for one in plan.items}
    assert drawn >= set(TIMERS)
    left = [
        plan
        for plan in plans
        if any(one.what in TIMERS for one in plan.items)
        and any(one.what == "left" for one in plan.items)
    ]
    assert left

"""A device cancels while nothing is open, and its carrier presses seconds later."""

import pytest

from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

WITH_COUNTDOWN = "dowitcher"
CANCELLED_S = 100.0


def told(*items: Item) -> int:
    """Return how many people one alarm has told."""
    day = Day(Plan(5, items), ends_s=400.0)
    assert day.run().violation is None
    (alarm,) = day.watching.alarms.values()
    assert not alarm.called_off
    return len(alarm.told)


@pytest.mark.parametrize("after_s", [2.0, 8.0, 15.0])
def test_the_press_is_not_called_off_by_what_came_before_it(after_s: float) -> None:
    """What waited for a case for 20 s found this one, and kept colleagues from it."""
    press = Item(CANCELLED_S + after_s, "input", "sos", WITH_COUNTDOWN)
    cancel = Item(CANCELLED_S, "input", "cancel", WITH_COUNTDOWN)
    assert told(cancel, press) == told(press)

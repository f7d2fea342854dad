"""HQ has each case by the end of the day, unless the day is over too soon."""

import pytest

from tests.simulation.day import Day
from tests.simulation.invariants import BEGUN_S, ViolationError
from tests.simulation.plan import Item, Plan

ENDS_S = 1_800.0


def found(pressed_s: float) -> ViolationError | None:
    """Return what is seen of a press that nobody at HQ ever looks at."""
    day = Day(Plan(1, (Item(pressed_s, "input", "sos", "heron"),)), ends_s=ENDS_S)
    day.people.asleep_until_s = ENDS_S
    return day.run().violation


@pytest.mark.parametrize("before_s", [10.0, BEGUN_S - 5.0])
def test_whose_case_begins_as_the_day_ends_may_be_nobodys_yet(before_s: float) -> None:
    assert found(ENDS_S - before_s) is None


@pytest.mark.parametrize("before_s", [BEGUN_S + 5.0, 1_700.0])
def test_a_case_that_nobody_at_hq_takes_is_seen(before_s: float) -> None:
    assert "nobody at HQ has it" in str(found(ENDS_S - before_s))

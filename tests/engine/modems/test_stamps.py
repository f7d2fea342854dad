"""How long a message lay by its stamp, and where that may be a zone."""

from datetime import timedelta

import pytest

from engine.modems.stamps import KEPT_MAX, is_late, is_zones, lay_of
from engine.values import Instant
from tests.fakes import START


@pytest.mark.parametrize(
    ("minutes", "late", "zones"),
    [
        (10, False, False),
        (11, True, False),
        (28.9, True, False),
        (29, False, True),
        (31.9, False, True),
        (32, True, False),
        (26 * 60 - 1, False, True),
        (26 * 60, True, False),
    ],
)
def test_whole_half_hours_up_to_all_zones_are_nobodys_lateness(
    minutes: float, *, late: bool, zones: bool
) -> None:
    lay = timedelta(minutes=minutes)
    assert (is_late(lay), is_zones(lay)) == (late, zones)


@pytest.mark.parametrize("ms", [0, 1, 10**40, -(10**40)])
def test_a_stamp_of_the_future_or_of_a_clock_that_nobody_set_says_nothing(
    ms: int,
) -> None:
    assert lay_of(START, Instant(START.ms + ms)) == timedelta(0)
    unset = Instant(START.ms - KEPT_MAX // timedelta(milliseconds=1))
    assert lay_of(START, unset) == timedelta(0)

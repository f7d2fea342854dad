"""A clock that jumps, a suspend of eight hours: deadlines are right or early.

Nobody acknowledges, so that the officers on duty are paged every minute; the true
times of these steps say what became of the deadlines.
"""

from collections.abc import Sequence
from itertools import pairwise

import pytest

from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan

PRESSED_S = 100.0
FAULT_S = 400.0
ENDS_S = 1_200.0
EVERY_S = 60.0
LATE_S = 1.0
RESTART_S = 10.0
SUSPENDED_S = 28_800.0


def pages(*items: Item, ends_s: float = ENDS_S) -> list[float]:
    """Run it; return the true times at which officers were to be paged."""
    press = Item(PRESSED_S, "input", "sos", "heron")
    asleep = Item(0.0, "human", "nobody", s=ends_s + 1)
    day = Day(Plan(1, (asleep, press, *items)), ends_s=ends_s)
    # The probe's rows carry the engine's time over a restart: none is left out.
    day.world.idle = None
    day.watching.everybody_was_heard = lambda: None  # type: ignore[method-assign] # nobody wakes
    assert day.run().violation is None
    first = next(iter(day.watching.raised_s))
    return [
        at_s
        for at_s, alarm, step in day.watching.fired
        if alarm == first and step == "duty"
    ]


def gaps(times: Sequence[float]) -> list[float]:
    return [after - before for before, after in pairwise(times)]


def test_without_a_fault_officers_are_paged_every_minute() -> None:
    times = pages()
    assert len(times) == 19
    assert max(gaps(times)) <= EVERY_S + LATE_S


@pytest.mark.parametrize("what", ["hour_ahead", "hour_back", "week_back"])
def test_a_wall_clock_that_jumps_moves_no_deadline_of_a_running_engine(
    what: str,
) -> None:
    times = pages(Item(FAULT_S, "time", what, n=2))
    assert len(times) == 19
    assert max(gaps(times)) <= EVERY_S + LATE_S


@pytest.mark.slow
@pytest.mark.parametrize("what", ["hour_ahead", "hour_back", "week_back"])
def test_a_wall_clock_that_jumps_at_a_restart_makes_deadlines_right_or_early(
    what: str,
) -> None:
    times = pages(Item(FAULT_S, "time", what, n=1))
    assert max(gaps(times)) <= EVERY_S + LATE_S + RESTART_S
    after = [at_s for at_s in times if at_s > FAULT_S]
    assert after[0] <= FAULT_S + EVERY_S + LATE_S + RESTART_S


def test_a_clock_that_is_put_right_again_loses_no_deadline() -> None:
    ahead = Item(FAULT_S, "time", "hour_ahead", n=1)
    right = Item(FAULT_S + 200, "time", "hour_back", n=1)
    times = pages(ahead, right)
    assert max(gaps(times)) <= EVERY_S + LATE_S + RESTART_S


def test_after_eight_hours_of_suspend_the_next_page_goes_out_at_once() -> None:
    ends_s = SUSPENDED_S + ENDS_S
    times = pages(Item(FAULT_S, "time", "suspend", s=SUSPENDED_S), ends_s=ends_s)
    woken_s = FAULT_S + SUSPENDED_S
    after = [at_s for at_s in times if at_s >= woken_s]
    assert after[0] <= woken_s + LATE_S
    # One page for what was missed, not one for each minute of the night.
    assert len([at_s for at_s in after if at_s < woken_s + EVERY_S]) <= 2
    assert max(gaps(after)) <= EVERY_S + LATE_S


def test_a_process_that_is_stopped_for_a_minute_is_late_and_loses_nothing() -> None:
    times = pages(Item(FAULT_S, "process", "pause", s=59.0))
    assert max(gaps(times)) <= EVERY_S + 59.0 + LATE_S
    assert len(times) >= 18

"""A flood is on while many alarms wait for their turn, and for a moment after."""

from engine.alarm.flood import FLOOD, LATELY_S, Flood
from tests.fakes import ManualClock


class Waiting:
    """How many alarms wait, as a test says."""

    count = 0


def flood_of(waiting: Waiting, clock: ManualClock) -> Flood:
    return Flood(lambda: waiting.count, clock.boottime_s)


def test_a_few_alarms_that_wait_are_none(clock: ManualClock) -> None:
    waiting = Waiting()
    flood = flood_of(waiting, clock)
    waiting.count = FLOOD - 1
    assert not flood.is_on()
    assert not flood.was_lately()
    waiting.count = FLOOD
    assert flood.is_on()


def test_it_lasts_a_moment_longer_for_whoever_hears_of_outcomes(
    clock: ManualClock,
) -> None:
    waiting = Waiting()
    flood = flood_of(waiting, clock)
    waiting.count = FLOOD
    assert flood.was_lately()
    waiting.count = 0
    clock.advance(LATELY_S - 0.1)
    assert (flood.is_on(), flood.was_lately()) == (False, True)
    clock.advance(0.1)
    assert not flood.was_lately()


def test_that_a_raise_asked_counts_as_well(clock: ManualClock) -> None:
    waiting = Waiting()
    flood = flood_of(waiting, clock)
    waiting.count = FLOOD
    flood.is_on()
    waiting.count = 0
    assert flood.was_lately()

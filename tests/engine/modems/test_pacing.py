"""When a modem is looked at, and how soon a dead one is tried again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.modems.pacing import DRAIN_S, FIRST, HEALTH_S, RUNGS, SLOWEST, Pacing


def test_a_modem_that_was_open_gets_the_first_rung_at_once() -> None:
    assert Pacing().failed(was_open=True) == 0


def test_one_that_stays_dead_climbs_every_rung_again_and_again() -> None:
    pacing = Pacing()
    climbed = [pacing.failed(was_open=False) for _ in range(4 * RUNGS)]
    assert set(climbed[::2]) == {None}
    assert set(climbed[1::2]) == set(range(RUNGS))


def test_the_tries_slow_down_and_never_end() -> None:
    pacing = Pacing()
    waits = []
    for _ in range(40):
        pacing.failed(was_open=False)
        waits.append(pacing.next_try())
    assert waits == sorted(waits)
    assert waits[0] == FIRST
    assert waits[-1] == SLOWEST


def test_a_success_forgets_the_failures() -> None:
    pacing = Pacing()
    for _ in range(10):
        pacing.failed(was_open=False)
    pacing.opened(100.0)
    assert pacing.failures == 0
    assert pacing.next_try() == FIRST
    assert not pacing.drain_due(100.0 + DRAIN_S - 1)
    assert pacing.drain_due(100.0 + DRAIN_S)
    assert not pacing.drain_due(101.0 + DRAIN_S)
    assert pacing.health_due(100.0 + HEALTH_S)
    assert not pacing.health_due(101.0 + HEALTH_S)


@given(st.lists(st.booleans(), max_size=200))
def test_no_row_of_failures_makes_a_wait_of_nothing_or_of_ages(
    failures: list[bool],
) -> None:
    pacing = Pacing()
    for was_open in failures:
        rung = pacing.failed(was_open=was_open)
        assert rung is None or 0 <= rung < RUNGS
        assert timedelta(0) < pacing.next_try() <= SLOWEST

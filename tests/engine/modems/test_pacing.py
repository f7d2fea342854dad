"""When a modem is looked at, and how soon a dead one is tried again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.modems.pacing import (
    DRAIN_S,
    FIRST,
    HEALTH_S,
    RADIO_RUNG,
    RESET_EVERY_S,
    RESET_RUNG,
    RUNGS,
    SLOWEST,
    UNREGISTERED_S,
    Pacing,
)

SLEPT_S = 8 * 3600.0


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


def rungs(pacing: Pacing, began_s: float, ends_s: float) -> list[tuple[float, int]]:
    """Return which rungs are climbed, and when, while there is no network."""
    climbed = []
    for look in range(int((ends_s - began_s) / HEALTH_S) + 1):
        now_s = began_s + look * HEALTH_S
        rung = pacing.network_rung(now_s, registered=False)
        if rung is not None:
            climbed.append((now_s, rung))
    return climbed


def test_without_a_network_the_radio_is_tried_and_then_the_modem_once_in_ten() -> None:
    assert rungs(Pacing(), 0.0, 2_000.0) == [
        (UNREGISTERED_S, RADIO_RUNG),
        (RESET_EVERY_S, RESET_RUNG),
        (2 * RESET_EVERY_S, RESET_RUNG),
        (3 * RESET_EVERY_S, RESET_RUNG),
    ]


def test_a_machine_that_slept_restarts_its_modem_once_in_ten_minutes_too() -> None:
    """After eight hours it made good for 48, and closed its port each half minute."""
    pacing = Pacing()
    rungs(pacing, 0.0, 150.0)
    climbed = rungs(pacing, SLEPT_S, SLEPT_S + 1_500.0)
    assert climbed[0] == (SLEPT_S, RESET_RUNG)
    assert [rung for _, rung in climbed] == [RESET_RUNG] * 3
    assert climbed[1][0] - climbed[0][0] >= RESET_EVERY_S
    assert climbed[2][0] - climbed[1][0] >= RESET_EVERY_S

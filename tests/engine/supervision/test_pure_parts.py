"""Intensity, back-off and failures: pure."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from engine.supervision.backoff import backoff_s, slow_retry_s
from engine.supervision.failure import Failure
from engine.supervision.intensity import RestartWindow

chances = st.floats(0, 1, exclude_max=True)


def window(intensity: int = 2, period_s: float = 60.0) -> RestartWindow:
    return RestartWindow(intensity=intensity, period_s=period_s)


def test_as_many_restarts_as_the_intensity_are_allowed_and_one_more_is_not() -> None:
    twice = window().with_restart(0).with_restart(1)
    assert not twice.exceeded
    assert twice.with_restart(2).exceeded


def test_a_restart_leaves_the_window_after_the_period() -> None:
    twice = window().with_restart(0).with_restart(1)
    assert not twice.with_restart(60).exceeded
    assert twice.with_restart(59.9).exceeded


@given(
    st.integers(0, 4),
    st.lists(st.floats(0, 30), max_size=30),
)
def test_the_window_agrees_with_a_plain_count(
    intensity: int, gaps: list[float]
) -> None:
    kept, at_s, restarts = window(intensity), 0.0, list[float]()
    for gap in gaps:
        at_s += gap
        kept = kept.with_restart(at_s)
        restarts.append(at_s)
        within = [s for s in restarts if at_s - s < 60]
        assert kept.exceeded == (len(within) > intensity)
        assert len(kept.restarts_s) <= intensity + 1


@given(st.integers(0, 10_000), chances)
def test_a_back_off_never_exceeds_its_bounds(attempt: int, chance: float) -> None:
    delay_s = backoff_s(attempt, chance)
    assert 0 <= delay_s <= min(30.0, 0.1 * 2.0 ** min(attempt, 64))


def test_a_back_off_doubles_until_its_longest() -> None:
    assert [round(backoff_s(n, 0.5), 3) for n in range(11)] == [
        *(0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
        *(15.0, 15.0),
    ]


@given(chances)
def test_a_slow_retry_stays_within_a_quarter_of_its_interval(chance: float) -> None:
    assert 22.5 <= slow_retry_s(chance, every_s=30) <= 37.5


def test_a_failure_says_class_and_place_and_not_the_text() -> None:
    try:
        int("Heron")
    except ValueError as error:
        failure = Failure.of(error)
    assert failure.kind == "ValueError"
    assert failure.place.startswith("test_pure_parts.py:")
    assert "Heron" not in str(failure)


def test_a_failure_that_was_never_raised_has_no_place() -> None:
    assert str(Failure.of(ValueError("Heron"))) == "ValueError at unknown"


def test_a_stuck_actor_is_described_by_the_place_of_its_thread() -> None:
    failure = Failure.stuck("ActorStuck", sys._getframe())
    assert failure.place.endswith(
        "in test_a_stuck_actor_is_described_by_the_place_of_its_thread"
    )
    assert str(Failure.stuck("ActorStuck", None)) == "ActorStuck at no thread"

"""Tries within one attempt: when the next one begins, and when there is none."""

import pytest

from engine.dispatch.channel.retry import TRIES, retrying
from engine.errors import DeliveryError
from tests.fakes import ManualClock

HOOK = "webhook"


class FarEnd:
    """Refuses with what it asks for each time, then takes."""

    def __init__(self, *asked_s: float | None) -> None:
        self.clock = ManualClock()
        self.began_s = self.clock.boottime_s()
        self.asked_s = list(asked_s)
        self.tried_s: list[float] = []
        self.beats_s: list[float] = []
        self.stops_at_s = float("inf")

    def now_s(self) -> float:
        return round(self.clock.boottime_s() - self.began_s, 3)

    def send(self) -> str:
        self.tried_s.append(self.now_s())
        if self.asked_s:
            after_s = self.asked_s.pop(0)
            raise DeliveryError(HOOK, "answered 429", retry=True, after_s=after_s)
        return "taken"

    def attempt(self, slack_s: float = 5.0) -> str:
        retrier = retrying(
            self.clock,
            slack_s=slack_s,
            beat=lambda: self.beats_s.append(self.now_s()),
            is_stopping=lambda: self.now_s() >= self.stops_at_s,
        )
        return retrier(self.send)


def test_a_far_end_is_left_alone_for_as_long_as_it_asks_bug_it_was_ignored() -> None:
    far_end = FarEnd(2.0, 1.5)
    assert far_end.attempt() == "taken"
    assert far_end.tried_s == [0.0, 2.0, 3.5]


def test_one_that_asks_for_nothing_or_for_less_is_tried_after_our_own_wait() -> None:
    far_end = FarEnd(None, 0.0)
    assert far_end.attempt() == "taken"
    assert far_end.tried_s == [0.0, 0.2, 0.6]


def test_who_asks_for_more_than_the_slack_ends_the_attempt_at_once() -> None:
    """The alarm goes another way meanwhile: no far end may make it wait."""
    far_end = FarEnd(5.1)
    with pytest.raises(DeliveryError, match="429"):
        far_end.attempt(slack_s=5.0)
    assert far_end.tried_s == [0.0]
    assert far_end.now_s() == 0.0


def test_the_slack_is_of_all_waits_together() -> None:
    far_end = FarEnd(3.0, 3.0)
    with pytest.raises(DeliveryError, match="429"):
        far_end.attempt(slack_s=5.0)
    assert far_end.tried_s == [0.0, 3.0]


def test_the_tries_are_bounded_whatever_a_far_end_asks_for() -> None:
    far_end = FarEnd(*[1.0] * 99)
    with pytest.raises(DeliveryError, match="429"):
        far_end.attempt(slack_s=1000.0)
    assert len(far_end.tried_s) == TRIES


def test_who_waits_for_long_shows_that_they_get_on() -> None:
    far_end = FarEnd(60.0)
    assert far_end.attempt(slack_s=120.0) == "taken"
    gaps_s = [b - a for a, b in zip(far_end.beats_s, far_end.beats_s[1:], strict=False)]
    assert far_end.tried_s == [0.0, 60.0]
    assert max(gaps_s) <= 1.0


def test_a_stop_ends_the_wait_with_the_no_that_stands() -> None:
    """One more try would be cut, and nobody could say what became of it."""
    far_end = FarEnd(60.0)
    far_end.stops_at_s = 10.0
    with pytest.raises(DeliveryError, match="429"):
        far_end.attempt(slack_s=120.0)
    assert far_end.tried_s == [0.0]
    assert far_end.now_s() <= 11.0

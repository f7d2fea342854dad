"""Fakes that the whole test suite shares."""

from datetime import timedelta

from engine.values import Instant

START = Instant.parse("2026-11-25T03:00:00Z")


class ManualClock:
    """A clock that moves only when a test, or a sleeper, moves it."""

    def __init__(self, now: Instant = START) -> None:
        self._start = now
        self._passed_us = 0

    def now(self) -> Instant:
        return Instant(self._start.ms + self._passed_us // 1000)

    def boottime_s(self) -> float:
        return 1_000.0 + self._passed_us / 1e6

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, by: timedelta | float) -> None:
        """Let time pass: a duration, or seconds."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._passed_us += round(seconds * 1e6)

    def set(self, now: Instant) -> None:
        """Move to a moment, later or earlier."""
        self._passed_us = (now.ms - self._start.ms) * 1000

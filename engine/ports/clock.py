"""The one clock: nobody else reads time or sleeps."""

from typing import Protocol

from engine.values import Instant


class Clock(Protocol):
    """UTC that never steps, a stopwatch that counts through suspend, and a sleep."""

    def now(self) -> Instant:
        """Return UTC, anchored at start and carried on by CLOCK_BOOTTIME."""

    def boottime_s(self) -> float:
        """Return seconds of CLOCK_BOOTTIME; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Block the calling actor's thread (virtual time under the simulator)."""

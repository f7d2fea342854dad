"""Whether more alarms are raised than can be decided at once."""

from collections.abc import Callable

FLOOD = 20
"""So many alarms wait for their turn, and whoever was raised before them is being
told: the modems have more to send than they can."""
LATELY_S = 2.0
"""So long after that the last of them may still wait for a first word to anybody."""


class Flood:
    """Asked at every raise and every outcome; any thread, never blocks."""

    def __init__(self, waiting: Callable[[], int], now_s: Callable[[], float]) -> None:
        """Take how many alarms wait for their turn, and a clock that never steps."""
        self._waiting, self._now_s = waiting, now_s
        self._last_s: float | None = None

    def is_on(self) -> bool:
        """Say whether one is on."""
        is_on = self._waiting() >= FLOOD
        if is_on:
            self._last_s = self._now_s()
        return is_on

    def was_lately(self) -> bool:
        """Say whether one is on, or was a moment ago."""
        last_s = self._last_s
        return self.is_on() or (
            last_s is not None and self._now_s() - last_s < LATELY_S
        )

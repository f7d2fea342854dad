"""Since when what has come can be read; it is read before anybody is missed. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from engine.values import Instant

FIRST = timedelta(seconds=60)
"""So long after a start, or a sleep, nobody is missed: what came lies in the modems."""
LATE = timedelta(seconds=25)
"""Whoever goes on so late did not run: the machine slept, perhaps."""
SLEEPS_MAX = 3
"""So many in a row put off that somebody is missed: nobody would be missed ever on a
machine that sleeps again within each minute, or whose threads come late for hours."""


@dataclass(slots=True)
class Hearing:
    """Begins anew where nobody could hear for a while."""

    since: Instant
    _due: Instant
    _sleeps: int = 0

    def rests(self, until: Instant) -> None:
        """Note by when somebody goes on, whatever wakes them."""
        self._due = until

    def goes_on(self, now: Instant) -> None:
        """Begin anew where that is long past."""
        if now.since(self._due) >= LATE:
            if self._sleeps < SLEEPS_MAX:
                self._sleeps += 1
                self.since = now
        elif now >= self.since.plus(FIRST):
            self._sleeps = 0

    def reads_first(self, now: Instant, set_at: Instant | None) -> bool:
        """Say whether what came is to be read before a timer set then is over."""
        since = self.since if set_at is None else max(self.since, set_at)
        return now < since.plus(FIRST)

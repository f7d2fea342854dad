"""When a store that cannot be read is tried again, and what goes before: pure."""

from dataclasses import dataclass

FIRST_S, SLOWEST_S = 1.0, 120.0
BREATH_S = 2.0
"""How long after an effect the next may come; a try blocks the modem for 20 s."""
_RUNGS = (2, 3, 4)
"""Those of the recovery ladder that do more than ask whether the modem answers."""


@dataclass(slots=True)
class Store:
    """One modem's store of received messages; times are CLOCK_BOOTTIME.

    A modem whose store hangs sends all the same. The store is tried again while
    nothing is to be sent, and before every second try a rung is climbed.
    """

    failures: int = 0
    _due_s: float = 0.0
    _climbed_at: int = 0

    @property
    def is_unread(self) -> bool:
        """Whether the last look into it failed."""
        return self.failures > 0

    def failed(self, now_s: float) -> None:
        """Note that it could not be read; the next try is later each time."""
        self.failures += 1
        self._due_s = now_s + min(SLOWEST_S, FIRST_S * 2 ** min(self.failures - 1, 10))

    def read(self) -> None:
        """Note that all of it was read."""
        self.failures = self._climbed_at = 0

    def busy(self, now_s: float) -> None:
        """Note that the modem sends, or can send again: what waits goes first."""
        self._due_s = max(self._due_s, now_s + BREATH_S)

    def due(self, now_s: float) -> bool:
        """Say whether it shall be tried again."""
        return self.is_unread and now_s >= self._due_s

    def rung(self) -> int | None:
        """Return the rung to climb before the next try, if any; each only once."""
        if self.failures % 2 or self._climbed_at == self.failures:
            return None
        self._climbed_at = self.failures
        return _RUNGS[(self.failures // 2 - 1) % len(_RUNGS)]

"""How many restarts within which time are too many (OTP: intensity, period)."""

from typing import Self

from msgspec import Struct, structs


class RestartWindow(Struct, frozen=True, kw_only=True):
    """A sliding window over one child's restarts; times in seconds that never step."""

    intensity: int
    period_s: float
    restarts_s: tuple[float, ...] = ()

    def with_restart(self, at_s: float) -> Self:
        """Return the window with one more restart and without those it has left."""
        kept = (s for s in self.restarts_s if at_s - s < self.period_s)
        # One more than the intensity is enough to know that it is exceeded.
        return structs.replace(self, restarts_s=(*kept, at_s)[-(self.intensity + 1) :])

    @property
    def exceeded(self) -> bool:
        """Whether there were more restarts than the intensity allows."""
        return len(self.restarts_s) > self.intensity

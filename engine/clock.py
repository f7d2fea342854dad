"""The one place that reads time."""

import time
from collections.abc import Callable

from engine.values import Instant

# macOS has no CLOCK_BOOTTIME; there a developer's time stands still in suspend.
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_NS_PER_MS = 1_000_000
_SLEEP_SLICE_S = 1.0


def boottime_ns() -> int:
    """Return nanoseconds of CLOCK_BOOTTIME, which runs on in suspend."""
    return time.clock_gettime_ns(_BOOTTIME)


def monotonic_us() -> int:
    """Return microseconds of CLOCK_MONOTONIC, by which systemd counts."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


class SystemClock:
    """UTC that is read once, at start, and never steps after that.

    Safe from any thread.
    """

    def __init__(
        self,
        last_row: Instant | None = None,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        boot_ns: Callable[[], int] = boottime_ns,
    ) -> None:
        """Anchor at the wall clock, but never before the journal's last row.

        A board without a battery starts in 1970: the journal knows better.

        Args:
            last_row: the time of the last row; None where there is none.
            wall_ns: the system's wall clock, nanoseconds since 1970 in UTC.
            boot_ns: a clock that never steps and runs on in suspend.

        """
        self._wall_ns = wall_ns
        self._boot_ns = boot_ns
        self._boot_at_start_ns = boot_ns()
        anchor_ns = wall_ns()
        if last_row is not None:
            anchor_ns = max(anchor_ns, last_row.ms * _NS_PER_MS)
        self._anchor_ns = anchor_ns
        self._said = Instant(anchor_ns // _NS_PER_MS)

    def now(self) -> Instant:
        """Return UTC, anchored at start and carried on by CLOCK_BOOTTIME."""
        ms = (self._anchor_ns + self._boot_ns() - self._boot_at_start_ns) // _NS_PER_MS
        said = self._said
        if said.ms != ms:
            # Asked many times in a millisecond: one object serves them all. Threads
            # that meet here make one each, and both are right.
            self._said = said = Instant(ms)
        return said

    def boottime_s(self) -> float:
        """Return seconds of CLOCK_BOOTTIME; only differences mean anything."""
        return self._boot_ns() / 1e9

    def wall(self) -> Instant:
        """Return what the system's wall clock claims, to be printed beside."""
        return Instant(self._wall_ns() // _NS_PER_MS)

    def jump_s(self) -> float:
        """Return how far the wall clock has run ahead of this one (behind: < 0)."""
        return (self._wall_ns() - self._now_ns()) / 1e9

    def sleep(self, seconds: float) -> None:
        """Block the calling actor's thread; a suspend counts as time slept."""
        until_ns = self._boot_ns() + int(seconds * 1e9)
        while (left_s := (until_ns - self._boot_ns()) / 1e9) > 0:
            # Python waits on CLOCK_MONOTONIC, which stands still in suspend.
            time.sleep(min(left_s, _SLEEP_SLICE_S))  # noqa: TID251 - the one place

    def _now_ns(self) -> int:
        return self._anchor_ns + self._boot_ns() - self._boot_at_start_ns

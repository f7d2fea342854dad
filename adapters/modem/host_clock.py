"""The clock of a tool that runs without the engine: virtual modem, probe, console."""

import threading
import time

from engine.values import Instant

# macOS has no CLOCK_BOOTTIME.
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class HostClock:
    """`engine.ports.clock.Clock` straight from the system.

    The engine's own clock never steps and is handed in by the engine; a tool that
    a person runs beside it has nobody to take it from.
    """

    def __init__(self) -> None:
        """Keep an event that nobody sets: waiting for it is the sleep."""
        self._never = threading.Event()

    def now(self) -> Instant:
        """Return the system's UTC."""
        return Instant(time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000)

    def boottime_s(self) -> float:
        """Return seconds of CLOCK_BOOTTIME."""
        return time.clock_gettime(_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        """Block the calling thread."""
        self._never.wait(seconds)

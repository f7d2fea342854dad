"""Time that runs faster for the engine than for its modems.

Deadlines of half a minute and of ten keep their proportions, and pass in moments; a
modem's answer takes as long as it takes.
"""

import time
from dataclasses import dataclass

from adapters.modem.transport import SerialTransport
from engine.clock import boottime_ns
from engine.values import Instant

SPEED = 20.0


@dataclass(frozen=True, slots=True)
class _Pace:
    """At this moment of the host's it was then, and runs so fast from there on."""

    host_s: float
    then_s: float
    speed: float


class HurriedClock:
    """`engine.ports.clock.Clock`, so many times faster than the host's."""

    def __init__(self, speed: float = SPEED) -> None:
        host_s = boottime_ns() / 1e9
        self._anchor_ms = time.time_ns() // 1_000_000
        self._began_s = host_s
        self._pace = _Pace(host_s, host_s, speed)

    def now(self) -> Instant:
        passed_s = self.boottime_s() - self._began_s
        return Instant(self._anchor_ms + int(passed_s * 1000))

    def boottime_s(self) -> float:
        pace = self._pace
        return pace.then_s + (boottime_ns() / 1e9 - pace.host_s) * pace.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(self.host_s(seconds))  # noqa: TID251 - the engine's own is a clock's

    def host_s(self, seconds: float) -> float:
        """Return how long that is for the host."""
        return seconds / self._pace.speed

    def run(self, speed: float) -> None:
        """Run at another speed from now on; nothing jumps."""
        self._pace = _Pace(boottime_ns() / 1e9, self.boottime_s(), speed)


class HurriedTransport(SerialTransport):
    """A port on which nobody waits longer than the hurried clock says."""

    def __init__(self, port: str, clock: HurriedClock) -> None:
        super().__init__(port)
        self._clock = clock

    def read(self, timeout_s: float) -> bytes:
        return super().read(self._clock.host_s(timeout_s))

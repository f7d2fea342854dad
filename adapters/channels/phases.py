"""How long the phases of an attempt take, for every channel alike."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from engine.values import ChannelName


class Phases:
    """Measures what one channel does; for its own thread."""

    def __init__(self, name: ChannelName, clock: Clock, telemetry: Telemetry) -> None:
        """Take whose phases they are."""
        self._name, self._clock, self._telemetry = name, clock, telemetry

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Surround a phase; one that fails has no length."""
        began_s = self._clock.boottime_s()
        yield
        self._telemetry.observe(
            "channel_phase_seconds",
            self._clock.boottime_s() - began_s,
            channel=self._name,
            phase=phase,
        )

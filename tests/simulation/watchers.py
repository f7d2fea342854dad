"""The watcher's ears inside the engine: measurements, live states, the log."""

import logging

from engine.alarm.events import AlarmEvent
from engine.alarm.measures import Measures
from engine.alarm.state import Alarm
from engine.ports.clock import Clock
from engine.ports.telemetry import Telemetry
from tests.simulation.invariants import Watching


class WatchingTelemetry:
    """Measures nothing; looks at names and labels."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching
        self._seen: set[tuple[str, ...]] = set()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        del amount
        if (name, *labels.values()) not in self._seen:
            self._look(name, labels)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        del value
        if (name, *labels.values()) not in self._seen:  # else looked at before
            self._look(name, labels)

    def _look(self, name: str, labels: dict[str, str]) -> None:
        self._seen.add((name, *labels.values()))
        self._watching.label(name, tuple(labels.values()))

    observe = gauge


class Comparing(Measures):
    """Measures that show the watcher what an actor holds."""

    def __init__(self, watching: Watching, telemetry: Telemetry, clock: Clock) -> None:
        super().__init__(telemetry, clock)
        self._watching = watching

    def changed(self, alarm: Alarm, events: tuple[AlarmEvent, ...]) -> None:
        self._watching.live(alarm)
        super().changed(alarm, events)


class LogWatch(logging.Handler):
    """Hands every formatted record to the watcher."""

    def __init__(self, watching: Watching) -> None:
        super().__init__()
        self._watching = watching

    def emit(self, record: logging.LogRecord) -> None:
        self._watching.logged(self.format(record))

"""Rows that are read once: the watcher reads each, and every start reads it again.

The engine's own decoder does the reading. A row is its kind, version and bytes, and
what these say does not depend on when they are read.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.alarm import codec
from engine.alarm.events import AlarmEvent
from engine.ports.journal import StoredEvent

_decode = codec.decode


class Remembered:
    """What the rows of one day say."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, int, bytes], AlarmEvent] = {}

    def decode(self, row: StoredEvent) -> AlarmEvent:
        """Return the event of a row, as `engine.alarm.codec.decode` does."""
        key = row.kind, row.version, row.body
        event = self._events.get(key)
        if event is None:
            event = self._events[key] = _decode(row)
        return event

    @contextmanager
    def by_engine(self) -> Iterator[None]:
        """Let the engine's replays remember as well, for as long as this lasts."""
        codec.decode = self.decode
        try:
            yield
        finally:
            codec.decode = _decode

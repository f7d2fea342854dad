"""The cases as the console knows them: folded from the journal, never from actors."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.alarm.codec import UnreadableEventError, decode
from engine.alarm.events import AlarmEvent
from engine.alarm.evolve import fold
from engine.alarm.state import Alarm, alarm_of, stream_of
from engine.ports.journal import ReaderLender, StoredEvent
from engine.values import AlarmId, Instant

PAGE = 500
CLOSED_KEPT = 200
PREFIX = "alarm/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a case's time line."""

    position: int
    at: Instant
    event: AlarmEvent | None
    kind: str


class Cases:
    """Follows the journal; lives in the web's event loop."""

    def __init__(self, readers: ReaderLender) -> None:
        """Fold what is open, and the last that were closed."""
        self._readers = readers
        self._alarms: dict[AlarmId, Alarm] = {}
        with readers.reader() as reader:
            self.position = reader.position()
            heads = reader.heads(PREFIX, open_only=False)
            opened = [row for row in heads if row.head.is_open]
            closed = [row for row in heads if not row.head.is_open][-CLOSED_KEPT:]
            for row in (*closed, *opened):
                self._fold(reader.stream(row.stream))

    def follow(self) -> list[StoredEvent]:
        """Fold what has been committed since, and return those rows of alarms."""
        new: list[StoredEvent] = []
        with self._readers.reader() as reader:
            while rows := reader.after(self.position, PAGE):
                self.position = rows[-1].position
                new += [row for row in rows if row.stream.startswith(PREFIX)]
        self._fold(new)
        return new

    def since(self, position: int) -> list[StoredEvent]:
        """Return the rows of alarms behind a journal position, as far as is folded."""
        found: list[StoredEvent] = []
        with self._readers.reader() as reader:
            while rows := reader.after(position, PAGE):
                kept = [row for row in rows if row.position <= self.position]
                found += [row for row in kept if row.stream.startswith(PREFIX)]
                if len(kept) < len(rows):
                    break
                position = rows[-1].position
        return found

    def all(self) -> list[Alarm]:
        """Return every case, the ones that wait for HQ first, then the newest."""
        return sorted(self._alarms.values(), key=_order)

    def wait_for_hq(self) -> bool:
        """Say whether any open case has not been acknowledged."""
        cases = list(self._alarms.values())
        return any(one.is_open and one.acknowledged is None for one in cases)

    def get(self, alarm_id: AlarmId) -> Alarm | None:
        """Return one case."""
        return self._alarms.get(alarm_id)

    def lines(self, alarm_id: AlarmId) -> list[Line]:
        """Return a case's time line, read from the rows."""
        with self._readers.reader() as reader:
            rows = reader.stream(stream_of(alarm_id))
        return [
            Line(position=row.position, at=row.at, event=_event(row), kind=row.kind)
            for row in rows
        ]

    def _fold(self, rows: Sequence[StoredEvent]) -> None:
        for row in rows:
            event = _event(row)
            alarm_id = alarm_of(row.stream)
            if event is None:
                continue
            alarm = fold(alarm_id, self._alarms.get(alarm_id), event)
            if alarm is not None:
                self._alarms[alarm_id] = alarm


def _event(row: StoredEvent) -> AlarmEvent | None:
    try:
        return decode(row)
    except UnreadableEventError:
        return None


def _order(alarm: Alarm) -> tuple[bool, bool, int]:
    waits = alarm.is_open and alarm.acknowledged is None
    return (not waits, not alarm.is_open, -alarm.raised_at.ms)

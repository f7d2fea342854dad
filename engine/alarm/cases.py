"""Which open case a press, a cancel or a position of somebody belongs to.

A case is open here from its press on, before anything of it is durable.
"""

from collections.abc import Iterable, Iterator

from engine.alarm.commands import Raise
from engine.alarm.copying import replace
from engine.alarm.rows import key_of, subject_of
from engine.alarm.state import Alarm, Kind
from engine.values import AlarmId, PersonId


class OpenCases:
    """A book that the directory keeps, in its own thread; rows bring it back."""

    def __init__(self) -> None:
        """Begin empty."""
        self._open: dict[str, AlarmId] = {}

    def read(self, alarm_id: AlarmId, subject: str) -> None:
        """Take a case from its clear columns."""
        if subject:
            self._open[subject] = alarm_id

    def note(self, alarm: Alarm) -> None:
        """Take a case's own news."""
        key = subject_of(alarm)
        if alarm.is_open:
            self._open[key] = alarm.id
        elif self._open.get(key) == alarm.id:
            del self._open[key]

    def of(self, subject: str) -> AlarmId | None:
        """Return the real case that somebody has open."""
        return self._open.get(key_of(Kind.REAL, subject))

    def of_all(self, people: Iterable[PersonId]) -> Iterator[AlarmId]:
        """Yield every open case in which these people may be on the way."""
        for kind in (Kind.REAL, Kind.EXERCISE):
            for person in people:
                open_id = self._open.get(key_of(kind, person))
                if open_id is not None:
                    yield open_id

    def join(self, command: Raise, own: AlarmId) -> tuple[AlarmId, Raise]:
        """Return the case of a press, and the press as it is meant there.

        Args:
            command: what was pressed.
            own: the case that it begins where it belongs to none.

        """
        is_drill = command.kind is Kind.EXERCISE and command.press.device is not None
        if is_drill and self.of(command.subject) is not None:
            # Now in danger: then they mean it, whatever was agreed on before.
            command = replace(command, kind=Kind.REAL)
        key = key_of(command.kind, command.subject)
        return self._open.setdefault(key, own), command

    def begin(self, command: Raise, own: AlarmId) -> None:
        """Give a press a case of its own, whatever else is open."""
        self._open[key_of(command.kind, command.subject)] = own

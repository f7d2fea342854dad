"""Which open case a press, a cancel or a position of somebody belongs to.

A case is open here from its press on, before anything of it is durable. After an end in
appearance a press begins a case of its own, as it would after a true end: else codes
and questions at the defender's telephone would tell the one from the other.
"""

from collections.abc import Iterable, Iterator

from engine.alarm.commands import Raise
from engine.alarm.copying import replace
from engine.alarm.force import is_shown, seems_over
from engine.alarm.rows import SEEMS_OVER, key_of, subject_of
from engine.alarm.state import Alarm, Kind
from engine.values import AlarmId, PersonId


class OpenCases:
    """A book that the directory keeps, in its own thread; rows bring it back."""

    def __init__(self) -> None:
        """Begin empty."""
        self._open: dict[str, AlarmId] = {}
        self._over: dict[str, dict[AlarmId, None]] = {}

    def read(self, alarm_id: AlarmId, subject: str) -> None:
        """Take a case from its clear columns."""
        key = subject.removeprefix(SEEMS_OVER)
        if key != subject:
            self._over.setdefault(key, {})[alarm_id] = None
        elif subject:
            self._open[subject] = alarm_id

    def note(self, alarm: Alarm) -> None:
        """Take a case's own news."""
        key = subject_of(alarm)
        over = self._over.setdefault(key, {})
        over.pop(alarm.id, None)
        if seems_over(alarm):
            over[alarm.id] = None
        if alarm.is_open and alarm.id not in over:
            self._open[key] = alarm.id
        elif self._open.get(key) == alarm.id:
            del self._open[key]
        if not over:
            del self._over[key]

    def of(self, subject: str) -> AlarmId | None:
        """Return the real case that somebody has open, also one that looks over."""
        return next(self._all_of(Kind.REAL, subject), None)

    def of_all(self, people: Iterable[PersonId]) -> Iterator[AlarmId]:
        """Yield every open case in which these people may be on the way."""
        for kind in (Kind.REAL, Kind.EXERCISE):
            for person in people:
                yield from self._all_of(kind, person)

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
        over = tuple(self._over.get(key, ()))
        if own in over:
            return own, command
        if is_shown(command.press, command.protocol):
            # Also where it joins another: that one may have come to nothing.
            command = self.begun_by(command)
        elif over and key not in self._open:
            return over[-1], command
        return self._open.setdefault(key, own), command

    def begun_by(self, command: Raise) -> Raise:
        """Return a press as it begins a case: after those that look over, if any."""
        key = key_of(command.kind, command.subject)
        return replace(command, after=tuple(self._over.get(key, ())))

    def begin(self, command: Raise, own: AlarmId) -> None:
        """Give a press a case of its own, whatever else is open."""
        self._open[key_of(command.kind, command.subject)] = own

    def _all_of(self, kind: Kind, subject: str) -> Iterator[AlarmId]:
        """Yield the one that a press would join, then the latest that looks over."""
        key = key_of(kind, subject)
        if key in self._open:
            yield self._open[key]
        yield from reversed(self._over.get(key, {}))

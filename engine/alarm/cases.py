"""Which open case a press, a cancel or a position of somebody belongs to.

A case is open here from its press on, before anything of it is durable. After an end in
appearance a press begins a case of its own, as it would after a true end: else codes
and questions at the defender's telephone would tell the one from the other.
"""

from collections.abc import Iterable, Iterator, Mapping

from engine.alarm.commands import Raise
from engine.alarm.copying import replace
from engine.alarm.force import is_shown, seems_over
from engine.alarm.rows import SEEMS_OVER, key_of, subject_of
from engine.alarm.state import Alarm, Kind, alarm_of
from engine.ports.journal import HeadRow
from engine.values import AlarmId, Instant, PersonId

_NONE: frozenset[AlarmId] = frozenset()


class OpenCases:
    """A book that the directory keeps, in its own thread; rows bring it back.

    Several of one person may be open: one that looks over, or that HQ opened again.
    The one that began last goes first, whatever news the others have.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._began: dict[str, dict[AlarmId, Instant]] = {}
        self._over: dict[str, set[AlarmId]] = {}

    def read(
        self, heads: Iterable[HeadRow], began: Mapping[str, Instant], now: Instant
    ) -> bool:
        """Take cases from their clear columns; say whether somebody has several.

        Args:
            heads: of open alarms.
            began: when each began, by stream.
            now: taken where that is known neither from here nor from before.

        """
        several = False
        for row in heads:
            alarm_id, subject = alarm_of(row.stream), row.head.subject
            key = subject.removeprefix(SEEMS_OVER)
            theirs = self._began.get(key)
            if key and theirs is None and key == subject:
                self._began[key] = {alarm_id: began.get(row.stream, now)}
            elif key:
                known = now if theirs is None else theirs.get(alarm_id, now)
                since = began.get(row.stream, known)
                self._enter(key, alarm_id, since, is_over=key != subject)
                several = several or len(self._began[key]) > 1
        return several

    def note(self, alarm: Alarm) -> None:
        """Take a case's own news."""
        key = subject_of(alarm)
        if alarm.is_open:
            self._enter(key, alarm.id, alarm.raised_at, is_over=seems_over(alarm))
        else:
            self._strike(key, alarm.id)

    def of(self, subject: str) -> AlarmId | None:
        """Return the real case that somebody has open, also one that looks over."""
        return next(iter(self._ranked(key_of(Kind.REAL, subject))), None)

    def of_all(self, people: Iterable[PersonId]) -> Iterator[AlarmId]:
        """Yield every open case in which these people may be on the way."""
        for kind in (Kind.REAL, Kind.EXERCISE):
            for person in people:
                yield from self._ranked(key_of(kind, person))

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
        over = self._over.get(key, _NONE)
        if own in over:
            return own, command
        known = self._ranked(key)
        if is_shown(command.press, command.protocol):
            # Also where it joins another: that one may have come to nothing.
            command = self.begun_by(command)
            known = [one for one in known if one not in over]
        if known:
            return known[0], command
        self.begin(command, own)
        return own, command

    def begun_by(self, command: Raise) -> Raise:
        """Return a press as it begins a case: after those that look over, if any."""
        key = key_of(command.kind, command.subject)
        over = self._over.get(key, _NONE)
        after = tuple(one for one in reversed(self._ranked(key)) if one in over)
        return replace(command, after=after)

    def begin(self, command: Raise, own: AlarmId) -> None:
        """Give a press a case of its own, whatever else is open."""
        key = key_of(command.kind, command.subject)
        began = max([command.press.at, *self._began.get(key, {}).values()])
        self._enter(key, own, Instant(began.ms + 1), is_over=False)

    def _ranked(self, key: str) -> list[AlarmId]:
        """Return those that a press would join, then those that look over."""
        over = self._over.get(key, _NONE)

        def rank(one: tuple[AlarmId, Instant]) -> tuple[bool, Instant, AlarmId]:
            return (one[0] not in over, one[1], one[0])

        cases = sorted(self._began.get(key, {}).items(), key=rank, reverse=True)
        return [alarm_id for alarm_id, _ in cases]

    def _enter(
        self, key: str, alarm_id: AlarmId, began: Instant, *, is_over: bool
    ) -> None:
        self._strike(key, alarm_id)
        self._began.setdefault(key, {})[alarm_id] = began
        if is_over:
            self._over.setdefault(key, set()).add(alarm_id)

    def _strike(self, key: str, alarm_id: AlarmId) -> None:
        began, over = self._began.get(key, {}), self._over.get(key, set())
        began.pop(alarm_id, None)
        over.discard(alarm_id)
        if not began:
            self._began.pop(key, None)
        if not over:
            self._over.pop(key, None)

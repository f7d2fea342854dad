"""Whether an end was said freely (I8), by what came in and not by what became of it."""

from collections.abc import Iterable, Sequence

from engine.alarm.case_events import PressedAnew
from engine.alarm.events import (
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    NotificationPlanned,
    ReplyReceived,
    SafetyConfirmed,
)
from engine.alarm.state import Alarm, ReplyKind, alarm_of
from engine.ports.journal import InboundRow
from engine.values import AlarmId, PersonId, ReportKey
from tests.simulation.cast import AGREED, DURESS_CODE, DURESS_WORD
from tests.simulation.disk import Disk

_FORCED = (DURESS_WORD.encode(), DURESS_CODE.encode())


class Freedom:
    """Keeps in which cases a word of force came in, and who has said that all is well.

    A word counts as it was recorded, whatever the engine makes of it.
    """

    def __init__(self) -> None:
        self.forced: set[AlarmId] = set()
        self._said_safe: dict[AlarmId, set[str]] = {}
        self.strangers: set[PersonId] = set()
        """Who was taken out of the roster: nobody knows their words any more."""

    def hear(self, alarm_id: AlarmId, keys: Iterable[ReportKey], disk: Disk) -> None:
        """Look at what a case has just taken up."""
        if AGREED in self.strangers:
            return
        for key in keys:
            row = disk.medium.inbound.get(key)
            if row is not None and _is_forced(row):
                self.forced.add(alarm_id)
                self._said_safe.pop(alarm_id, None)

    def is_lost(self, disk: Disk) -> bool:
        """Say whether a word of force came in of which no case has heard."""
        return AGREED not in self.strangers and any(
            _is_forced(row) and alarm_of(row.taken_by) not in self.forced
            for row in disk.medium.inbound.values()
        )

    def listen(self, alarm_id: AlarmId, event: AlarmEvent) -> None:
        """Note who says that the defender is safe, and what begins under force.

        Whoever presses again after a forced end has not been let go.
        """
        if isinstance(event, AlarmRaised) and self.forced.intersection(event.after):
            self.forced.add(alarm_id)
        if isinstance(event, PressedAnew):
            self._said_safe.pop(alarm_id, None)
        said = self._said_safe.setdefault(alarm_id, set())
        if isinstance(event, SafetyConfirmed):
            said.add(str(event.by))
        elif isinstance(event, ReplyReceived) and event.reply is ReplyKind.SAFE:
            said.add(event.person)

    def may_close(self, alarm_id: AlarmId, event: AlarmEvent) -> bool:
        """Say whether two others have said it, where this ends a forced case."""
        if not isinstance(event, AlarmClosed) or event.apparent:
            return True
        if alarm_id not in self.forced:
            return True
        said = self._said_safe.get(alarm_id, set()) | {str(event.by)}
        return len(said - {str(AGREED)}) > 1

    def all_clear(
        self, alarm_id: AlarmId, alarm: Alarm, events: Sequence[AlarmEvent]
    ) -> bool:
        """Say whether people are told of an end while a forced case goes on."""
        if alarm_id not in self.forced or not alarm.is_open:
            return False
        steps = {step.id: step for step in alarm.protocol.steps}
        planned = [e.step for e in events if isinstance(e, NotificationPlanned)]
        return any(steps[step].text == "stop" for step in planned if step in steps)


def _is_forced(row: InboundRow) -> bool:
    return any(word in row.body for word in _FORCED)

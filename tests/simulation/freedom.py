"""Whether an end was said freely (I8), by what came in and not by what became of it."""

from collections.abc import Iterable, Iterator, Sequence

from engine.alarm.case_events import PressedAnew
from engine.alarm.events import (
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    CancelRequested,
    NoteAdded,
    NotificationPlanned,
    PressJoined,
    ReplyReceived,
    SafetyConfirmed,
)
from engine.alarm.state import Alarm, Kind, ReplyKind, alarm_of
from engine.ports.journal import InboundRow
from engine.roster.model import Role
from engine.values import AlarmId, PersonId, ReportKey
from tests.simulation.cast import AGREED, DURESS_CODE, DURESS_WORD, roster
from tests.simulation.disk import Disk

_FORCED = {DURESS_WORD: AGREED, DURESS_CODE: AGREED}


class Freedom:
    """Keeps in which cases a word of force came in, and who has said that all is well.

    A word counts as it was recorded, whatever the engine makes of it.
    """

    def __init__(self) -> None:
        self.forced: set[AlarmId] = set()
        self.words: dict[str, PersonId] = {**_FORCED}
        """Each word and code of force that was agreed, and with whom."""
        self._said_safe: dict[AlarmId, set[str]] = {}
        self._speakers: dict[AlarmId, set[PersonId]] = {}
        self._is_heard = False
        self.strangers: set[PersonId] = set()
        """Who was taken out of the roster: nobody knows their words any more."""

    def hear(self, alarm_id: AlarmId, keys: Iterable[ReportKey], disk: Disk) -> None:
        """Look at what a case has just taken up, or was answered."""
        inbound = disk.medium.inbound
        rows = [inbound[key] for key in keys if key in inbound]
        speakers = {who for row in rows for who in self._forced(row)}
        self._is_heard = bool(speakers)
        if self._is_heard:
            self.forced.add(alarm_id)
            self._speakers.setdefault(alarm_id, set()).update(speakers)
            self._said_safe.pop(alarm_id, None)

    def is_lost(self, disk: Disk) -> bool:
        """Say whether a word of force came in of which no case has heard."""
        return any(
            self._forced(row) and alarm_of(row.taken_by) not in self.forced
            for row in disk.medium.inbound.values()
        )

    def is_told(self, text: str) -> bool:
        """Say whether a text of ours has a word of force in it."""
        return any(word in text for word in self.words)

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
        elif isinstance(event, ReplyReceived) and not self._is_heard:
            is_voice = event.authentic and event.reply is ReplyKind.SAFE
            said |= {event.person} if is_voice else set()

    def may_close(self, alarm: Alarm | None, event: AlarmEvent) -> bool:
        """Say whether two others have said it, where this ends a forced case.

        Neither is its defender, of whose own word it is ended too, whoever was forced.
        One may end a notice, or an exercise, in which no defender says it of their own.
        """
        if not isinstance(event, AlarmClosed) or event.apparent or alarm is None:
            return True
        if alarm.id not in self.forced:
            return True
        if alarm.kind is not Kind.REAL and not self._is_own(alarm):
            return True
        said = self._said_safe.get(alarm.id, set()) | {str(event.by)}
        return len(said - {str(AGREED), str(alarm.defender)}) > 1

    def _is_own(self, alarm: Alarm) -> bool:
        """Say whether a defender is forced in a case of their own."""
        who = alarm.defender
        person = None if who is None else roster().person(who)
        is_defender = person is not None and person.has(Role.DEFENDER)
        return is_defender and who in self._speakers.get(alarm.id, set())

    def breaks(
        self, before: Alarm | None, alarm: Alarm, events: Sequence[AlarmEvent]
    ) -> Iterator[str]:
        """Yield what a commit makes of force that must not be.

        Args:
            before: without its facts; None where it begins the case.
            alarm: with them.
            events: of the commit.

        """
        if alarm.id in self.forced and alarm.is_open and _is_all_clear(alarm, events):
            yield "an all-clear under force"
        if any(self._is_shown(text) for text in _texts(events)):
            yield "a word of force is what HQ reads of a case"
        if not self._is_heard:
            return
        if alarm.merged_into is None and not _calls_hq(alarm):
            yield "a word of force that calls nobody at HQ"
        if before is not None and _counts(before, alarm):
            yield "a forced answer counts as a true one"

    def _is_shown(self, text: str) -> bool:
        words = self.words.items()
        return any(word in text for word, who in words if who not in self.strangers)

    def _forced(self, row: InboundRow) -> list[PersonId]:
        """Return who speaks in a row by their word of force."""
        return [
            who
            for word, who in self.words.items()
            if word.encode() in row.body and who not in self.strangers
        ]


def _is_all_clear(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether people are told of an end."""
    steps = {step.id: step for step in alarm.protocol.steps}
    planned = [e.step for e in events if isinstance(e, NotificationPlanned)]
    return any(steps[step].text == "stop" for step in planned if step in steps)


def _texts(events: Sequence[AlarmEvent]) -> Iterator[str]:
    """Yield what a commit keeps of people's own words."""
    for event in events:
        match event:
            case AlarmRaised() | PressJoined() | CancelRequested():
                yield event.press.text
            case ReplyReceived() | NoteAdded():
                yield event.text
            case _:
                pass


def _calls_hq(alarm: Alarm) -> bool:
    return alarm.is_open and alarm.acknowledged is None


def _counts(before: Alarm, alarm: Alarm) -> bool:
    """Say whether somebody is coming, declines, or has a voice, who has not before."""
    replies = {name: told.reply for name, told in before.told.items()}
    is_said = any(
        told.reply is not None and told.reply is not replies.get(name)
        for name, told in alarm.told.items()
    )
    return is_said or len(alarm.voices) > len(before.voices)

"""What alarms and their directory are told: commands on their way, and the answers."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from engine.alarm.cases import CaseStanding
from engine.alarm.commands import AddNote, AlarmCommand, Raise, RequestCancel
from engine.alarm.events import AlarmEvent
from engine.alarm.state import Alarm
from engine.values import AlarmId, CommandId, PersonId


class Done(Struct, frozen=True, kw_only=True):
    """What a command came to: the facts, and the alarm after them.

    `alarm` is None where the command met no alarm; `failed` where it was never
    handled and has to be given again: `is_full` where the journal's disk has no room,
    `is_damaged` where a page of it cannot be read.
    """

    events: tuple[AlarmEvent, ...] = ()
    alarm: Alarm | None = None
    failed: bool = False
    is_full: bool = False
    is_damaged: bool = False


Answered = Callable[[Done], None]


def _refusing(answered: Answered) -> Callable[[Exception], None]:
    def refuse(reason: Exception) -> None:
        del reason
        answered(Done(failed=True))

    return refuse


class _Given(Struct, frozen=True, kw_only=True):
    """A command, and who is told what it came to."""

    command: AlarmCommand
    answered: Answered | None = None

    @property
    def urgent(self) -> bool:
        """A press overtakes everything."""
        return isinstance(self.command, Raise)

    @property
    def refuse(self) -> Callable[[Exception], None] | None:
        """How to tell whoever waits that nothing was done; a hint has nobody.

        A hint with this attribute would count as answered where it is dropped, and
        the rows would not be looked at.
        """
        return None if self.answered is None else _refusing(self.answered)


class Do(_Given, frozen=True, kw_only=True):
    """A command for one alarm; `answered` is called in the alarm's thread.

    Where the alarm has never been raised it comes to `otherwise`.
    """

    otherwise: Raise | None = None

    @property
    def command_id(self) -> CommandId:
        """By which supervision knows a command that crashes whoever handles it."""
        return self.command.command_id


class Forward(_Given, frozen=True, kw_only=True):
    """A command for a known alarm, on its way through the directory."""

    alarm_id: AlarmId


class Distress(Struct, frozen=True, kw_only=True):
    """A press: joins the subject's open case of its kind, else raises `alarm_id`."""

    alarm_id: AlarmId
    command: Raise
    answered: Answered | None = None
    urgent: ClassVar[bool] = True


class ToOpen(Struct, frozen=True, kw_only=True):
    """A command for whatever real case a subject has open.

    Without one it comes to `otherwise`, or is dropped: what it came from is recorded
    and offered again, so a case that opens a moment later gets it.
    """

    subject: str
    command: RequestCancel | AddNote
    otherwise: Distress | None = None


class Moved(Struct, frozen=True, kw_only=True, gc=False):
    """New positions of these people are durable: a hint for their open cases."""

    people: frozenset[PersonId]


class Changed(Struct, frozen=True, kw_only=True, gc=False):
    """An alarm's own news for the directory."""

    now: CaseStanding
    urgent: ClassVar[bool] = True


class News(Struct, frozen=True):
    """Outcomes that were kept back in a flood, to be taken now."""

    take: Callable[[], list[Forward]]

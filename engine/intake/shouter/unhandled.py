"""Commands that supervision has put away, and what HQ hears of each."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from engine.alarm.commands import AddNote, Raise, RequestCancel, TakeReply
from engine.health import Health
from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry
from engine.protocol.texts import Segment
from engine.values import AlarmId, ReportKey

NOT_HANDLED = "NOT HANDLED "
NAMED_MAX = 20
"""So many are named where the reasons are; a flood of more is one word."""

logger = logging.getLogger(__name__)

Remark = RequestCancel | TakeReply | AddNote
Word = Raise | Remark
"""What a device or a person outside of HQ said. Of an act of their own operators see
that it is not answered, and the engine's own commands come again from rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhandled:
    """Somebody's word that was put away, or of which nothing could be made durable."""

    command: Word
    case: AlarmId | None = None


class PutAway:
    """Takes what was put away: measured, named, and told to HQ.

    In a supervisor's thread. It stands until the next start, which takes up again what
    was recorded and came to nothing.
    """

    def __init__(
        self, telemetry: Telemetry, health: Health, say: Callable[[Unhandled], None]
    ) -> None:
        """Take where it is shown, and the way to the shouter."""
        self._telemetry, self._health, self._say = telemetry, health, say
        self._named: set[str] = set()

    def __call__(self, child: str, message: object) -> None:
        """Take a command that has crashed a child twice."""
        self._telemetry.count("quarantined_commands_total")
        kind = type(getattr(message, "command", message)).__name__
        whose = child.removeprefix("alarm/")
        logger.error("%s is put away", kind, extra={"alarm": whose})
        name = f"{whose} {kind}"
        if len(self._named) < NAMED_MAX:
            self._named.add(name)
        name = name if name in self._named else "and more"
        self._health.report(DegradedReason.COMMAND_QUARANTINED, name, wrong=True)
        unhandled = unhandled_of(child, message)
        if unhandled is not None:
            self._say(unhandled)


def unhandled_of(child: str, message: object) -> Unhandled | None:
    """Return what HQ must hear of a message that was put away; None where nothing.

    A call for help in an answer raises a case of its own, and is heard of by that.
    """
    kind, _, case = child.partition("/")
    whose = AlarmId(case) if kind == "alarm" else None
    return word_of(getattr(message, "command", None), whose)


def word_of(command: object, case: AlarmId | None) -> Unhandled | None:
    """Return the same of a command, in a case if it has reached one."""
    if not isinstance(command, Word) or key_of(command) is None:
        return None
    return Unhandled(command=command, case=case)


def key_of(command: Word) -> ReportKey | None:
    """Return the signal that a word came by; None where none waits to be taken up."""
    match command:
        case Raise() | RequestCancel():
            return command.press.key
        case TakeReply() | AddNote():
            return command.source


def said_of(command: Remark, case: AlarmId | None) -> tuple[Segment, ...]:
    """Return what is told of a word that is no call for help, raw words last.

    Whether it was forced is not for every telephone: each that could be is said to be.
    """
    match command:
        case RequestCancel(press=press):
            what, raw = "a wish to call it off", press.text or press.raw
        case TakeReply():
            doubt = "" if command.authentic else " (not confirmed)"
            what = f"the answer {command.reply.value.replace('_', ' ')}{doubt}"
            raw = command.text
        case AddNote():
            what, raw = "a message", command.text
    forced = "" if isinstance(command, AddNote) else " It may be forced."
    told = f"{NOT_HANDLED}{what}, case {case}.{forced} Nothing came of it: look at it."
    return (Segment(priority=1, text=told), *raw_words(raw))


def raw_words(raw: str) -> tuple[Segment, ...]:
    """Return them as the part of a text that goes first where there is no room."""
    return (Segment(priority=3, text=f" Raw: {raw}"),) if raw else ()

"""What is shouted, and at whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.alarm.commands import AddNote, Raise, TakeReply
from engine.alarm.state import Kind
from engine.errors import JournalError, JournalFullError, JournalUnwrittenError
from engine.intake.shouter.memory_case import MemoryCase, Message
from engine.intake.shouter.rank import Rank
from engine.intake.shouter.unhandled import raw_words
from engine.intake.shouter.whom import Address
from engine.protocol.texts import Segment, TextFacts, compose, finish
from engine.values import Instant, ReportKey

NOT_RECORDED = "NOT RECORDED "
NOT_HEARD = "NOT HEARD "
STANDING = Segment(
    priority=2,
    text=" Exercise, or decided already? Unknown.",
    shorter=((3, " Exercise/decided: unknown."),),
)
"""What no memory can tell of a press that is in no row."""
LOST_KEY: Final = ReportKey("journal")


class Loss(StrEnum):
    """What is wrong with a journal that the engine has started beside."""

    DAMAGED = "journal damaged"
    UNWRITTEN = "the journal's disk takes no write"
    FULL = "the journal's disk is full"


_CURES: Final[Mapping[Loss, str]] = {
    Loss.DAMAGED: "restore a backup",
    Loss.UNWRITTEN: "mend it",
    Loss.FULL: "make room",
}
"""A backup that is restored because a disk is full would cost what is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The engine has started, and nothing of its journal can be read or written."""

    loss: Loss
    at: Instant

    def __str__(self) -> str:
        """Say it so that it is one short message with its mark."""
        return (
            f"{self.loss}: open cases and timers stand still. Run them by hand,"
            f" {_CURES[self.loss]}. Until then each SOS comes like this."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deaf:
    """Listeners, by name, that cannot accept: whoever connects there is not heard."""

    key: ReportKey
    listeners: tuple[str, ...]
    why: str
    at: Instant

    def __str__(self) -> str:
        """Say it so that it is one short message with its mark, of a few names."""
        shown, more = self.listeners[:3], len(self.listeners) - 3
        names = ", ".join(shown) + (f" +{more}" if more > 0 else "")
        return f"{names}: {self.why}. No SOS is heard there. Restart the engine."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is shouted, and at whom; `recorded` where only its handling has failed."""

    key: ReportKey
    at: Instant
    segments: tuple[Segment, ...]
    addresses: tuple[Address, ...]
    subject: str = ""
    recorded: bool = False
    rank: Rank = Rank.DISTRESS
    told: tuple[Message, ...] = ()
    """Whom the action protocol's first step tells beside HQ."""


def loss_by(why: JournalError) -> Loss:
    """Return what HQ hears of what a start has met."""
    match why:
        case JournalFullError():
            return Loss.FULL
        case JournalUnwrittenError():
            return Loss.UNWRITTEN
        case _:
            return Loss.DAMAGED


def call_of_lost(lost: Lost, addresses: tuple[Address, ...]) -> Call:
    """Return it for what is no SOS: it is not counted as one that was not recorded."""
    return Call(
        key=LOST_KEY,
        at=lost.at,
        segments=tuple(
            Segment(priority=1, text=one) for one in (NOT_RECORDED, str(lost))
        ),
        addresses=addresses,
        subject=f"{NOT_RECORDED}{lost.loss}",
        recorded=True,
    )


def call_of_deaf(deaf: Deaf, addresses: tuple[Address, ...]) -> Call:
    """Return it for what is no SOS, and may keep one from being heard."""
    return Call(
        key=deaf.key,
        at=deaf.at,
        segments=tuple(Segment(priority=1, text=one) for one in (NOT_HEARD, str(deaf))),
        addresses=addresses,
        subject=f"{NOT_HEARD}{', '.join(deaf.listeners)}",
        recorded=True,
    )


def words_of_answer(
    case: MemoryCase, command: TakeReply | AddNote
) -> tuple[Segment, ...]:
    """Return what HQ hears of an answer to what was told from memory."""
    told = case.alarm.told.get(command.person or "")
    who = "somebody" if told is None else told.alias
    if isinstance(command, TakeReply):
        doubt = "" if command.authentic else " (not confirmed)"
        said = f"{command.reply.value.replace('_', ' ')}{doubt}"
    else:
        said = "wrote"
    whole = f"{NOT_RECORDED}{case.alarm.alias}: {who} {said}."
    return (Segment(priority=1, text=whole), *raw_words(command.text))


def words_of(command: Raise, now: Instant) -> tuple[Segment, ...]:
    """Return what is told of a distress, behind what became of it."""
    place, press = command.place, command.press
    facts = TextFacts(
        alias=command.alias,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=place.accuracy_m,
        place_at=place.at,
        pressed_at=press.at,
        signals=press.signals,
        mark="" if command.kind is not Kind.EXERCISE else command.kind.value,
    )
    return finish(compose("hq", "en", facts, now=now), "en", now)

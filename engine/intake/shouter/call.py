"""What is shouted, and at whom."""

from dataclasses import dataclass
from typing import Final

from engine.alarm.commands import Raise
from engine.alarm.state import Kind
from engine.intake.shouter.rank import Rank
from engine.intake.shouter.whom import Address
from engine.protocol.texts import Segment, TextFacts, compose, finish
from engine.values import Instant, ReportKey

NOT_RECORDED = "NOT RECORDED "
LOST_KEY: Final = ReportKey("journal")
_LOST: Final = (
    "journal damaged: open cases and timers stand still. Run them by hand, restore a"
    " backup. Until then each SOS comes like this."
)
"""With its mark it is one short message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The engine has started, and nothing of its journal can be read or written."""

    at: Instant


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


def call_of_lost(lost: Lost, addresses: tuple[Address, ...]) -> Call:
    """Return it for what is no SOS: it is not counted as one that was not recorded."""
    return Call(
        key=LOST_KEY,
        at=lost.at,
        segments=tuple(Segment(priority=1, text=one) for one in (NOT_RECORDED, _LOST)),
        addresses=addresses,
        subject=f"{NOT_RECORDED}journal damaged",
        recorded=True,
    )


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

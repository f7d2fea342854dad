"""What is shouted, and at whom."""

from dataclasses import dataclass
from typing import Final

from engine.intake.shouter.rank import Rank
from engine.intake.shouter.whom import Address
from engine.protocol.texts import Segment
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

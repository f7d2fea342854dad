"""What intake tells the check-ins' actor."""

from dataclasses import dataclass
from typing import ClassVar

from engine.roster.model import Word
from engine.values import Instant, PersonId, ReportKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInSaid:
    """A recorded message about somebody's timer.

    `until` is the time that it names. `is_press` for a device's check-in, which may
    name none. `is_shared` where an open alarm may take it up as well: without a timer
    it stays the alarm's; a word of force always does (`is_forced`).
    """

    key: ReportKey
    person: PersonId
    until: Instant | None = None
    word: Word | None = None
    is_press: bool = False
    is_shared: bool = False
    urgent: ClassVar[bool] = False

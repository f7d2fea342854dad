"""What intake tells the check-ins' actor."""

from dataclasses import dataclass
from typing import ClassVar

from engine.intake.assess import Outcome
from engine.intake.judge import Judgement
from engine.roster.model import Word
from engine.values import Instant, PersonId, ReportKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInSaid:
    """A recorded message about somebody's timer.

    `until` is the time that it names; `sent` when it was said, where it comes late,
    and `at` when it came, however late that is heard of. `is_press` for a device's
    check-in, which may name no time. `is_shared` where an open alarm may take
    it up as well: without a timer it stays the alarm's; a word of force always does.
    """

    key: ReportKey
    person: PersonId
    until: Instant | None = None
    sent: Instant | None = None
    at: Instant | None = None
    word: Word | None = None
    is_press: bool = False
    is_shared: bool = False
    urgent: ClassVar[bool] = False

    @property
    def said_at(self) -> Instant | None:
        """When it was said; a clock may claim a time that is still to come."""
        return min(filter(None, (self.sent, self.at)), default=None)

    @property
    def is_word(self) -> bool:
        """Whether it is a word alone, that an alarm hears as well."""
        return self.is_shared and self.until is None

    def is_late(self, before: Instant) -> bool:
        """Say whether it was said, or came, at another time than it is heard of."""
        return self.sent is not None or (self.at is not None and self.at <= before)

    def is_before(self, order: "CheckInSaid") -> bool:
        """Say whether it is about the time before an order, as far as anybody knows."""
        if self.person != order.person:
            return False
        if self.said_at is None or order.said_at is None:
            return True
        return self.said_at <= order.said_at


def word_said(judgement: Judgement) -> CheckInSaid | None:
    """Return what a device's code of safety or of force says of its carrier's timer."""
    press, person = judgement.assessment.press, judgement.person
    is_cancel = judgement.assessment.outcome is Outcome.CANCEL
    if person is None or not is_cancel or press.doubt is not None:
        return None
    if not (press.proven or press.duress):
        return None
    word = Word.DURESS if press.duress else Word.SAFE
    return CheckInSaid(
        key=press.key,
        person=person.person,
        sent=press.device_at if press.late else None,
        at=press.at,
        word=word,
        is_shared=True,
    )

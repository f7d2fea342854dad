"""How soon a telephone is answered about a timer, and how often at all: pure.

A word of force raises, and has colleagues told by the modem that answers. Were they
told first, whoever has the telephone would know by the wait which word it was. So
whoever has a case open, as after either word, is answered before all that waits. These
answers are few, and nobody else's goes before an alarm: neither asking nor an evening
on which all set a timer holds up an SOS.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from engine.alarm.rows import key_of, look_in
from engine.alarm.state import Kind
from engine.dispatch.queue import RANK_ANSWER, RANK_CHECK_IN
from engine.ports.journal import HeadRow
from engine.values import CommandId, Instant, PersonId

ANSWERS_MAX = 6
FIRST_MAX = 6
WITHIN = timedelta(minutes=10)
"""So many answers to each in so long, whatever was said; what is asked beyond that
changes the timer and is answered by nothing. So many go before alarms, of all
telephones: an SOS waits for these messages at most."""


@dataclass(slots=True)
class Promptly:
    """Whom has been answered of late; in memory, since a start forgives it."""

    _answered: dict[PersonId, dict[CommandId, Instant]] = field(default_factory=dict)
    _first: dict[CommandId, Instant] = field(default_factory=dict)

    def rank(
        self, person: PersonId, command: CommandId, now: Instant, *, first: bool
    ) -> int | None:
        """Return before what an answer goes; None where there have been too many.

        `first` where their case is open, or is about to be. One that is tried again
        has the place that it had.
        """
        late = _of_late(self._answered.get(person, {}), now)
        if command not in late and len(late) >= ANSWERS_MAX:
            return None
        self._answered[person] = {command: now, **late}
        if not first:
            return RANK_CHECK_IN
        self._first = _of_late(self._first, now)
        if command not in self._first and len(self._first) >= FIRST_MAX:
            return RANK_CHECK_IN
        self._first.setdefault(command, now)
        return RANK_ANSWER


def has_case(heads: Iterable[HeadRow], person: PersonId) -> bool:
    """Say whether a real case of theirs is open, however it looks to them."""
    theirs = key_of(Kind.REAL, person)
    return any(look_in(row.head.subject)[1] == theirs for row in heads)


def _of_late(
    answered: dict[CommandId, Instant], now: Instant
) -> dict[CommandId, Instant]:
    return {key: at for key, at in answered.items() if now < at.plus(WITHIN)}

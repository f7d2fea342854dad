"""How soon a telephone is answered about a timer, and how often at all: pure.

A word of force raises, and has colleagues told by the modem that answers. Were they
told first, whoever has the telephone would know by the wait which word it was. So its
answers go before everything, and are few: nobody holds up an SOS by asking.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from engine.dispatch.queue import RANK_ANSWER
from engine.values import CommandId, Instant, PersonId

ANSWERS_MAX = 6
WITHIN = timedelta(minutes=10)
"""So many answers in so long, whatever was said; what is asked beyond that changes the
timer and is answered by nothing."""


@dataclass(slots=True)
class Promptly:
    """Whom has been answered of late; in memory, since a start forgives it."""

    _answered: dict[PersonId, dict[CommandId, Instant]] = field(default_factory=dict)

    def rank(self, person: PersonId, command: CommandId, now: Instant) -> int | None:
        """Return before what an answer goes; None where there have been too many.

        One that is tried again has the place that it had.
        """
        before = self._answered.get(person, {})
        late = {key: at for key, at in before.items() if now < at.plus(WITHIN)}
        if command not in late and len(late) >= ANSWERS_MAX:
            return None
        self._answered[person] = {command: now, **late}
        return RANK_ANSWER

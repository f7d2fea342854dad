"""Who has not been told yet of what is not recorded, and what each route said: pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from engine.dispatch.body import EffectBody
from engine.dispatch.outcomes import Outcome
from engine.intake.shouter.rank import Rank
from engine.ports.journal import EffectState
from engine.values import ReportKey

AGAIN = timedelta(seconds=5)
GIVEN_UP_S = 600.0
"""So long a shout is tried; a device that still repeats by then begins anew."""
_LOOKS_MAX = int(GIVEN_UP_S / AGAIN.total_seconds())
"""Looks, not time: what the machine slept is none in which anybody was told."""
STRIKES_MAX = 2
"""So often a route is asked that leaves open whether it has sent, or refuses for good:
HQ rather hears it twice than never, and not without end."""


@dataclass(slots=True, kw_only=True, eq=False)
class Way:
    """One route to one address. `holder` is the instance that has not answered yet."""

    worker: str
    asked: int = 0
    strikes: int = 0
    holder: object = None
    is_taken: bool = False
    may_have_sent: bool = False

    def ask(self, holder: object) -> int:
        """Note who is asked; return the number that its answer has to bear."""
        self.holder = holder
        self.asked += 1
        return self.asked

    def answered(self, asked: int, outcome: Outcome) -> None:
        """Take a route's word; one that comes late counts where it is a yes."""
        if outcome.state is EffectState.ACCEPTED:
            self.is_taken = True
        elif asked == self.asked and self.holder is not None:
            self.holder = None
            is_unknown = outcome.state is not EffectState.REJECTED
            self.may_have_sent |= is_unknown
            self.strikes += is_unknown or not outcome.retry

    def is_due(self, now_there: object) -> bool:
        """Say whether to ask who is there now; None where nobody is.

        Who died with a shout in hand may have sent it. What only lay in an inbox has
        been refused by it; in that of one who lives it will still be answered.
        """
        if self.holder is not None and self.holder is not now_there:
            self.holder, self.may_have_sent = None, True
            self.strikes += 1
        can_ask = self.holder is None and now_there is not None
        return can_ask and self.strikes < STRIKES_MAX

    @property
    def is_spent(self) -> bool:
        """Whether it is never asked again."""
        return self.holder is None and self.strikes >= STRIKES_MAX


@dataclass(slots=True, kw_only=True, eq=False)
class Notice:
    """What goes to one address, and the routes there.

    One that is told `in_turn` is asked of one route after another, and the next is
    given what says that it may be a repeat. HQ hears it twice rather than late. One
    that `is_left` is for the journal's own queue from now on.
    """

    channel: str
    body: EffectBody
    ways: tuple[Way, ...]
    again: EffectBody | None = None
    is_left: bool = False

    @property
    def in_turn(self) -> bool:
        """Whether no two routes are asked at once."""
        return self.again is not None

    @property
    def way(self) -> tuple[str, str]:
        """Channel and address."""
        return self.channel, self.body.address

    @property
    def said_now(self) -> EffectBody:
        """What the next route is given to send."""
        may_repeat = any(way.may_have_sent for way in self.ways)
        return self.again if self.again and may_repeat else self.body

    @property
    def is_in_hand(self) -> bool:
        """Whether a route has it and has not said what became of it."""
        return not self.is_taken and any(one.holder is not None for one in self.ways)

    def due(self, there: Callable[[str], object]) -> list[Way]:
        """Return which routes to ask now."""
        if self.is_taken or self.is_left:
            return []
        due = [way for way in self.ways if way.is_due(there(way.worker))]
        if not self.in_turn:
            return due
        strikes = sum(way.strikes for way in self.ways)
        if self.is_in_hand or strikes >= STRIKES_MAX:
            return []
        return sorted(due, key=lambda way: way.asked)[:1]

    def is_next_untried(self, way: Way) -> bool:
        """Say whether another route has been asked less often than one that failed."""
        others = min((one.asked for one in self.ways), default=way.asked)
        return self.in_turn and not self.is_taken and others < way.asked

    @property
    def is_taken(self) -> bool:
        """Whether a route has it: then no other is asked any more."""
        return any(way.is_taken for way in self.ways)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        if self.is_taken or self.is_left or all(way.is_spent for way in self.ways):
            return True
        strikes = sum(way.strikes for way in self.ways)
        return self.in_turn and not self.is_in_hand and strikes >= STRIKES_MAX


@dataclass(slots=True, kw_only=True, eq=False)
class Unheard:
    """One shout, until each of its addresses has been told."""

    key: ReportKey
    notices: tuple[Notice, ...]
    rank: Rank = Rank.DISTRESS
    looks: int = 0
    """How often it was looked at again, `AGAIN` apart."""

    def due(self, there: Callable[[str], object]) -> Iterator[tuple[Notice, Way]]:
        """Yield what to ask now; `there` names the instance behind a name."""
        for notice in self.notices:
            for way in notice.due(there):
                yield notice, way

    @property
    def is_over(self) -> bool:
        """Whether it is settled, one way or the other."""
        return self.looks >= _LOOKS_MAX or all(one.is_over for one in self.notices)

    @property
    def is_taken(self) -> bool:
        """Whether everybody has been told; nobody is told where there is no way."""
        return bool(self.notices) and all(one.is_taken for one in self.notices)

    @property
    def may_be_heard(self) -> bool:
        """Whether anybody may have been told."""
        ways = [way for notice in self.notices for way in notice.ways]
        return self.is_taken or any(
            way.is_taken or way.may_have_sent or way.holder is not None for way in ways
        )


def by_rank(one: Unheard) -> bool:
    """Put in order who is asked for first where an inbox has little room left.

    A word may be forced; strangers' messages take each place that is free else.
    """
    return one.rank is Rank.NOBODYS

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
    """What goes to one address, and the routes there."""

    channel: str
    body: EffectBody
    ways: tuple[Way, ...]

    @property
    def is_taken(self) -> bool:
        """Whether a route has it: then no other is asked any more."""
        return any(way.is_taken for way in self.ways)

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be done."""
        return self.is_taken or all(way.is_spent for way in self.ways)


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
            if not notice.is_taken:
                for way in notice.ways:
                    if way.is_due(there(way.worker)):
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

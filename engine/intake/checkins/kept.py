"""A person's check-in as their rows have it: what runs, and since when. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.timer import (
    CAME_MS,
    SENT_MS,
    Change,
    Fact,
    Said,
    Timer,
    fold,
    outdated,
    say,
)
from engine.intake.checkins.words import LASTS_MAX
from engine.ports.journal import StoredEvent
from engine.roster.model import Word
from engine.stored import read_plain
from engine.values import Instant, PersonId

OVERTAKES = timedelta(seconds=20)
"""So long before an order a word may have come that was said after it: a service
centre tries again, and modems hand over by slots."""
_ORDERS = frozenset({Fact.STARTED, Fact.MOVED, Fact.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """When it was set to its time, or ended; what came before is about another one.

    `said_at` is when that was said, by whatever clock, and `came_at` when it came:
    earlier where it was taken up late.
    """

    set_at: Instant
    said_at: Instant
    came_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What runs, if anything, after so many rows, and the last order among them."""

    timer: Timer | None
    seq: int
    order: Order | None = None

    @property
    def set_at(self) -> Instant | None:
        """When it was set, or ended."""
        return None if self.order is None else self.order.set_at

    @property
    def words_from(self) -> Instant | None:
        """Since when words have come that may be about it.

        By when it came: by when it was said one of yesterday might be, or of last year.
        One that was said before a word may come a moment after it.
        """
        if self.order is None:
            return None
        came_at = self.order.came_at.plus(-OVERTAKES)
        return max(came_at, self.order.set_at.plus(-LASTS_MAX))


def kept_of(rows: Sequence[StoredEvent]) -> Kept:
    """Return what a stream's rows come to."""
    seq = rows[-1].seq if rows else 0
    return Kept(timer=fold(rows), seq=seq, order=last_order(rows))


def last_order(rows: Sequence[StoredEvent]) -> Order | None:
    """Return the last order among these rows."""
    for row in reversed(rows):
        if row.kind in _ORDERS:
            body = read_plain(row.body)
            said_at, came_at = (
                min(row.at, Instant(int(body.get(name, row.at.ms))))
                for name in (SENT_MS, CAME_MS)
            )
            return Order(set_at=row.at, said_at=said_at, came_at=came_at)
    return None


def is_outdated(said: CheckInSaid, kept: Kept) -> bool:
    """Say whether something was said before what holds now was.

    A word counts from the same moment whoever tells of it: of one of safety intake
    tells again, one of force stands in the rows.
    """
    if said.said_at is None or kept.order is None:
        return False
    is_early = said.is_word and _came_before(said, kept.words_from)
    return is_early or said.said_at < kept.order.said_at


def heard(
    message: CheckInSaid, said: Said, kept: Kept, now: Instant
) -> tuple[Change, bool]:
    """Return what a message comes to, and whether it is outdated.

    A word that came before the order was heard then: that one of safety is told again
    is not answered, for none of force is.
    """
    is_old = is_outdated(message, kept)
    if not is_old:
        change = say(kept.timer, said, now, sent=message.said_at)
    elif message.is_word and kept.order and _came_before(message, kept.order.came_at):
        change = Change()
    else:
        change = outdated(kept.timer, said)
    # It may be raised by now, or not yet.
    is_force = message.word is Word.DURESS
    return replace(change, first=is_force, came=message.at), is_old


def _came_before(said: CheckInSaid, moment: Instant | None) -> bool:
    return said.at is not None and moment is not None and said.at < moment


class LastWords:
    """The last word of each person, whichever it was: an order may come behind it."""

    def __init__(self) -> None:
        """Begin with none: after a start the rows have them, and intake tells them."""
        self._words: dict[PersonId, CheckInSaid] = {}

    def note(self, said: CheckInSaid) -> None:
        """Keep what is a word and was said after the one before."""
        if not said.is_word or said.said_at is None or said.at is None:
            return
        last = self._words.get(said.person)
        if last is None or last.said_at is None or last.said_at <= said.said_at:
            self._words[said.person] = said

    def word_behind(self, person: PersonId, kept: Kept | None) -> CheckInSaid | None:
        """Return the word that was said behind the order of what runs."""
        said = self._words.get(person)
        if said is None or kept is None or kept.timer is None:
            return None
        return None if is_outdated(said, kept) else said

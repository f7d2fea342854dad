"""A person's check-in as their rows have it: what runs, and since when. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.timer import CAME_MS, SENT_MS, Fact, Timer, fold
from engine.intake.checkins.words import LASTS_MAX
from engine.ports.journal import StoredEvent
from engine.values import Instant

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
        """
        if self.order is None:
            return None
        return max(self.order.came_at, self.order.set_at.plus(-LASTS_MAX))


def kept_of(rows: Sequence[StoredEvent]) -> Kept:
    """Return what a stream's rows come to."""
    seq = rows[-1].seq if rows else 0
    return Kept(timer=fold(rows), seq=seq, order=last_order(rows))


def last_order(rows: Sequence[StoredEvent]) -> Order | None:
    """Return the last order among these rows."""
    for row in reversed(rows):
        if row.kind in _ORDERS:
            body = json.loads(row.body)
            said_at, came_at = (
                min(row.at, Instant(int(body.get(name, row.at.ms))))
                for name in (SENT_MS, CAME_MS)
            )
            return Order(set_at=row.at, said_at=said_at, came_at=came_at)
    return None


def is_outdated(said: CheckInSaid, kept: Kept) -> bool:
    """Say whether something was said before what holds now was."""
    if said.said_at is None or kept.order is None:
        return False
    return said.said_at < kept.order.said_at

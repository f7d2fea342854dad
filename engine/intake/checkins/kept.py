"""A person's check-in as their rows have it: what runs, and since when. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.timer import SENT_MS, Fact, Timer, fold
from engine.intake.checkins.words import LASTS_MAX
from engine.ports.journal import StoredEvent
from engine.values import Instant

_ORDERS = frozenset({Fact.STARTED, Fact.MOVED, Fact.ENDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What runs, if anything, after so many rows.

    `set_at` is when it was set to its time, or ended; what came before is about another
    one. `said_at` is when that was said, which is earlier where it came, or was taken
    up, late.
    """

    timer: Timer | None
    seq: int
    set_at: Instant | None = None
    said_at: Instant | None = None

    @property
    def words_from(self) -> Instant | None:
        """Since when words have come that may be about it; a clock may claim years."""
        if self.set_at is None or self.said_at is None:
            return self.set_at
        return max(self.said_at, self.set_at.plus(-LASTS_MAX))


def kept_of(rows: Sequence[StoredEvent]) -> Kept:
    """Return what a stream's rows come to."""
    set_at, said_at = last_order(rows)
    seq = rows[-1].seq if rows else 0
    return Kept(timer=fold(rows), seq=seq, set_at=set_at, said_at=said_at)


def last_order(rows: Sequence[StoredEvent]) -> tuple[Instant | None, Instant | None]:
    """Return when the last order among these rows came, and when it was sent."""
    for row in reversed(rows):
        if row.kind in _ORDERS:
            sent = json.loads(row.body).get(SENT_MS)
            return row.at, row.at if sent is None else min(row.at, Instant(int(sent)))
    return None, None


def is_outdated(said: CheckInSaid, kept: Kept) -> bool:
    """Say whether something was said before what holds now was."""
    if said.said_at is None or kept.said_at is None:
        return False
    return said.said_at < kept.said_at

"""Whether a route leaves an effect to another one: pure.

A first notification is left only to a route that is idle in this moment, so that
nothing waits for it, or by a route that would fail: one in no network, or on an
operator that is down, is given one message now and then to see. A repeat goes round
the route that failed while another is up, and for some seconds round that route's
operator too.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from engine.dispatch.body import decode_body
from engine.dispatch.queue import RANK_STOP
from engine.dispatch.routes import RouteBook
from engine.ports.journal import EffectRow
from engine.values import Instant

PATIENCE_MS = 5_000
"""How long a repeat waits for a route of another operator, or for one to come up."""
_TO_NUMBERS = frozenset({"sms", "call"})
_ANY_RANK = 1 << 30

Routes = Mapping[str, tuple[str, ...]]
"""Routes by name, with the channels that each can send."""


class Choice(Struct, frozen=True, kw_only=True, gc=False):
    """What one route would take: `idle` and `up` are the routes that are there."""

    route: str
    idle: Routes
    up: Routes
    book: RouteBook
    now: Instant
    now_s: float
    awaited: frozenset[str] = frozenset()
    """By which channels another route is about to come up."""

    @property
    def below_rank(self) -> int:
        """The first rank that this SIM must not send just now; an SOS always may."""
        has_room = self.book.has_room(self.route, self.now_s)
        return _ANY_RANK if has_room else RANK_STOP

    def leaves(self, row: EffectRow) -> bool:
        """Say whether this route leaves an effect to another."""
        others = self._others(self.up, row)
        if not others:
            return row.avoid_route == self.route and row.channel in self.awaited
        if row.avoid_route == self.route:
            return True
        if row.channel not in _TO_NUMBERS:
            return False
        is_trial = self.book.trial_due(self.route, self.now_s)
        if self._would_fail(others) and not is_trial:
            return True
        if row.avoid_route:
            return self._shares_its_fault(row, others)
        idle = self._others(self.idle, row)
        if not idle:
            return False
        try:
            address = decode_body(row.body).address
        except ValueError:  # a damaged row is for whoever is to send it
            return False
        mine, *theirs = (
            self.book.standing(route, address, self.now_s)
            for route in (self.route, *idle)
        )
        return min(theirs) < mine

    def _others(self, routes: Routes, row: EffectRow) -> list[str]:
        return [
            name
            for name, channels in routes.items()
            if name != self.route and row.channel in channels
        ]

    def _would_fail(self, others: list[str]) -> bool:
        mine, *theirs = (
            self.book.is_doubtful(route, self.now_s) for route in (self.route, *others)
        )
        return mine and not all(theirs)

    def _shares_its_fault(self, row: EffectRow, others: list[str]) -> bool:
        operator = self.book.operator(row.avoid_route)
        return (
            self.now.ms - row.planned_at.ms < PATIENCE_MS
            and self.book.operator(self.route) == operator
            and any(self.book.operator(other) != operator for other in others)
        )


def awaited(
    configured: Mapping[str, int], up: Routes, since_start_s: float
) -> frozenset[str]:
    """Return by which channels a route may come up yet, so soon after a start.

    Whoever comes up first would else repeat what it has failed at itself, while the
    next one opens its port. Where one route is all there is, nothing waits for another.
    """
    if since_start_s >= PATIENCE_MS / 1000:
        return frozenset()
    there = Counter(channel for channels in up.values() for channel in channels)
    return frozenset(
        channel for channel, number in configured.items() if number > there[channel]
    )

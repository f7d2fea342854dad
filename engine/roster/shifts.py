"""Who of the duty rota is on now: shifts in each officer's own local time. Pure.

A shift orders the paging and takes nobody off it: whoever is on comes first, then
whoever has just been, for the time in which they hand over, then everybody else.
"""

from collections.abc import Sequence
from datetime import timedelta

from engine.roster.model import Person
from engine.roster.risk import at_risk, next_risk, risk_ends
from engine.values import Instant

HAND_OVER = timedelta(minutes=30)
_ALWAYS = timedelta(days=7)
"""Who is on for so long without a gap is not relieved by anybody."""


def in_order(rota: Sequence[Person], now: Instant) -> tuple[Person, ...]:
    """Return a rota as it is paged at a moment; without shifts as it was written."""
    return tuple(sorted(rota, key=lambda person: _turn(person, now)))


def _turn(person: Person, now: Instant) -> int:
    if not person.shifts or is_on(person, now):
        return 0
    return 1 if is_on(person, now.plus(-HAND_OVER)) else 2


def ends_at(person: Person, now: Instant) -> Instant | None:
    """Return when somebody goes off duty; None without shifts, off, or always on.

    Shifts that follow each other without a gap are one. What is handed over before a
    shift that is about to begin is for that shift.
    """
    begins = now if is_on(person, now) else _comes_on(person, now)
    ends = begins
    while begins is not None and ends is not None:
        later = risk_ends(person.shifts, person.zone, ends)
        if later is None:
            return ends
        ends = later if later < begins.plus(_ALWAYS) else None
    return None


def _comes_on(person: Person, now: Instant) -> Instant | None:
    begins = next_risk(person.shifts, person.zone, now)
    is_soon = begins is not None and begins <= now.plus(HAND_OVER)
    return begins if is_soon else None


def is_on(person: Person, now: Instant) -> bool:
    """Say whether a moment lies in one of somebody's shifts."""
    return at_risk(person.shifts, person.zone, now)

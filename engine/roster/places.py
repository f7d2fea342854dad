"""Where people are, and which colleagues are nearest.

The newest valid place of a person counts, a live fix only with their consent; what
was declared and what was measured stays told apart, with its time.
"""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from engine.quick import quick
from engine.roster.model import CircleName, Person, Role, Roster
from engine.values import Fix, Instant, PersonId
from geocore import Index

# A fix of a clock that runs ahead by more would be the newest one for ever.
AHEAD_MAX = timedelta(minutes=5)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The place that counts for a person; `declared`: said, not measured."""

    lat_deg: float = field(repr=False)
    lon_deg: float = field(repr=False)
    accuracy_m: float | None
    at: Instant
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A colleague, how far away, and how good and how old that knowledge is."""

    person: PersonId
    distance_m: float
    accuracy_m: float | None
    at: Instant
    declared: bool

    def age(self, now: Instant) -> timedelta:
        """Return how long ago the place was measured or declared."""
        return now.since(self.at)


def is_plausible(fix: Fix, now: Instant) -> bool:
    """Say whether a fix lies on Earth and not in the future."""
    return (
        math.isfinite(fix.lat_deg)
        and math.isfinite(fix.lon_deg)
        and abs(fix.lat_deg) <= 90  # noqa: PLR2004 - degrees
        and abs(fix.lon_deg) <= 180  # noqa: PLR2004 - degrees
        and fix.at.since(now) <= AHEAD_MAX
    )


def own_place(person: Person, fix: Fix | None) -> Standing | None:
    """Return where a defender in an alarm was last: the fix, else what they declared.

    A defender's own alarm needs no consent to their own fix. None: nothing is known,
    and the named contacts are told.
    """
    return _measured(fix) if fix is not None else _declared(person)


def standing_place(person: Person, fix: Fix | None, now: Instant) -> Standing | None:
    """Return where a colleague counts as being: the newest place they consent to.

    A declaration of a day to come, by a slip, is not newer than what was measured.
    """
    declared = _declared(person)
    if fix is None or not person.live_position_consent:
        return declared
    measured = _measured(fix)
    if declared is not None and measured.at < declared.at <= now.plus(AHEAD_MAX):
        return declared
    return measured


class Nearest:
    """The colleagues of one roster snapshot and their newest places.

    Safe from any thread; a question asked while somebody moves answers with the one
    or the other place. A new roster needs a new one, given the same fixes.
    """

    def __init__(
        self, roster: Roster, fixes: Mapping[PersonId, Fix], *, now: Instant
    ) -> None:
        """Place every colleague of the roster by their last fix or declaration."""
        colleagues = roster.with_role(Role.COLLEAGUE)
        circles = sorted({circle for one in roster.people for circle in one.circles})
        self._colleagues = {one.person: one for one in colleagues}
        self._people = tuple(one.person for one in colleagues)
        self._numbers = {person: number for number, person in enumerate(self._people)}
        self._circles = {circle: number for number, circle in enumerate(circles)}
        self._standing: dict[PersonId, Standing] = {}
        self._index = Index()
        for one in colleagues:
            fix = fixes.get(one.person)
            if fix is not None and not is_plausible(fix, now):
                fix = None
            place = standing_place(one, fix, now)
            if place is not None:
                self._put(one, place)

    def move(self, person: PersonId, fix: Fix, *, now: Instant) -> bool:
        """Take a new fix; False where it does not count.

        It does not for somebody who is no colleague or has not consented, where a
        newer place is known, and where it is implausible.
        """
        mover = self._colleagues.get(person)
        if mover is None or not is_plausible(fix, now):
            return False
        place = standing_place(mover, fix, now)
        known = self._standing.get(person)
        if place is None or place.declared:
            return False
        if known is not None and place.at < known.at <= now.plus(AHEAD_MAX):
            return False
        self._put(mover, place)
        return True

    def place_of(self, person: PersonId) -> Standing | None:
        """Return the place that counts for a colleague."""
        return self._standing.get(person)

    def nearest(
        self,
        *,
        lat_deg: float,
        lon_deg: float,
        k: int,
        circles: Iterable[CircleName],
        exclude: Collection[PersonId] = (),
        within_m: float | None = None,
    ) -> tuple[Near, ...]:
        """Return the k nearest available colleagues in any of these circles.

        By the geodesic on WGS84, nearest first, ties by id; each once, however many
        circles they share. Outside the circles nobody is ever found, whatever the
        radius. Who has no known place is not found: see `unplaced`.
        """
        exclude_numbers = [
            self._numbers[one] for one in exclude if one in self._numbers
        ]
        found: dict[int, float] = {}
        for circle in sorted(set(circles) & self._circles.keys()):
            found |= dict(
                self._index.nearest(
                    lat_deg,
                    lon_deg,
                    k,
                    within_m=within_m,
                    circle=self._circles[circle],
                    available=True,
                    exclude=exclude_numbers,
                )
            )
        order = sorted(found, key=lambda number: (found[number], number))
        return tuple(self._near(number, found[number]) for number in order[:k])

    def unplaced(
        self, circles: Iterable[CircleName], exclude: Collection[PersonId] = ()
    ) -> tuple[PersonId, ...]:
        """Return the available colleagues in these circles without a known place."""
        wanted = set(circles)
        return tuple(
            one.person
            for one in self._colleagues.values()
            if one.available
            and one.circles & wanted
            and one.person not in exclude
            and one.person not in self._standing
        )

    def _near(self, number: int, distance_m: float) -> Near:
        person = self._people[number]
        place = self._standing[person]
        return Near(
            person=person,
            distance_m=distance_m,
            accuracy_m=place.accuracy_m,
            at=place.at,
            declared=place.declared,
        )

    def _put(self, person: Person, place: Standing) -> None:
        # Before the index: whoever is found there has their place here.
        self._standing[person.person] = place
        self._index.upsert(
            self._numbers[person.person],
            place.lat_deg,
            place.lon_deg,
            at_s=None if place.declared else place.at.ms / 1000,
            circles=[self._circles[circle] for circle in person.circles],
            available=person.available,
        )


def _measured(fix: Fix) -> Standing:
    return Standing(
        lat_deg=fix.lat_deg,
        lon_deg=fix.lon_deg,
        accuracy_m=fix.accuracy_m,
        at=fix.at,
        declared=False,
    )


def _declared(person: Person) -> Standing | None:
    place = person.declared
    if place is None:
        return None
    return Standing(
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=place.accuracy_m,
        at=place.at,
        declared=True,
    )

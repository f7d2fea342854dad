"""The roster as it is now: one snapshot, everybody's last fix, who is nearest."""

import threading
from collections.abc import Iterable
from datetime import timedelta

import geocore
from engine.ports.clock import Clock
from engine.ports.latest import Doubt
from engine.ports.telemetry import Telemetry
from engine.roster.model import Person, Roster
from engine.roster.places import Near, Nearest, standing_place
from engine.roster.shifts import ends_at, in_order
from engine.values import Fix, Instant, PersonId


class Board:
    """Holds the snapshot that everybody reads; any thread.

    A new roster replaces snapshot and index together; a question that is under
    way is answered from the old ones.
    """

    def __init__(
        self,
        roster: Roster,
        fixes: Iterable[tuple[PersonId, Fix]],
        doubts: Iterable[Doubt] = (),
        *,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        """Take a roster, and the last fixes and doubted ones that the journal has."""
        self._clock, self._telemetry = clock, telemetry
        self._lock = threading.Lock()
        self._fixes = dict(fixes)
        self._doubted = {doubt.person: doubt for doubt in doubts}
        self._roster = roster
        self._nearest = Nearest(roster, self._fixes, now=clock.now())

    def roster(self) -> Roster:
        """Return the present snapshot."""
        return self._roster

    def is_nobodys(self, address: str) -> bool:
        """Say whether a number or address is nobody's in the roster.

        A roster of nobody says so of none: it may be one that was lost.
        """
        roster = self._roster
        return bool(roster.people) and not roster.with_any_of((address.casefold(),))

    def duty(self) -> tuple[Person, ...]:
        """Return the duty rota as it is paged now: whoever is on comes first."""
        return in_order(self._roster.duty(), self._clock.now())

    def off_at(self, person: PersonId) -> Instant | None:
        """Return when the shift ends on which somebody of the rota is now, if any."""
        found = next((p for p in self._roster.duty() if p.person == person), None)
        return None if found is None else ends_at(found, self._clock.now())

    def replace(self, roster: Roster) -> None:
        """Put a new roster in force."""
        with self._lock:
            nearest = Nearest(roster, self._fixes, now=self._clock.now())
            self._roster, self._nearest = roster, nearest

    def fix_of(self, person: PersonId) -> Fix | None:
        """Return a person's last fix."""
        return self._fixes.get(person)

    def doubt_of(self, person: PersonId) -> Doubt | None:
        """Return a person's last position that was not believed, and why."""
        return self._doubted.get(person)

    def doubted_of(self, person: PersonId) -> Fix | None:
        """Return a person's last position that was not believed."""
        doubt = self._doubted.get(person)
        return None if doubt is None else doubt.fix

    def doubt(self, doubt: Doubt) -> None:
        """Keep a position that is not believed, beside the last one that is."""
        with self._lock:
            before = self._doubted.get(doubt.person)
            if before is None or before.fix.at <= doubt.fix.at:
                self._doubted[doubt.person] = doubt

    def move(self, person: PersonId, fix: Fix) -> bool:
        """Keep a fix unless a newer one is there; says whether it was kept."""
        with self._lock:
            before = self._fixes.get(person)
            if before is not None and before.at > fix.at:
                return False
            self._fixes[person] = fix
            self._nearest.move(person, fix, now=self._clock.now())
            return True

    def nearest(
        self,
        lat_deg: float,
        lon_deg: float,
        count: int,
        *,
        defender: PersonId,
        within_m: float | None,
        exclude: frozenset[str],
    ) -> tuple[Near, ...]:
        """Return available colleagues of a defender's circles, nearest first."""
        person = self._roster.person(defender)
        if person is None:
            return ()
        began_s = self._clock.boottime_s()
        found = self._nearest.nearest(
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            k=count,
            circles=person.circles,
            exclude=[PersonId(one) for one in exclude],
            within_m=within_m,
        )
        took_s = self._clock.boottime_s() - began_s
        self._telemetry.observe("proximity_lookup_seconds", took_s)
        return found

    def distance_m(
        self, person: Person, lat_deg: float, lon_deg: float
    ) -> tuple[float, bool] | None:
        """Return how far somebody is from a place, and whether theirs is declared."""
        place = standing_place(
            person, self._fixes.get(person.person), self._clock.now()
        )
        if place is None:
            return None
        here = (place.lat_deg, place.lon_deg)
        return geocore.distance_m(here, (lat_deg, lon_deg)), place.declared

    def age_of(self, near: Near) -> timedelta:
        """Return how long ago a place was measured or declared."""
        return near.age(self._clock.now())

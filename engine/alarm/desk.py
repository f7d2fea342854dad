"""Answers a step's question from roster, geocore and configuration.

The answers are facts from then on: they are journalled with the decision, and
replay never asks again. Safe from any alarm's thread; looks at one snapshot.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import assert_never

from engine.alarm.case_events import LeftOut
from engine.alarm.commands import Lookup, Recipient
from engine.alarm.left_out import Attack
from engine.alarm.state import KnownPlace, PlaceSource
from engine.protocol.model import Audience
from engine.roster.board import Board
from engine.roster.model import Person
from engine.roster.places import Near
from engine.values import Instant, OperatorId, PersonId

_BY_NUMBER = frozenset({"sms", "call"})
SPARED_TURNS = 30
"""So many pages that nobody answers go past a telephone that had better not ring: half
an hour in the action protocols that come with the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HqEntry:
    """A channel with an address that is HQ's own, or the public's."""

    channel: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """HQ's own addresses and the public's, as the configuration has them.

    `language` is what both are written to in. `console` is the URL at which HQ opens
    it, without a slash at its end, or empty.
    """

    hq: tuple[HqEntry, ...] = ()
    public: tuple[HqEntry, ...] = ()
    language: str = "en"
    console: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What look-ups are answered from.

    `codes` returns so many fresh reply codes; the journal refuses one in use.
    """

    board: Board
    codes: Callable[[int], Sequence[str]]
    offices: Callable[[], Offices] = Offices
    is_flooded: Callable[[], bool] = lambda: False
    """Says whether more alarms wait to be decided than can be at once; any thread."""
    was_flooded: Callable[[], bool] = lambda: False
    """Says the same of now and of a moment ago."""
    attacked: dict[PersonId, Attack] = field(default_factory=dict)
    """Who is under attack; the directory of alarms keeps it, any thread reads it."""

    def answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
        """Return whom a round is for; empty where there is nobody."""
        match lookup.audience:
            case Audience.NEAREST:
                return self._nearest(lookup)
            case Audience.CONTACTS:
                return self._contacts(lookup)
            case Audience.DUTY:
                return self._duty(lookup)
            case Audience.DEFENDER:
                return self._defender(lookup)
            case Audience.HQ:
                return self._hq(lookup)
            case Audience.PUBLIC:
                return self._public(lookup)
            case Audience.TOLD | Audience.ASKED | Audience.SILENT | Audience.EVERYONE:
                return ()
            case _:
                assert_never(lookup.audience)

    def off_at(self, operator: OperatorId) -> Instant | None:
        """Return when an operator's shift of now ends; None where they are on none.

        An operator and somebody on the rota who have one name are one person.
        """
        return self.board.off_at(PersonId(operator))

    def place_of(self, person: PersonId) -> KnownPlace | None:
        """Return where a person's own device last said they were."""
        fix = self.board.fix_of(person)
        if fix is None:
            return None
        return KnownPlace(
            source=PlaceSource.DEVICE,
            lat_deg=fix.lat_deg,
            lon_deg=fix.lon_deg,
            accuracy_m=fix.accuracy_m,
            at=fix.at,
        )

    def _nearest(self, lookup: Lookup) -> tuple[Recipient, ...]:
        place = lookup.place
        if lookup.subject is None:
            return ()
        if place.lat_deg is None or place.lon_deg is None:
            # No place at all: the people whom the defender has named.
            return self._contacts(lookup) if lookup.contacts_instead else ()
        roster = self.board.roster()
        # Each colleague has a number: of the others none has no way at all.
        is_by_number = not _BY_NUMBER.isdisjoint(lookup.channels)
        doubtful = (
            roster.with_any_of(self._theirs(lookup))
            if is_by_number
            else roster.colleagues_of(lookup.subject)
        )
        found_near = self.board.nearest(
            place.lat_deg,
            place.lon_deg,
            lookup.count + len(self.attacked),
            defender=lookup.subject,
            within_m=lookup.within_m,
            exclude=lookup.exclude
            | {lookup.subject}
            | {one.person for one in doubtful if not self._is_reached(one, lookup)},
        )
        found: list[tuple[Person, Near]] = []
        left_out: list[Recipient] = []
        for neighbour in found_near:
            person = roster.person(neighbour.person)
            if person is None or len(found) == lookup.count:
                continue
            if (left := self._left_out(person, lookup)) is not None:
                left_out.append(left)
            else:
                found.append((person, neighbour))
        codes = self.codes(len(found))
        # A declared place is a town: a distance to it says no more than the town.
        return (
            *left_out,
            *self._near_recipients(found, lookup, codes),
        )

    def _near_recipients(
        self,
        found: Sequence[tuple[Person, Near]],
        lookup: Lookup,
        codes: Sequence[str],
    ) -> tuple[Recipient, ...]:
        return tuple(
            self._recipient(
                person,
                lookup,
                code,
                distance_m=neighbour.distance_m,
                place_age=self.board.age_of(neighbour),
                declared=neighbour.declared
                or lookup.place.source is PlaceSource.DECLARED,
            )
            for (person, neighbour), code in zip(found, codes, strict=True)
        )

    def _left_out(self, person: Person, lookup: Lookup) -> Recipient | None:
        """Return somebody as one who is left out; None where they can be asked."""
        attack = self.attacked.get(person.person)
        if attack is None or (person.person, attack.case) in lookup.let_in:
            return None
        return Recipient(
            person=person.person,
            alias=person.alias,
            language=person.language,
            sign="",
            addresses=(),
            left_out=LeftOut(
                person=person.person,
                alias=person.alias,
                case=attack.case,
                is_hidden=not attack.is_seen,
            ),
        )

    def _parted(
        self, people: Sequence[Person], lookup: Lookup
    ) -> tuple[list[Person], list[Recipient]]:
        """Return who can be asked, and who is left out."""
        left_out = {one.person: self._left_out(one, lookup) for one in people}
        free = [one for one in people if left_out[one.person] is None]
        return free, [one for one in left_out.values() if one is not None]

    def _contacts(self, lookup: Lookup) -> tuple[Recipient, ...]:
        if lookup.subject is None:
            return ()
        contacts = self.board.roster().contacts_of(lookup.subject)
        wanted = [
            one
            for one in contacts
            if one.person not in lookup.exclude and self._is_reached(one, lookup)
        ]
        wanted, left_out = self._parted(wanted, lookup)
        codes, place = self.codes(len(wanted)), lookup.place
        found = left_out
        for person, code in zip(wanted, codes, strict=True):
            away = None
            if place.lat_deg is not None and place.lon_deg is not None:
                away = self.board.distance_m(person, place.lat_deg, place.lon_deg)
            distance_m, declared = away or (None, False)
            found.append(
                self._recipient(
                    person, lookup, code, distance_m=distance_m, declared=declared
                )
            )
        return tuple(found)

    def _duty(self, lookup: Lookup) -> tuple[Recipient, ...]:
        rota = [one for one in self.board.duty() if self._is_reached(one, lookup)]
        known = [one for one in rota if one.person not in lookup.left_out]
        everybody, left_out = self._parted(known, lookup)
        others = [one for one in everybody if not self._is_spared(one, lookup)]
        # Rather one too many than nobody: the others' telephones may all be off.
        rota = (others if lookup.turn < SPARED_TURNS else []) or everybody
        turn = rota[lookup.turn % len(rota) :][:1] if rota else []
        return (*left_out, *self._recipients(turn, lookup))

    def _is_spared(self, person: Person, lookup: Lookup) -> bool:
        """Say whether a page would ring a telephone that had better not ring.

        Officers may share one, or stand under another name in a roster of since. A
        mailbox that they share rings nobody's.
        """
        theirs = self._theirs(lookup)
        used = {
            address.casefold()
            for channel in _BY_NUMBER.intersection(lookup.channels)
            for address in _others(person.addresses_on(channel), theirs)[:1]
        }
        return person.person in lookup.exclude or not used.isdisjoint(lookup.spared)

    def _defender(self, lookup: Lookup) -> tuple[Recipient, ...]:
        roster = self.board.roster()
        person = None if lookup.subject is None else roster.person(lookup.subject)
        return self._recipients(() if person is None else (person,), lookup)

    def _theirs(self, lookup: Lookup) -> frozenset[str]:
        """Return where whoever holds the defender's things reads what is sent.

        Only a step for the defender sends anything there: by whatever else arrived, or
        did not, they could tell an end that was forced from a true one.
        """
        if lookup.subject is None or lookup.audience is Audience.DEFENDER:
            return frozenset()
        return self.board.roster().reached_at(lookup.subject)

    def _is_reached(self, person: Person, lookup: Lookup) -> bool:
        """Say whether a step reaches somebody at other things than the defender's.

        Whom it does not is left to a later one: who is found counts as told.
        """
        theirs = self._theirs(lookup)
        everywhere = [
            one for channel in lookup.channels for one in person.addresses_on(channel)
        ]
        return person.person != lookup.subject and bool(_others(everywhere, theirs))

    def _hq(self, lookup: Lookup) -> tuple[Recipient, ...]:
        theirs, offices = self._theirs(lookup), self.offices()
        return tuple(
            Recipient(
                person=f"hq-{number}",
                alias="HQ",
                language=offices.language,
                sign="",
                addresses=((entry.channel, entry.address),),
                console=offices.console,
            )
            for number, entry in enumerate(offices.hq, start=1)
            if entry.address.casefold() not in theirs
        )

    def _public(self, lookup: Lookup) -> tuple[Recipient, ...]:
        roster = self.board.roster()
        defender = None if lookup.subject is None else roster.person(lookup.subject)
        country = "" if defender is None else defender.country
        offices = self.offices()
        return tuple(
            Recipient(
                person=f"public-{number}",
                alias="public",
                language=offices.language,
                sign="",
                addresses=((entry.channel, entry.address),),
                country_name=country_name(country, offices.language),
            )
            for number, entry in enumerate(offices.public, start=1)
        )

    def _recipients(
        self, people: Sequence[Person], lookup: Lookup
    ) -> tuple[Recipient, ...]:
        codes = self.codes(len(people))
        return tuple(
            self._recipient(person, lookup, code)
            for person, code in zip(people, codes, strict=True)
        )

    def _recipient(
        self,
        person: Person,
        lookup: Lookup,
        code: str,
        *,
        distance_m: float | None = None,
        place_age: timedelta | None = None,
        declared: bool = False,
    ) -> Recipient:
        theirs = self._theirs(lookup)
        addresses = tuple(
            (channel, address)
            for channel in lookup.channels
            for address in _others(person.addresses_on(channel), theirs)[:1]
        )
        return Recipient(
            person=person.person,
            alias=person.alias,
            language=person.language,
            sign=person.sign,
            addresses=addresses,
            code=code,
            distance_m=distance_m,
            place_age=place_age,
            declared=declared,
            zone=person.zone,
            console=self.offices().console if lookup.audience is Audience.DUTY else "",
        )


def _others(addresses: Sequence[str], theirs: frozenset[str]) -> list[str]:
    return [one for one in addresses if one.casefold() not in theirs]


@cache
def country_name(code: str, language: str) -> str:
    """Return a country's name by CLDR, or its code where CLDR has none.

    A language that CLDR does not know speaks English, as our words do.
    """
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - its data take 60 ms, needed by few

    try:
        names = Locale.parse(language, sep="-").territories
    except (ValueError, UnknownLocaleError):
        names = Locale("en").territories
    return str(names.get(code, code))

"""Write the fictional sample roster, `engine/sample/roster.toml`, always the same.

    python -m tools.sample_roster           write it
    python -m tools.sample_roster --check   fail where the file differs

Nobody in it exists. Aliases are birds and trees; places are real towns, as coarse as
a careful defender would declare them; numbers reach nobody (`docs/roster.md` says
which ranges, and why those). What varies from person to person does so by counting.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from engine.roster.model import (
    Address,
    CircleName,
    Consent,
    DeclaredPlace,
    Device,
    Language,
    Number,
    Person,
    Role,
    Roster,
    Rota,
)
from engine.roster.parse import parse_roster
from engine.roster.render import render_roster
from engine.values import DeviceId, PersonId

SOURCE = Path(__file__).with_suffix(".toml")
TARGET = Path(__file__).parents[1] / "engine" / "sample" / "roster.toml"
HEADING = """\
# A fictional roster of 200 defenders in 40 countries, written by
# `python -m tools.sample_roster`. Nobody here exists and no number here can ring.

"""

PER_COUNTRY = 5
STRIDE = 37  # through the birds, so that neighbours' aliases begin differently

# The demo's defender, the colleague next to them with their sign, and who else
# carries a device.
PINNED = {
    ("UZ", 0): "Heron",
    ("UZ", 1): "Lapwing",
    ("CO", 0): "Avocet",
    ("KE", 0): "Gannet",
    ("GT", 0): "Toucan",
    ("BY", 0): "Stork",
}
PINNED_SIGNS = {"Lapwing": "Lantern"}

# IMEIs begin with 00, the reporting body of test equipment (GSMA TS.06): no device on
# sale has them.
DEVICES = (
    ("heron", "gt06", "004999010640018"),
    ("gannet", "gt06", "004999010640026"),
    ("toucan", "gt06", "004999010640034"),
    ("avocet", "osmand", "q4t7-avoc"),
    ("lapwing", "osmand", "m2x9-lapw"),
    ("stork", "osmand", "k8d3-stor"),
)

_PUBLISH = (Consent.ANONYMOUS, Consent.ANONYMOUS, Consent.NONE)
_PROTOCOLS = (*["standard"] * 9, "widening")

# ACMA keeps single numbers, not a range: the last four digits of those used.
AUSTRALIAN = ("0006", "0156", "0157", "0158", "0159", "0110", "0313", "0737")


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """Five defenders: what they read, where they live, how their numbers begin."""

    code: str
    zones: tuple[str, ...]
    languages: tuple[Language, ...]
    numbers: str
    towns: tuple[dict[str, str | float], ...]


class Sample:
    """Hands out words and numbers, each one once."""

    def __init__(self, text: str) -> None:
        """Read the words; nothing is used yet."""
        source = tomllib.loads(text)
        birds = [b for b in source["birds"].split() if b not in PINNED.values()]
        self.countries = [_country(raw, raw["towns"]) for raw in source["country"]]
        self._birds = iter(
            [birds[STRIDE * place % len(birds)] for place in range(len(birds))]
        )
        self._trees = iter(source["trees"].split())
        self._signs = {k: iter(v.split()) for k, v in source["signs"].items()}
        self._circles = {
            CircleName(name): tuple(_members(groups))
            for name, groups in source["circles"].items()
        }
        self._numbered: dict[str, int] = {}

    def defender(self, country: Country, place: int, index: int) -> Person:
        """Return a country's defender at `place` (from 0), the `index`th of all."""
        alias = PINNED.get((country.code, place)) or next(self._birds)
        is_colleague = index % 9 > 0
        roles = {Role.DEFENDER, Role.COLLEAGUE} if is_colleague else {Role.DEFENDER}
        town = country.towns[place % len(country.towns)]
        person = self._person(alias, country, place, frozenset(roles))
        return replace(
            person,
            circles=frozenset(
                name
                for name, members in self._circles.items()
                if (country.code, place) in members
            ),
            declared=DeclaredPlace(
                name=str(town["name"]),
                lat_deg=float(town["lat_deg"]),
                lon_deg=float(town["lon_deg"]),
                accuracy_m=10_000.0,
                given_on=date(2026, 1 + index % 10, 1 + index % 28),
            ),
            available=index % 13 > 0,
            live_position_consent=index % 4 == 1,
            publish_consent=_PUBLISH[index % 3],
            action_protocol=_PROTOCOLS[index % 10],
        )

    def contact(self, country: Country) -> Person:
        """Return somebody in a country who is only ever told."""
        return self._person(next(self._trees), country, 0, frozenset({Role.CONTACT}))

    def officer(self, country: Country, place: int) -> Person:
        """Return somebody who signs in to the console and is on duty."""
        roles = frozenset({Role.OPERATOR, Role.DUTY})
        person = self._person(next(self._trees), country, place, roles)
        email = Address(channel="email", address=f"{person.person}@hq.example")
        return replace(person, addresses=(email,))

    def _person(
        self, alias: str, country: Country, place: int, roles: frozenset[Role]
    ) -> Person:
        language = country.languages[place]
        return Person(
            person=PersonId(alias.casefold()),
            alias=alias,
            roles=roles,
            language=language,
            zone=country.zones[place % len(country.zones)],
            country=country.code,
            numbers=(self._number(country),),
            sign=PINNED_SIGNS.get(alias) or next(self._signs[language]),
            fictional=True,
        )

    def _number(self, country: Country) -> Number:
        count = self._numbered.get(country.numbers, 0)
        self._numbered[country.numbers] = count + 1
        stem = country.numbers.rstrip("x")
        if country.code == "AU":
            return Number(stem + AUSTRALIAN[count])
        width = len(country.numbers) - len(stem)
        return Number(f"{stem}{count + 10:0{width}d}")


def sample(text: str) -> Roster:
    """Return the whole roster that the words in `text` make."""
    words = Sample(text)
    defenders = [
        words.defender(country, place, PER_COUNTRY * row + place)
        for row, country in enumerate(words.countries)
        for place in range(PER_COUNTRY)
    ]
    contacts = [words.contact(country) for country in words.countries[::2]]
    sweden = words.countries[0]
    officers = [words.officer(sweden, place) for place in (0, 3, 1)]
    named = [
        replace(one, contacts=tuple(_contacts_of(index, contacts, defenders)))
        for index, one in enumerate(defenders)
    ]
    return Roster(
        people=(*named, *contacts, *officers),
        devices=tuple(
            Device(device=DeviceId(key), wire_protocol=wire, person=PersonId(person))
            for person, wire, key in DEVICES
        ),
        rota=Rota(duty=tuple(one.person for one in officers)),
    )


def _contacts_of(
    index: int, contacts: list[Person], defenders: list[Person]
) -> Iterator[PersonId]:
    """Name the contact of two countries, and for every other one a countryman."""
    yield contacts[index // (2 * PER_COUNTRY)].person
    if index % 2:
        start = index - index % PER_COUNTRY
        yield defenders[start + (index + 2) % PER_COUNTRY].person


def _country(raw: dict[str, str], towns: list[dict[str, str | float]]) -> Country:
    return Country(
        code=raw["code"],
        zones=tuple(raw["zones"].split()),
        languages=tuple(Language(one) for one in raw["languages"].split()),
        numbers=raw["numbers"],
        towns=tuple(towns),
    )


def _members(groups: str) -> Iterator[tuple[str, int]]:
    for group in groups.split():
        first, last = map(int, group[2:].split("-"))
        for place in range(first - 1, last):
            yield group[:2], place


def main() -> int:
    """Write or check the file; 1 where it differs from what would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = HEADING + render_roster(sample(SOURCE.read_text(encoding="utf-8")))
    roster = parse_roster(text, TARGET.name)
    if parser.parse_args().check:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(roster.people)} people\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

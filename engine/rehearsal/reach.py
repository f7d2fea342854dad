"""Whom a defender's steps can reach, and how, from a roster. Pure."""

import math
from collections.abc import Iterable

from engine.errors import DataError, suggestion
from engine.protocol.findings import Reach
from engine.protocol.model import Audience
from engine.roster.model import DeclaredPlace, Person, Role, Roster
from engine.values import PersonId
from geocore import distance_m

_BY_NUMBER = frozenset({"sms", "call"})


def reach_of(
    roster: Roster,
    person: str,
    *,
    file: str,
    modems: int = 1,
    operators: Iterable[str] | None = None,
    protocol: str = "",
) -> Reach:
    """Return which channels reach each person of each audience.

    Nothing for others goes to what the defender reads, and they have no voice at HQ.

    Args:
        roster: whose people are counted.
        person: the defender's id.
        file: named in the error.
        modems: how many send side by side.
        operators: who may sign in at HQ; None: those of the roster.
        protocol: the action protocol's name, where it is known. What the defender has
            signed is held against theirs; where their entry names none, it may be any.

    Raises:
        DataError: nobody of that id is in the roster, or they are no defender.

    """
    defender = PersonId(person)
    themselves = roster.person(defender)
    if themselves is None:
        known = [str(one.person) for one in roster.with_role(Role.DEFENDER)]
        reason = f"nobody has the id {person!r}{suggestion(person, known)}"
        raise DataError(file, None, "--for", reason)
    if not themselves.has(Role.DEFENDER):
        reason = f"{person!r} is no defender: no alarm of theirs has these steps"
        raise DataError(file, None, "--for", reason)
    colleagues = [one for one in roster.colleagues_of(defender) if one.available]
    people: dict[Audience, list[Person]] = {
        Audience.NEAREST: colleagues,
        Audience.CONTACTS: list(roster.contacts_of(defender)),
        Audience.DUTY: [one for one in roster.duty() if one.person != defender],
        Audience.DEFENDER: [themselves],
    }
    nowhere, theirs = frozenset[str](), roster.reached_at(defender)
    return Reach(
        people={
            audience: _channels(
                those, nowhere if audience is Audience.DEFENDER else theirs
            )
            for audience, those in people.items()
        },
        modems=modems,
        has_word=bool(themselves.safe_word),
        operators=_operators(roster, operators) - {str(defender)},
        officers=frozenset(str(one.person) for one in people[Audience.DUTY]),
        languages=frozenset(one.language for those in people.values() for one in those),
        agreed_text=_signed(themselves, protocol),
        reads=themselves.language.value,
        away_m=_away_m(themselves, colleagues),
    )


def _operators(roster: Roster, named: Iterable[str] | None) -> frozenset[str]:
    if named is not None:
        return frozenset(named)
    return frozenset(str(one.person) for one in roster.with_role(Role.OPERATOR))


def _away_m(defender: Person, colleagues: Iterable[Person]) -> tuple[float, ...] | None:
    """Return how far away each is at least, by what they and the defender declared.

    The defender may be anywhere in their town, and a colleague who has agreed to live
    positions alone anywhere at all.
    """
    here = defender.declared
    if here is None:
        return None
    return tuple(_least_m(here, one) for one in colleagues)


def _least_m(here: DeclaredPlace, colleague: Person) -> float:
    there = colleague.declared
    if there is not None:
        return distance_m(_point(here), _point(there)) - here.accuracy_m
    return 0.0 if colleague.live_position_consent else math.inf


def _point(place: DeclaredPlace) -> tuple[float, float]:
    return place.lat_deg, place.lon_deg


def _signed(defender: Person, protocol: str) -> str:
    is_theirs = bool(protocol) and defender.action_protocol in {None, protocol}
    return defender.agreed_text if is_theirs else ""


def _channels(
    people: Iterable[Person], theirs: frozenset[str]
) -> tuple[frozenset[str], ...]:
    """Return the channels that reach each person somewhere else than at `theirs`."""
    return tuple(
        frozenset(
            one.channel
            for one in person.addresses
            if one.address.casefold() not in theirs
        )
        | (_BY_NUMBER if set(person.numbers) - theirs else frozenset())
        for person in people
    )

"""Whom a defender's steps can reach, counted from a roster. Pure."""

from collections.abc import Iterable

from engine.errors import DataError
from engine.protocol.lint import Reach
from engine.protocol.model import Audience
from engine.roster.model import Person, Roster
from engine.values import PersonId

CHANNELS = ("sms", "call", "email")


def reach_of(roster: Roster, person: str, *, file: str, modems: int = 1) -> Reach:
    """Return how many people each audience has, by channel.

    Args:
        roster: whose people are counted.
        person: the defender's id.
        file: named in the error.
        modems: how many send side by side.

    Raises:
        DataError: nobody of that id is in the roster.

    """
    defender = PersonId(person)
    if roster.person(defender) is None:
        raise DataError(file, None, "--for", f"nobody has the id {person!r}")
    colleagues = [one for one in roster.colleagues_of(defender) if one.available]
    return Reach(
        people={
            Audience.NEAREST: _by_channel(colleagues),
            Audience.CONTACTS: _by_channel(roster.contacts_of(defender)),
            Audience.DUTY: _by_channel(roster.duty()),
        },
        modems=modems,
    )


def _by_channel(people: Iterable[Person]) -> dict[str, int]:
    there = list(people)
    return {
        channel: sum(bool(person.addresses_on(channel)) for person in there)
        for channel in CHANNELS
    }

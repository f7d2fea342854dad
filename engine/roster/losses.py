"""What people would lose by another roster: what they say is a stranger's then.

Asked for those with a case that is open, or a timer that runs. A word of force that
nobody knows any more is the worst of it: a case is closed as if nothing had been said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.roster.model import Device, Person, Roster
from engine.values import PersonId


class Loss(StrEnum):
    """What of somebody is in one roster and not in another; words for HQ."""

    PERSON = "they themselves"
    DEVICE = "a device"
    NUMBER = "a number"
    WORDS = "the agreed words"
    CODES = "the codes of a device"


@dataclass(frozen=True, slots=True)
class Losing:
    """Somebody, and what they would lose; never empty."""

    person: PersonId
    losses: tuple[Loss, ...]


def losing(was: Roster, now: Roster, people: Iterable[PersonId]) -> list[Losing]:
    """Return who of these people loses something, by id; what is new is no loss."""
    found = (Losing(who, tuple(_losses(was, now, who))) for who in sorted(set(people)))
    return [one for one in found if one.losses]


def _losses(was: Roster, now: Roster, who: PersonId) -> Iterable[Loss]:
    before, after = was.person(who), now.person(who)
    if before is None:
        return
    if after is None:
        yield Loss.PERSON
        return
    kept = [
        (device, now.device(device.device)) for device in was.devices_of(before.person)
    ]
    if any(one is None or one.person != who for _, one in kept):
        yield Loss.DEVICE
    if not set(before.numbers) <= set(after.numbers):
        yield Loss.NUMBER
    if _words(before) - _words(after):
        yield Loss.WORDS
    if any(one is not None and _codes(old) - _codes(one) for old, one in kept):
        yield Loss.CODES


def _words(person: Person) -> set[tuple[str, str]]:
    words = {("safe", person.safe_word), ("duress", person.duress_word)}
    return {(kind, word) for kind, word in words if word}


def _codes(device: Device) -> set[tuple[str, str]]:
    return {
        *(("safe", code) for code in device.safe_codes),
        *(("duress", code) for code in device.duress_codes),
    }

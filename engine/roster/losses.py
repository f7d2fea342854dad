"""What people would lose by another roster: what they say is a stranger's then.

Asked for those with a case that is open, or a timer that runs, and, of their words
alone, for whoever was told of such a case: they may be forced to say that all is well.
A word of force that nobody knows any more is the worst of it: a case is closed as if
nothing had been said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.roster.folding import fold_word
from engine.roster.model import Device, Person, Role, Roster
from engine.values import PersonId


class Loss(StrEnum):
    """What of somebody is in one roster and not in another; words for HQ."""

    PERSON = "they themselves"
    ROLE = "the role of a defender"
    DEVICE = "a device"
    NUMBER = "a number"
    WORDS = "the agreed words"
    CODES = "the codes of a device"


@dataclass(frozen=True, slots=True)
class Losing:
    """Somebody, and what they would lose; never empty."""

    person: PersonId
    losses: tuple[Loss, ...]


def losing(
    was: Roster,
    now: Roster,
    people: Iterable[PersonId],
    told: Iterable[PersonId] = (),
) -> list[Losing]:
    """Return who of these people loses something, by id; what is new is no loss.

    Args:
        was: in force.
        now: what would take its place.
        people: of whom nothing may be lost.
        told: of whom the agreed words may not be lost.

    """
    found = {who: tuple(_words_lost(was, now, who)) for who in told}
    found |= {who: tuple(_losses(was, now, who)) for who in people}
    return [Losing(who, losses) for who, losses in sorted(found.items()) if losses]


def _losses(was: Roster, now: Roster, who: PersonId) -> Iterable[Loss]:
    before, after = was.person(who), now.person(who)
    if before is None:
        return
    if after is None:
        yield Loss.PERSON
        return
    kept = [(device, now.device(device.device)) for device in was.devices_of(who)]
    if before.has(Role.DEFENDER) and not after.has(Role.DEFENDER):
        yield Loss.ROLE
    if any(one is None or one.person != who for _, one in kept):
        yield Loss.DEVICE
    sims = any(one and old.number not in {None, one.number} for old, one in kept)
    if sims or not set(before.numbers) <= set(after.numbers):
        yield Loss.NUMBER
    yield from _words_lost(was, now, who)
    if any(one is not None and _codes(old) - _codes(one) for old, one in kept):
        yield Loss.CODES


def _words_lost(was: Roster, now: Roster, who: PersonId) -> Iterable[Loss]:
    if _words(was.person(who)) - _words(now.person(who)):
        yield Loss.WORDS


def _words(person: Person | None) -> set[tuple[str, str]]:
    """Return the agreed words as they are compared with what is said."""
    if person is None:
        return set()
    words = {("safe", person.safe_word), ("duress", person.duress_word)}
    return {(kind, fold_word(word)) for kind, word in words if word}


def _codes(device: Device) -> set[tuple[str, str]]:
    return {
        *(("safe", code) for code in device.safe_codes),
        *(("duress", code) for code in device.duress_codes),
    }

"""Who plays: the sample roster, with words and action protocols of its own.

Each defender with a device follows another action protocol; one has agreed the two
words, and the two codes of the device, by which safety and force are told apart.
"""

from dataclasses import replace
from functools import cache

from engine.protocol.registry import Registry, load_registry
from engine.roster.model import Device, Person, Roster
from engine.roster.sample import sample_roster
from engine.values import PersonId

AGREED = PersonId("heron")
SAFE_WORD, DURESS_WORD = "Kingfisher", "Sandpipers"
SAFE_CODE, DURESS_CODE = "code:1111", "code:2222"
FOLLOWS = {
    "heron": "careful",
    "gannet": "quorum",
    "toucan": "street_attack",
    "stork": "standard",
    "lapwing": "widening",
    "avocet": "abduction",
}


@cache
def roster() -> Roster:
    """Return the roster, made once: less who could never be chosen."""
    sample = sample_roster()
    circles = {
        circle
        for person in sample.people
        if str(person.person) in FOLLOWS
        for circle in person.circles
    }
    return replace(
        sample,
        people=tuple(
            _person(person)
            for person in sample.people
            if not person.circles or not circles.isdisjoint(person.circles)
        ),
        devices=tuple(map(_device, sample.devices)),
    )


@cache
def registry() -> Registry:
    """Return the action protocols that ship with the engine, read once."""
    return load_registry(None, "standard")


def _person(person: Person) -> Person:
    follows = FOLLOWS.get(str(person.person))
    if follows is not None:
        person = replace(person, action_protocol=follows)
    if person.person != AGREED:
        return person
    return replace(person, safe_word=SAFE_WORD, duress_word=DURESS_WORD)


def _device(device: Device) -> Device:
    if device.person != AGREED:
        return device
    return replace(
        device,
        safe_codes=frozenset({SAFE_CODE}),
        duress_codes=frozenset({DURESS_CODE}),
    )

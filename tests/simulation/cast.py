"""Who plays: the sample roster, with words and action protocols of its own.

Each defender with a device follows another action protocol: of those that ship with
the engine each is followed by somebody, and two of the cast's own say what none of them
does. One defender has agreed the two words, and the two codes of the device, by which
safety and force are told apart. The three officers relieve each other every two hours.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.parse import load_protocol
from engine.protocol.registry import Registry, load_registry
from engine.roster.model import Device, Number, Person, Roster
from engine.roster.risk import read_window
from engine.roster.sample import sample_roster
from engine.values import DeviceId, PersonId

AGREED = PersonId("heron")
TRAVELLER = PersonId("kingfisher")
SAFE_WORD, DURESS_WORD = "Kingfisher", "Sandpipers"
SAFE_CODE, DURESS_CODE = "code:1111", "code:2222"
SHIFTS = {"alder": 4, "rowan": 0, "spruce": 2}
"""At which hour of the day, and of every six hours, a shift of theirs begins."""
NEW_NUMBERS = tuple(Number(f"+467017406{last}") for last in range(80, 100))
"""Of the range that Sweden keeps for fiction; nobody has one before it is given."""
OWN = Path(__file__).with_name("protocols")
FOLLOWS = {
    "heron": "careful",
    "gannet": "quorum",
    "toucan": "street_attack",
    "stork": "standard",
    "lapwing": "widening",
    "avocet": "abduction",
    "cormorant": "arrest",
    "fulmar": "house_raid",
    "kingfisher": "journey",
    "chough": "protest",
    "dowitcher": "stairs",
    "fairywren": "hushed",
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
        devices=(*map(_device, sample.devices), *_more_devices(sample)),
    )


@cache
def registry() -> Registry:
    """Return the action protocols that ship with the engine and the cast's own."""
    shipped = load_registry(None, "standard")
    published = {name: _posting(one) for name, one in shipped.protocols.items()}
    own = {path.stem: load_protocol(path) for path in sorted(OWN.glob("*.toml"))}
    return replace(shipped, protocols={**published, **own})


def _posting(protocol: ActionProtocol) -> ActionProtocol:
    """Return a protocol that publishes by the name which older engines' days gave."""
    steps = tuple(
        replace(step, channels=("mastodon",)) if step.to is Audience.PUBLIC else step
        for step in protocol.steps
    )
    return replace(protocol, steps=steps)


def _person(person: Person) -> Person:
    follows = FOLLOWS.get(str(person.person))
    if follows is not None:
        person = replace(person, action_protocol=follows)
    begins = SHIFTS.get(str(person.person))
    if begins is not None:
        hours = range(begins, 24, 6)
        written = (f"daily {one:02}:00-{(one + 2) % 24:02}:00" for one in hours)
        person = replace(person, shifts=tuple(map(read_window, written)))
    if person.person != AGREED:
        return person
    return replace(person, safe_word=SAFE_WORD, duress_word=DURESS_WORD)


def _more_devices(sample: Roster) -> list[Device]:
    """Give a device to those who are in the sample without one."""
    owners = {str(device.person) for device in sample.devices}
    return [
        Device(
            device=DeviceId(f"sim-{name}"),
            wire_protocol="osmand",
            person=PersonId(name),
        )
        for name in FOLLOWS
        if name not in owners
    ]


def _device(device: Device) -> Device:
    if device.person != AGREED:
        return device
    return replace(
        device,
        safe_codes=frozenset({SAFE_CODE}),
        duress_codes=frozenset({DURESS_CODE}),
    )

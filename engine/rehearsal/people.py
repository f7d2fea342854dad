"""The made-up people of a rehearsal: whom a step finds. Pure."""

from engine.alarm.commands import Lookup, Recipient
from engine.protocol.model import Audience

_OFFICERS = ("officer-1", "officer-2", "officer-3")
_SPREAD_KM = 15.0


def whom(lookup: Lookup, colleagues: int) -> tuple[Recipient, ...]:
    """Return whom a round finds, of so many colleagues, each 15 km farther away."""
    match lookup.audience:
        case Audience.NEAREST:
            return _nearest(lookup, colleagues)
        case Audience.CONTACTS:
            return _contacts(lookup)
        case Audience.DUTY:
            rota = [one for one in _OFFICERS if one not in lookup.exclude] or _OFFICERS
            officer = rota[lookup.turn % len(rota)]
            return (_person(officer, lookup),)
        case Audience.HQ:
            return (_person("hq", lookup),)
        case Audience.PUBLIC:
            return (_person("public", lookup),)
        case _:
            return (_person("defender", lookup),)


def _nearest(lookup: Lookup, colleagues: int) -> tuple[Recipient, ...]:
    if lookup.place.lat_deg is None:
        # As the desk does: without a place the contacts who were named.
        return _contacts(lookup) if lookup.contacts_instead else ()
    near = [
        (f"colleague-{n}", n * _SPREAD_KM * 1000)
        for n in range(1, colleagues + 1)
        if f"colleague-{n}" not in lookup.exclude
    ]
    return tuple(
        _person(name, lookup, distance_m)
        for name, distance_m in near[: lookup.count]
        if lookup.within_m is None or distance_m <= lookup.within_m
    )


def _contacts(lookup: Lookup) -> tuple[Recipient, ...]:
    """Return those who have not been told, as the desk does."""
    people = ("contact-1", "contact-2")
    return tuple(_person(name, lookup) for name in people if name not in lookup.exclude)


def _person(name: str, lookup: Lookup, distance_m: float | None = None) -> Recipient:
    return Recipient(
        person=name,
        alias=name,
        language="en",
        sign="sign",
        addresses=tuple((channel, name) for channel in lookup.channels),
        code="" if name == "hq" else f"code-{name}",
        distance_m=distance_m,
    )

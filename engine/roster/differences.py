"""How one roster differs from another, person by person: what the journal keeps. Pure.

An agreed word, a sign and a secret never stand in a difference: it says that they have
changed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from engine.roster.model import Address, DeclaredPlace, Device, Person, Roster
from engine.roster.risk import RiskWindow
from engine.values import PersonId, tail_of

CHANGED = "changed"
ROTA, PROFILES = "rota", "profiles"
PERSON = "person"
FREE = frozenset(
    {"available", "declared", "language", "zone", "risk_windows", "shifts"}
)
"""What changes from day to day, and leads no message and no answer elsewhere."""
_NEVER_SHOWN = frozenset({"safe_word", "duress_word", "sign"})
_SECRET_OF_DEVICE = frozenset({"secret_file", "safe_codes", "duress_codes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was; "" where there was, or is, none.

    `person` is None for what belongs to nobody: the rota, the profiles. `what` is a
    field of `Person`, "person", or "device ...0018" and its field.
    """

    person: PersonId | None
    what: str
    was: str = field(repr=False)
    now: str = field(repr=False)

    def facts(self) -> Mapping[str, str]:
        """Return it for a row."""
        who = "" if self.person is None else str(self.person)
        return {"person": who, "what": self.what, "was": self.was, "now": self.now}


def differences(was: Roster, new: Roster) -> tuple[Difference, ...]:
    """Return all that differs: what is nobody's, then by person."""
    everybody = sorted({one.person for one in (*was.people, *new.people)})
    return (
        *_of_nobody(was, new),
        *(
            each
            for who in everybody
            for each in (*_of_person(was, new, who), *_of_devices(was, new, who))
        ),
    )


def at_stake(
    was: Roster, new: Roster, attacked: Iterable[PersonId], told: Iterable[PersonId]
) -> frozenset[PersonId]:
    """Return who belongs to an open case: whose it is, who is told, who may be."""
    found = set(told)
    for who in attacked:
        found.add(who)
        for roster in (was, new):
            found |= {one.person for one in roster.colleagues_of(who)}
            found |= {one.person for one in roster.contacts_of(who)}
            found |= {one.person for one in roster.duty()}
    return frozenset(found)


def for_two(
    found: Iterable[Difference], people: Collection[PersonId]
) -> tuple[Difference, ...]:
    """Return what two operators have to approve while these people have a case."""
    if not people:
        return ()
    return tuple(
        one
        for one in found
        if one.what not in FREE and (one.person is None or one.person in people)
    )


def _of_nobody(was: Roster, new: Roster) -> Iterator[Difference]:
    if was.rota != new.rota:
        yield Difference(
            person=None,
            what=ROTA,
            was=" ".join(was.rota.duty),
            now=" ".join(new.rota.duty),
        )
    if was.profiles != new.profiles:
        before, after = (
            " ".join(one.profile for one in roster.profiles) for roster in (was, new)
        )
        yield Difference(person=None, what=PROFILES, was=before, now=after)


def _of_person(was: Roster, new: Roster, who: PersonId) -> Iterator[Difference]:
    before, after = was.person(who), new.person(who)
    if before is None or after is None:
        there, gone = (PERSON, "") if after is None else ("", PERSON)
        yield Difference(person=who, what=PERSON, was=there, now=gone)
        return
    for each in fields(Person):
        old, now = getattr(before, each.name), getattr(after, each.name)
        if old == now:
            continue
        if each.name in _NEVER_SHOWN:
            old = now = CHANGED
        yield Difference(person=who, what=each.name, was=_text(old), now=_text(now))


def _of_devices(was: Roster, new: Roster, who: PersonId) -> Iterator[Difference]:
    before = {one.device: one for one in was.devices_of(who)}
    after = {one.device: one for one in new.devices_of(who)}
    for device in sorted(before.keys() | after.keys()):
        name = f"device {tail_of(device)}"
        old, now = before.get(device), after.get(device)
        if old is None or now is None:
            yield Difference(
                person=who,
                what=name,
                was="" if old is None else str(device),
                now="" if now is None else str(device),
            )
            continue
        for each in fields(Device):
            one, other = getattr(old, each.name), getattr(now, each.name)
            if one == other:
                continue
            if each.name in _SECRET_OF_DEVICE:
                one = other = CHANGED
            what = f"{name}, {each.name}"
            yield Difference(person=who, what=what, was=_text(one), now=_text(other))


def _text(value: object) -> str:
    """Return a value as somebody reads it; a set in order."""
    match value:
        case None:
            return ""
        case frozenset():
            return " ".join(sorted(map(str, value)))
        case tuple():
            return " ".join(map(_text, value))
        case Address():
            return f"{value.channel}:{value.address}"
        case DeclaredPlace():
            return f"{value.name} {value.lat_deg} {value.lon_deg}"
        case RiskWindow():
            return value.text
        case _:
            return str(value)

"""What must hold between entries, and between an entry's fields."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from engine.errors import DataError, suggestion
from engine.roster.entries import Draft, Placed
from engine.roster.faults import Origin, RosterError
from engine.roster.folding import fold_word
from engine.roster.model import Consent, Device, Person, Role, Roster, Rota
from engine.values import PersonId

_TOLD_BY_SMS = frozenset({Role.COLLEAGUE, Role.DUTY})
_ADDRESSED = frozenset({Role.COLLEAGUE, Role.CONTACT, Role.DUTY})


# It may be tomorrow already where the place was given.
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a roster must fit that is about to be put in force; None: not known here."""

    protocols: Collection[str] | None = None
    wire_protocols: Collection[str] | None = None
    today: date | None = None


def roster_of(draft: Draft, known: Known | None = None) -> Roster:
    """Return the roster that one or more files describe.

    Args:
        draft: what the files say.
        known: what there is beside it; None for a roster that is in force, which is
            taken as it is.

    Raises:
        RosterError: with every fault found, those of single fields first.

    """
    faults = (*draft.faults, *_between(draft))
    if known is not None:
        faults += tuple(_unknown(draft, known))
    if faults:
        raise RosterError(faults)
    return Roster(
        people=tuple(person for person, _ in draft.people),
        devices=tuple(device for device, _ in draft.devices),
        profiles=tuple(profile for profile, _ in draft.profiles),
        rota=Rota(duty=tuple(person for person, _ in draft.duty)),
    )


def _between(draft: Draft) -> Iterator[DataError]:
    people = {person.person: person for person, _ in draft.people}
    # With a person's entry refused, a reference to them may be sound all the same.
    complete = not any(one.field.startswith("person") for one in draft.faults)
    yield from _repeated(
        "person", "id", ((one.person, where) for one, where in draft.people)
    )
    yield from _repeated(
        "person",
        "alias",
        ((one.alias.casefold(), where) for one, where in draft.people),
    )
    yield from _repeated(
        "device", "id", ((one.device, where) for one, where in draft.devices)
    )
    yield from _repeated(
        "profile", "id", ((one.profile, where) for one, where in draft.profiles)
    )
    sims = ((one.number, where) for one, where in draft.devices if one.number)
    yield from _repeated("device", "number", sims)
    yield from _repeated("rota", "duty", draft.duty)
    for person, where in draft.people:
        yield from _of_person(person, where, people, complete=complete)
    yield from _signs_apart(draft.people)
    yield from _words_apart(draft.people)
    for device, where in draft.devices:
        yield from _of_device(device, where, people, complete=complete)
    for named, where in draft.duty:
        on_duty = people.get(named)
        if on_duty is None and complete:
            yield where.fault("rota", "duty", "names nobody in the roster")
        elif on_duty is not None and not on_duty.has(Role.DUTY):
            yield where.fault("rota", "duty", 'names somebody without the role "duty"')


def _repeated(
    kind: str, name: str, entries: Iterable[tuple[str, Origin]]
) -> Iterator[DataError]:
    seen: dict[str, Origin] = {}
    for key, where in entries:
        first = seen.setdefault(key, where)
        if first is not where:
            reason = f"is taken already, on {first.seen_from(where, name)}"
            yield where.fault(kind, name, reason)


def _of_person(
    person: Person,
    where: Origin,
    people: Mapping[PersonId, Person],
    *,
    complete: bool,
) -> Iterator[DataError]:
    if person.roles & _TOLD_BY_SMS and not person.numbers:
        reason = "is missing: colleagues and people on duty are told by SMS"
        yield where.fault("person", "numbers", reason)
    elif person.has(Role.CONTACT) and not (person.numbers or person.addresses):
        reason = "is missing: a contact needs a number or an address"
        yield where.fault("person", "numbers", reason)
    if person.roles & _ADDRESSED and person.numbers and not person.sign:
        reason = "is missing: it tells our SMS from a lure"
        yield where.fault("person", "sign", reason)
    if person.publish_consent is Consent.NAME and not person.public_name:
        reason = "is missing: say by which name, as the consent is to one"
        yield where.fault("person", "public_name", reason)
    if person.agreed_text and not person.has(Role.DEFENDER):
        reason = 'is for people with the role "defender"'
        yield where.fault("person", "agreed_text", reason)
    if person.call_is_sos and not person.has(Role.DEFENDER):
        reason = 'is for people with the role "defender"'
        yield where.fault("person", "call_is_sos", reason)
    yield from _of_contacts(person, where, people, complete=complete)


def _unknown(draft: Draft, known: Known) -> Iterator[DataError]:
    if known.protocols is not None:
        yield from _without_protocol(draft.people, known.protocols)
    yield from _without_profile(draft)
    yield from _words_named(draft.people)
    if known.wire_protocols is not None:
        for device, where in draft.devices:
            named = device.wire_protocol
            if named not in known.wire_protocols:
                near = suggestion(named, known.wire_protocols)
                reason = f"names no wire protocol{near}"
                yield where.fault("device", "wire_protocol", reason)
    if known.today is not None:
        for person, where in draft.people:
            place = person.declared
            if place is not None and place.given_on > known.today + _DAY:
                reason = "lies in the future: no place is given yet"
                # A row of CSV has one line, and a column for it.
                name = "declared.given_on" if where.lines else "given_on"
                yield where.fault("person", name, reason)


def _without_protocol(
    people: Iterable[Placed], protocols: Collection[str]
) -> Iterator[DataError]:
    """Let nobody's plan for an abduction run as the standard one for a slip."""
    for person, where in people:
        named = person.action_protocol
        if named is not None and named not in protocols:
            reason = f"names no action protocol{suggestion(named, protocols)}"
            yield where.fault("person", "action_protocol", reason)


def _without_profile(draft: Draft) -> Iterator[DataError]:
    """Let no button be a button that nobody has named, because of a slip."""
    if any(one.field.startswith("profile") for one in draft.faults):
        return  # the entry that is refused may be the one that is meant
    known = {profile.profile for profile, _ in draft.profiles}
    for device, where in draft.devices:
        if device.profile and device.profile not in known:
            reason = f"names no profile{suggestion(device.profile, known)}"
            yield where.fault("device", "profile", reason)


def _of_contacts(
    person: Person,
    where: Origin,
    people: Mapping[PersonId, Person],
    *,
    complete: bool,
) -> Iterator[DataError]:
    if person.contacts and not person.has(Role.DEFENDER):
        reason = 'are for people with the role "defender"'
        yield where.fault("person", "contacts", reason)
    for named in person.contacts:
        contact = people.get(named)
        if named == person.person:
            yield where.fault("person", "contacts", "names the defender in person")
        elif contact is None and complete:
            yield where.fault("person", "contacts", "names nobody in the roster")
        elif contact is not None and set(contact.numbers) & set(person.numbers):
            reason = "names somebody with the defender's own number"
            yield where.fault("person", "contacts", reason)
        elif contact is not None and not (contact.numbers or contact.addresses):
            reason = "names somebody who has no number and no address"
            yield where.fault("person", "contacts", reason)


def _of_device(
    device: Device,
    where: Origin,
    people: Mapping[PersonId, Person],
    *,
    complete: bool,
) -> Iterator[DataError]:
    carrier = people.get(device.person)
    if carrier is None and complete:
        yield where.fault("device", "person", "names nobody in the roster")
    elif carrier is not None and not carrier.has(Role.DEFENDER):
        reason = 'names somebody without the role "defender"'
        yield where.fault("device", "person", reason)
    if device.safe_codes & device.duress_codes:
        reason = "has a code that is a safe code as well"
        yield where.fault("device", "duress_codes", reason)


def _signs_apart(people: Iterable[Placed]) -> Iterator[DataError]:
    """Let nobody have the sign of somebody in their circle, who could lure them."""
    by_sign: defaultdict[str, list[Placed]] = defaultdict(list)
    for person, where in people:
        if not person.sign:
            continue
        same = by_sign[person.sign.casefold()]
        for other, elsewhere in same:
            if other.circles & person.circles:
                place = elsewhere.seen_from(where, "sign")
                reason = f"is that of somebody in the same circle, on {place}"
                yield where.fault("person", "sign", reason)
                break
        same.append((person, where))


def _words_of(person: Person) -> Iterator[tuple[str, str]]:
    """Yield somebody's words as they are compared, by the names of their fields."""
    for name in ("safe_word", "duress_word"):
        if word := getattr(person, name):
            yield name, fold_word(word)


def _words_named(people: Iterable[Placed]) -> Iterator[DataError]:
    """Let no word be a name: whoever reads an SMS of ours could say that all is well.

    Of force it would be a sign of it wherever somebody is named.
    """
    named = {
        fold_word(part)
        for person, _ in people
        for part in person.alias.replace("-", " ").split()
    }
    for person, where in people:
        for name, word in _words_of(person):
            if word in named:
                reason = "is a name in our SMS: a word of somebody's alias"
                yield where.fault("person", name, reason)


def _words_apart(people: Iterable[Placed]) -> Iterator[DataError]:
    """Let no word stand for two people, or twice for one.

    A sign is in every SMS of ours: as a word it would be no secret.
    """
    signs = {fold_word(person.sign) for person, _ in people if person.sign}
    taken: dict[str, Origin] = {}
    for person, where in people:
        for name, folded in _words_of(person):
            first = taken.get(folded)
            if folded in signs:
                yield where.fault("person", name, "is a sign, which our SMS show")
            elif first is where:
                yield where.fault("person", name, "is the other word as well")
            elif first is not None:
                reason = f"is taken already, on {first.seen_from(where, name)}"
                yield where.fault("person", name, reason)
            taken.setdefault(folded, where)
        if person.duress_word and not person.safe_word:
            reason = "is missing: with one word alone, that word is the forced one"
            yield where.fault("person", "safe_word", reason)

"""The roster as one immutable snapshot with indexed look-ups.

Whatever is personal is left out of every `repr`, since those reach logs. A new
import makes a new snapshot; whoever holds the old one goes on reading it.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NewType, TypeVar

from engine.roster.folding import folded
from engine.roster.risk import RiskWindow, at_risk, next_risk
from engine.values import DeviceId, Instant, PersonId, Signal

Number = NewType("Number", str)
"""A telephone number in E.164 with its plus sign."""

CircleName = NewType("CircleName", str)

Key = TypeVar("Key")
One = TypeVar("One")


class Language(StrEnum):
    """What a person reads (BCP 47)."""

    ENGLISH = "en"
    SWEDISH = "sv"
    RUSSIAN = "ru"
    SPANISH = "es"
    FRENCH = "fr"
    ARABIC = "ar"


class Role(StrEnum):
    """What a person is to us; most defenders are also somebody's colleague."""

    DEFENDER = "defender"
    COLLEAGUE = "colleague"
    CONTACT = "contact"
    OPERATOR = "operator"
    DUTY = "duty"


class Consent(StrEnum):
    """What of a defender's alarm may reach the public, once verified and approved."""

    NONE = "none"
    ANONYMOUS = "anonymous"
    NAME = "name"


class Word(StrEnum):
    """Which of the two agreed words somebody has said."""

    SAFE = "safe"
    DURESS = "duress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a person is reached by a channel other than telephone."""

    channel: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPlace:
    """The town or cell that a person has given; never finer than they chose."""

    name: str = field(repr=False)
    lat_deg: float = field(repr=False)
    lon_deg: float = field(repr=False)
    accuracy_m: float
    given_on: date

    @property
    def at(self) -> Instant:
        """Return the start, in UTC, of the day on which the place was given."""
        day = self.given_on
        return Instant.from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human being.

    `numbers` and `addresses` are in the person's own order of preference, and
    `contacts` are the people whom a defender has named, first to be told first.
    `sign` is empty for somebody who never gets an SMS from us. `safe_word` proves
    that it is they who speak, `duress_word` that they are forced to; nobody shows
    either. `public_name` is what the world may call them, where they have consented to
    a name. `call_is_sos`: a call from a number of theirs to a SIM of HQ is a press.
    `agreed_text` is the digest of the text that a defender has signed; empty:
    none is kept. `fictional` marks the people of samples and exercises, whose numbers
    reach nobody.
    """

    person: PersonId
    alias: str = field(repr=False)
    roles: frozenset[Role]
    language: Language
    zone: str = field(repr=False)
    country: str = field(repr=False)
    numbers: tuple[Number, ...] = field(default=(), repr=False)
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    sign: str = field(default="", repr=False)
    safe_word: str = field(default="", repr=False)
    duress_word: str = field(default="", repr=False)
    circles: frozenset[CircleName] = field(default=frozenset(), repr=False)
    contacts: tuple[PersonId, ...] = field(default=(), repr=False)
    declared: DeclaredPlace | None = field(default=None, repr=False)
    available: bool = True
    live_position_consent: bool = False
    call_is_sos: bool = False
    publish_consent: Consent = Consent.NONE
    public_name: str = field(default="", repr=False)
    action_protocol: str | None = None
    agreed_text: str = ""
    risk_windows: tuple[RiskWindow, ...] = field(default=(), repr=False)
    shifts: tuple[RiskWindow, ...] = field(default=(), repr=False)
    fictional: bool = False

    @property
    def published_name(self) -> str:
        """The name that may be published; empty without consent to a name."""
        return self.public_name if self.publish_consent is Consent.NAME else ""

    def at_risk(self, now: Instant) -> bool:
        """Say whether they have declared themselves to be at risk at a moment."""
        # Asked for each report of a device, and most people have no window.
        windows = self.risk_windows
        return bool(windows) and at_risk(windows, self.zone, now)

    def next_risk(self, now: Instant) -> Instant | None:
        """Return when their next risk window begins."""
        return next_risk(self.risk_windows, self.zone, now)

    def has(self, role: Role) -> bool:
        """Say whether this is one of the person's roles."""
        return role in self.roles

    def addresses_on(self, channel: str) -> tuple[str, ...]:
        """Return where a channel reaches the person; `sms` and `call` use numbers."""
        if channel in {"sms", "call"}:
            return self.numbers
        return tuple(a.address for a in self.addresses if a.channel == channel)

    def all_addresses(self) -> frozenset[str]:
        """Return every number and address, small letters alone: to compare them."""
        return frozenset(
            (*self.numbers, *(a.address.casefold() for a in self.addresses))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the raw codes of a model mean, where its wire protocol leaves that open.

    A side button, a bit that one model uses for tilt and another for a fall.
    """

    profile: str
    codes: Mapping[str, Signal]

    def read(
        self, signals: frozenset[Signal], codes: Iterable[str]
    ) -> frozenset[Signal]:
        """Return a report's signals as this model means them.

        It adds, and takes away only "some button" and "unknown code", where it can
        name every code of the report. What the decoder read for certain stays: no
        profile hides an SOS.
        """
        said = frozenset(codes)
        known = said & self.codes.keys()
        if not known:
            return signals
        vague = _VAGUE if known == said else frozenset[Signal]()
        return (signals - vague) | {self.codes[code] for code in known}


_VAGUE = frozenset({Signal.BUTTON, Signal.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A thing that signals for one person; its profile says what its codes mean.

    `heartbeat` is the longest silence that was agreed; None where it may be silent.
    `model` is the maker's name of what it is, by which its wire protocol reads what
    differs from one model to the next.

    `number` is that of its SIM, for one that reports by SMS: most such name
    themselves by nothing else. `secret_file` is a path on the engine's host, read by
    whoever authenticates. `safe_codes` and `duress_codes` are raw codes
    (`alarm:4711`) by which the carrier cancels: because all is well, or because
    somebody forces them to.
    """

    device: DeviceId = field(repr=False)
    wire_protocol: str
    person: PersonId
    profile: str = ""
    model: str = ""
    number: Number | None = field(default=None, repr=False)
    secret_file: str | None = field(default=None, repr=False)
    heartbeat: timedelta | None = None
    safe_codes: frozenset[str] = field(default=frozenset(), repr=False)
    duress_codes: frozenset[str] = field(default=frozenset(), repr=False)

    def word_of(self, codes: Iterable[str]) -> Word | None:
        """Return which word these codes stand for; force outweighs safety."""
        said = frozenset(codes)
        if said & self.duress_codes:
            return Word.DURESS
        return Word.SAFE if said & self.safe_codes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who is paged at HQ, the first one first, round and round."""

    duty: tuple[PersonId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everybody, at one moment. People and devices are kept in order of their id.

    Built by `engine.roster.parse` and friends, which check that every reference
    leads somewhere; safe to read from any thread.
    """

    people: tuple[Person, ...] = field(default=(), repr=False)
    devices: tuple[Device, ...] = field(default=(), repr=False)
    profiles: tuple[Profile, ...] = ()
    rota: Rota = field(default_factory=Rota, repr=False)
    version: str = field(init=False, compare=False)
    secret_words: frozenset[str] = field(init=False, repr=False, compare=False)
    """Everybody's two words, folded; looked for in each text that is to be shown."""
    _people: Mapping[PersonId, Person] = field(init=False, repr=False, compare=False)
    _devices: Mapping[DeviceId, Device] = field(init=False, repr=False, compare=False)
    _profiles: Mapping[str, Profile] = field(init=False, repr=False, compare=False)
    _sims: Mapping[str, Device] = field(init=False, repr=False, compare=False)
    _carried: Mapping[PersonId, tuple[Device, ...]] = field(
        init=False, repr=False, compare=False
    )
    _numbers: Mapping[str, tuple[Person, ...]] = field(
        init=False, repr=False, compare=False
    )
    _addressed: Mapping[str, tuple[Person, ...]] = field(
        init=False, repr=False, compare=False
    )
    _circles: Mapping[CircleName, tuple[Person, ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Order what came in, index it and name the version by its content."""
        people = tuple(sorted(self.people, key=lambda one: one.person))
        devices = tuple(sorted(self.devices, key=lambda one: one.device))
        profiles = tuple(sorted(self.profiles, key=lambda one: one.profile))
        derived = {
            "people": people,
            "devices": devices,
            "profiles": profiles,
            "version": _digest(people, devices, profiles, self.rota),
            "secret_words": folded(
                w for p in people for w in (p.safe_word, p.duress_word) if w
            ),
            "_profiles": {one.profile: one for one in profiles},
            "_people": {one.person: one for one in people},
            "_devices": {one.device: one for one in devices},
            "_sims": {one.number: one for one in devices if one.number},
            "_carried": _gather((one.person, one) for one in devices),
            "_numbers": _gather((number, p) for p in people for number in p.numbers),
            "_addressed": _gather((a, p) for p in people for a in p.all_addresses()),
            "_circles": _gather((circle, p) for p in people for circle in p.circles),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def person(self, person: PersonId) -> Person | None:
        """Return one person; None where the id is not (or no longer) known."""
        return self._people.get(person)

    def device(self, device: DeviceId) -> Device | None:
        """Return one enrolled device; None for a stranger."""
        return self._devices.get(device)

    def profile_of(self, device: Device) -> Profile | None:
        """Return what a device's codes mean; None where its profile says nothing."""
        return self._profiles.get(device.profile)

    def device_by_number(self, number: str) -> Device | None:
        """Return the device whose SIM has this number (E.164); None for others."""
        return self._sims.get(number)

    def defender_of(self, device: DeviceId) -> Person | None:
        """Return whom a device signals for; None for a stranger."""
        found = self._devices.get(device)
        return None if found is None else self._people.get(found.person)

    def devices_of(self, person: PersonId) -> tuple[Device, ...]:
        """Return the devices that signal for a person."""
        return self._carried.get(person, ())

    def reached_at(self, person: PersonId) -> frozenset[str]:
        """Return every number and address at which something is read by a person.

        Their devices' SIMs with it: whoever takes a tracker away has its messages.
        """
        found = self._people.get(person)
        own = frozenset[str]() if found is None else found.all_addresses()
        return own | {one.number for one in self.devices_of(person) if one.number}

    def telephones_of(self, person: PersonId) -> frozenset[str]:
        """Return the numbers that a person calls from, and their devices' SIMs."""
        found = self._people.get(person)
        own = () if found is None else found.numbers
        return frozenset(
            (*own, *(d.number for d in self.devices_of(person) if d.number))
        )

    def with_any_of(self, addresses: Iterable[str]) -> tuple[Person, ...]:
        """Return who has any of these numbers and addresses (of `reached_at`)."""
        empty: tuple[Person, ...] = ()
        having = (p for one in addresses for p in self._addressed.get(one, empty))
        return tuple({one.person: one for one in having}.values())

    def colleagues_of(self, person: PersonId) -> tuple[Person, ...]:
        """Return the colleagues who share a trust circle with a person, by id.

        Never the person; whether they are available is not asked here.
        """
        found = self._people.get(person)
        circles = frozenset[CircleName]() if found is None else found.circles
        near = {p.person: p for c in circles for p in self._circles[c]}
        return tuple(
            near[key]
            for key in sorted(near)
            if key != person and near[key].has(Role.COLLEAGUE)
        )

    def contacts_of(self, person: PersonId) -> tuple[Person, ...]:
        """Return whom a defender has named, the first to be told first."""
        found = self._people.get(person)
        named = () if found is None else found.contacts
        return tuple(self._people[one] for one in named if one in self._people)

    def by_number(self, number: str) -> tuple[Person, ...]:
        """Return who has this number (E.164); several where people share a phone."""
        return self._numbers.get(number, ())

    def with_role(self, role: Role) -> tuple[Person, ...]:
        """Return everybody who has a role, by id."""
        return tuple(one for one in self.people if one.has(role))

    def duty(self) -> tuple[Person, ...]:
        """Return the duty rota, the first to be paged first."""
        return tuple(self._people[p] for p in self.rota.duty if p in self._people)


def _gather(pairs: Iterable[tuple[Key, One]]) -> dict[Key, tuple[One, ...]]:
    found: defaultdict[Key, list[One]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return {key: tuple(those) for key, those in found.items()}


def _digest(
    people: tuple[Person, ...],
    devices: tuple[Device, ...],
    profiles: tuple[Profile, ...],
    rota: Rota,
) -> str:
    content = {
        "people": people,
        "devices": devices,
        "profiles": profiles,
        "rota": rota,
    }
    text = json.dumps(content, sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    match value:
        case frozenset():
            return sorted(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _ if is_dataclass(value):
            return {each.name: getattr(value, each.name) for each in fields(value)}
        case _:
            message = f"{type(value).__name__} has no canonical form"
            raise TypeError(message)

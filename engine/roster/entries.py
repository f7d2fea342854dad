"""Checked entries and where they stand; every file format ends here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import DataError, suggestion
from engine.roster.faults import Origin
from engine.roster.model import (
    Address,
    CircleName,
    DeclaredPlace,
    Device,
    Number,
    Person,
    Profile,
)
from engine.roster.risk import read_window
from engine.roster.schema import DeviceEntry, PersonEntry, ProfileEntry
from engine.values import DeviceId, PersonId

Schema = TypeVar("Schema", bound=BaseModel)
Placed = tuple[Person, Origin]
OnDuty = tuple[PersonId, Origin]

_REASONS = {
    "missing": "is missing",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "date_type": "must be a date such as 2026-09-01",
    "list_type": "must be a list such as [ ... ]",
    "dict_type": "must be a table such as { ... }",
    "model_type": "must be a table such as { ... }",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What files say, each part valid by itself; references are not yet checked."""

    people: tuple[Placed, ...] = ()
    devices: tuple[tuple[Device, Origin], ...] = ()
    profiles: tuple[tuple[Profile, Origin], ...] = ()
    duty: tuple[OnDuty, ...] = ()
    faults: tuple[DataError, ...] = ()

    def joined(self, other: "Draft") -> "Draft":
        """Return this draft followed by another file's."""
        return Draft(
            people=self.people + other.people,
            devices=self.devices + other.devices,
            profiles=self.profiles + other.profiles,
            duty=self.duty + other.duty,
            faults=self.faults + other.faults,
        )


def check_entry(
    schema: type[Schema], raw: object, origin: Origin, kind: str
) -> tuple[Schema | None, tuple[DataError, ...]]:
    """Hold one table against its schema; one fault for each wrong field.

    `kind` is the table's name (`person`); `origin.lines` maps dotted field names
    (`declared.lat_deg`, `circles.2`, counted from 0) to lines.
    """
    try:
        return schema.model_validate(raw), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    faults = (_fault(one, schema, origin, kind) for one in details)
    return None, tuple(sorted(faults, key=lambda fault: fault.line or 0))


def person_of(entry: PersonEntry) -> Person:
    """Return the value of a checked entry."""
    place = entry.declared
    return Person(
        person=PersonId(entry.id),
        alias=entry.alias,
        roles=frozenset(entry.roles),
        language=entry.language,
        zone=entry.zone,
        country=entry.country,
        numbers=tuple(Number(one) for one in entry.numbers),
        addresses=tuple(
            Address(channel=one.channel, address=one.address) for one in entry.addresses
        ),
        sign=entry.sign,
        safe_word=entry.safe_word,
        duress_word=entry.duress_word,
        circles=frozenset(CircleName(one) for one in entry.circles),
        contacts=tuple(PersonId(one) for one in entry.contacts),
        declared=None if place is None else DeclaredPlace(**place.model_dump()),
        available=entry.available,
        live_position_consent=entry.live_position_consent,
        call_is_sos=entry.call_is_sos,
        publish_consent=entry.publish_consent,
        public_name=entry.public_name or "",
        action_protocol=entry.action_protocol,
        agreed_text=entry.agreed_text or "",
        risk_windows=tuple(map(read_window, entry.risk_windows)),
        shifts=tuple(map(read_window, entry.shifts)),
        fictional=entry.fictional,
    )


def device_of(entry: DeviceEntry) -> Device:
    """Return the value of a checked entry."""
    return Device(
        device=DeviceId(entry.id),
        wire_protocol=entry.wire_protocol,
        person=PersonId(entry.person),
        profile=entry.profile or "",
        model=entry.model or "",
        number=None if entry.number is None else Number(entry.number),
        secret_file=entry.secret_file,
        heartbeat=None
        if entry.heartbeat_s is None
        else timedelta(seconds=entry.heartbeat_s),
        safe_codes=frozenset(entry.safe_codes),
        duress_codes=frozenset(entry.duress_codes),
    )


def profile_of(entry: ProfileEntry) -> Profile:
    """Return the value of a checked entry."""
    return Profile(profile=entry.id, codes=dict(entry.codes))


def _fault(
    detail: ErrorDetails, schema: type[BaseModel], origin: Origin, kind: str
) -> DataError:
    path = detail["loc"]
    names = [part for part in path if isinstance(part, str)]
    if kind == "profile":
        names = names[:1]  # a code is what stands in the file
    reason = _REASONS.get(detail["type"]) or detail["msg"].replace("Input s", "s")
    match path:
        case [*_, str(name)] if detail["type"] == "extra_forbidden":
            known = _fields_at(schema, names[:-1])
            reason = f"is no field of this table{suggestion(name, known)}"
        case [*_, int(place)]:
            reason = f"entry {place + 1} {reason}"
    line = _line(origin.lines, [str(part) for part in path]) or origin.line
    return DataError(origin.file, line, ".".join((kind, *names)), reason)


def _line(lines: Mapping[str, int], path: Sequence[str]) -> int | None:
    for end in range(len(path), 0, -1):
        line = lines.get(".".join(path[:end]))
        if line is not None:
            return line
    return None


def _fields_at(schema: type[BaseModel], names: Sequence[str]) -> Sequence[str]:
    for name in names:
        field = schema.model_fields.get(name)
        inner = _model_within(None if field is None else field.annotation)
        if inner is None:
            return ()
        schema = inner
    return tuple(schema.model_fields)


def _model_within(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = getattr(annotation, "__args__", ())
    return next(filter(None, map(_model_within, parts)), None)

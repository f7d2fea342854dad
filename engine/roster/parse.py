"""A roster from TOML, and from files of either format together.

The format is described in `docs/roster.md`.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import tomli

from engine.errors import DataError, suggestion, too_much, unreadable
from engine.files import read_text
from engine.roster.csv_import import csv_draft
from engine.roster.entries import (
    Draft,
    check_entry,
    device_of,
    person_of,
    profile_of,
)
from engine.roster.faults import Origin, RosterError
from engine.roster.model import Roster
from engine.roster.rules import Known, roster_of
from engine.roster.schema import DeviceEntry, PersonEntry, ProfileEntry, RotaEntry
from engine.roster.toml_lines import Path as TomlPath
from engine.roster.toml_lines import nearest_line, value_lines
from engine.values import PersonId

VERSION = 1

_TABLES = ("version", "person", "device", "profile", "rota")

_Lines = Mapping[TomlPath, int]
_LinesOf = Callable[[str], _Lines]
_Table = Mapping[str, object]

Schema = TypeVar("Schema", PersonEntry, DeviceEntry, ProfileEntry)

_KINDS: Mapping[type[PersonEntry | DeviceEntry | ProfileEntry], str] = {
    PersonEntry: "person",
    DeviceEntry: "device",
    ProfileEntry: "profile",
}


def load_roster(paths: Sequence[Path], *, known: Known | None = None) -> Roster:
    """Read one roster from TOML and CSV files; references may cross files.

    One that is about to be put in force must fit what is `known` beside it.

    Raises:
        RosterError: a `DataError` that lists every fault, with file and line.

    """
    return _read(lambda lines_of: (_draft_of(path, lines_of) for path in paths), known)


def parse_roster(text: str, file: str, *, known: Known | None = None) -> Roster:
    """Read a roster from the text of one TOML file; `file` is named in faults.

    One that is about to be put in force must fit what is `known` beside it.

    Raises:
        RosterError: a `DataError` that lists every fault, with file and line.

    """
    return _read(lambda lines_of: [toml_draft(text, file, lines_of)], known)


def _read(drafts: Callable[[_LinesOf], Iterable[Draft]], known: Known | None) -> Roster:
    """Join drafts; where each value stands is found out only for a complaint.

    It takes as long as reading itself, and a roster that is loaded is mostly sound.
    """
    try:
        return roster_of(_joined(drafts(_no_lines)), known)
    except RosterError:
        return roster_of(_joined(drafts(value_lines)), known)


def _joined(drafts: Iterable[Draft]) -> Draft:
    whole = Draft()
    for draft in drafts:
        whole = whole.joined(draft)
    return whole


def _no_lines(_text: str) -> _Lines:
    return {}


def toml_draft(text: str, file: str, lines_of: _LinesOf = value_lines) -> Draft:
    """Read one TOML file without looking at references."""
    try:
        table = tomli.loads(text)
        lines = lines_of(text)
    except tomli.TOMLDecodeError as error:
        return Draft(faults=(_syntax_fault(error, text, file),))
    except (RecursionError, ValueError) as error:
        return Draft(faults=(DataError(file, None, "TOML", too_much(error)),))
    people, of_people = _checked(PersonEntry, table, lines, file)
    devices, of_devices = _checked(DeviceEntry, table, lines, file)
    profiles, of_profiles = _checked(ProfileEntry, table, lines, file)
    rota, where, of_rota = _rota(table, lines, file)
    duty = () if rota is None else rota.duty
    return Draft(
        people=tuple((person_of(one), origin) for one, origin in people),
        devices=tuple((device_of(one), origin) for one, origin in devices),
        profiles=tuple((profile_of(one), origin) for one, origin in profiles),
        duty=tuple(
            (PersonId(one), _nth(where, place)) for place, one in enumerate(duty)
        ),
        faults=(
            *_top_faults(table, lines, file),
            *of_people,
            *of_devices,
            *of_profiles,
            *of_rota,
        ),
    )


def _checked(
    schema: type[Schema], table: _Table, lines: _Lines, file: str
) -> tuple[list[tuple[Schema, Origin]], list[DataError]]:
    kind = _KINDS[schema]
    fields = _fields_of(kind, lines)
    sound: list[tuple[Schema, Origin]] = []
    faults: list[DataError] = []
    rows = table.get(kind, [])
    for place, raw in enumerate(rows if isinstance(rows, list) else []):
        line = nearest_line(lines, (kind, place)) or 1
        origin = Origin(file=file, line=line, lines=fields[place])
        entry, wrong = check_entry(schema, raw, origin, kind)
        faults += wrong
        if entry is not None:
            sound.append((entry, origin))
    return sound, faults


def _rota(
    table: _Table, lines: _Lines, file: str
) -> tuple[RotaEntry | None, Origin, tuple[DataError, ...]]:
    fields = {
        ".".join(map(str, path[1:])): line
        for path, line in lines.items()
        if path[0] == "rota" and len(path) > 1
    }
    origin = Origin(file=file, line=lines.get(("rota",), 1), lines=fields)
    rota, faults = check_entry(RotaEntry, table.get("rota", {}), origin, "rota")
    return rota, origin, faults


def _draft_of(path: Path, lines_of: _LinesOf) -> Draft:
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        fault = DataError(path.name, None, "file", unreadable(error))
        return Draft(faults=(fault,))
    match path.suffix.casefold():
        case ".toml":
            return toml_draft(text, path.name, lines_of)
        case ".csv" | ".tsv":
            return csv_draft(text, path.name)
        case _:
            reason = "must end in .toml, .csv or .tsv"
            return Draft(faults=(DataError(path.name, None, "file", reason),))


def _top_faults(table: _Table, lines: _Lines, file: str) -> tuple[DataError, ...]:
    faults = [
        DataError(
            file,
            nearest_line(lines, (name,)),
            name,
            f"is no field of a roster{suggestion(name, _TABLES)}",
        )
        for name in table
        if name not in _TABLES
    ]
    said = table.get("version", VERSION)
    if said != VERSION or isinstance(said, bool):
        reason = f"must be {VERSION}, the only version there is"
        faults.append(DataError(file, lines.get(("version",)), "version", reason))
    for name in _KINDS.values():
        if not isinstance(table.get(name, []), list):
            reason = f"must be written [[{name}]], once for each"
            faults.append(DataError(file, lines.get((name,)), name, reason))
    return tuple(faults)


def _fields_of(kind: str, lines: _Lines) -> Mapping[object, Mapping[str, int]]:
    """Gather the lines of the dotted fields of each table of an array."""
    found: defaultdict[object, dict[str, int]] = defaultdict(dict)
    for path, line in lines.items():
        head, *rest = path
        if head == kind and len(rest) > 1:
            found[rest[0]][".".join(map(str, rest[1:]))] = line
    return found


def _nth(where: Origin, place: int) -> Origin:
    line = where.lines.get(f"duty.{place}", where.line)
    return Origin(file=where.file, line=line)


def _syntax_fault(error: tomli.TOMLDecodeError, text: str, file: str) -> DataError:
    found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
    if found is None:
        return DataError(file, text.count("\n") + 1, "TOML", "ends too early")
    reason = f"is no TOML here, at column {found[2]}"
    return DataError(file, int(found[1]), "TOML", reason)

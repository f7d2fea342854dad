"""People or devices from a CSV table, as spreadsheets write them.

Comma, semicolon or tab between cells (whichever the heading has most of), `;` between
the words of a list inside a cell; an empty cell is a field that is not there. A
table with a column `wire_protocol` holds devices, one with a column `codes` profiles.
"""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from engine.errors import DataError, suggestion
from engine.roster.csv_layout import layout_of
from engine.roster.entries import (
    Draft,
    OnDuty,
    Placed,
    Schema,
    check_entry,
    device_of,
    person_of,
    profile_of,
)
from engine.roster.faults import Origin
from engine.roster.schema import DeviceEntry, PersonEntry, ProfileEntry

_TURN = re.compile(r"[1-9][0-9]{0,2}")
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


class _Row(NamedTuple):
    line: int
    cells: Mapping[str, str]


class _CellError(ValueError):
    """A cell does not hold what its column is for; the text says what it is for."""


def csv_draft(text: str, file: str) -> Draft:
    """Read one CSV table without looking at references."""
    layout = layout_of(text, file)
    if isinstance(layout, DataError):
        return Draft(faults=(layout,))
    lines, skipped, delimiter = layout
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = skipped + 1
    try:
        for cells in reader:
            rows.append((line, [cell.strip() for cell in cells]))
            line = skipped + reader.line_num + 1
    except csv.Error:
        reason = "is no CSV: a quotation mark is open or out of place"
        return Draft(faults=(DataError(file, line, "CSV", reason),))
    columns = [name.casefold() for name in rows[0][1]] if rows else []
    known, read = _PERSON_COLUMNS, _people
    if "wire_protocol" in columns:
        known, read = _DEVICE_COLUMNS, _devices
    elif "codes" in columns:
        known, read = _PROFILE_COLUMNS, _profiles
    faults = (
        *_heading_faults(columns, tuple(known), file, skipped + 1),
        *_width_faults(rows[1:], len(columns), file),
    )
    if faults:
        return Draft(faults=faults)
    filled = [
        _Row(line, dict(zip(columns, cells, strict=False)))
        for line, cells in rows[1:]
        if any(cells)
    ]
    return read(filled, file)


def _heading_faults(
    columns: Sequence[str], known: Sequence[str], file: str, line: int
) -> Iterator[DataError]:
    if len(columns) == 1 and columns[0] not in known:
        reason = "is one cell: part the columns by commas, semicolons or tabs"
        yield DataError(file, line, "heading", reason)
        return
    if columns and not set(columns) & set(known):
        reason = "names no column: the first line has to, in a file saved as UTF-8"
        yield DataError(file, line, "heading", reason)
        return
    if "id" not in columns:
        yield DataError(file, line, "id", "is missing in the heading")
    for place, name in enumerate(columns):
        if name not in known:
            # Where the heading is missing it is somebody's name, number or word.
            reason = f"is no column of this table{suggestion(name, known)}"
            yield DataError(file, line, f"column {place + 1}", reason)
        elif name in columns[:place]:
            yield DataError(file, line, name, "stands twice in the heading")


def _width_faults(
    rows: Sequence[tuple[int, Sequence[str]]], width: int, file: str
) -> Iterator[DataError]:
    for line, cells in rows:
        if any(cells[width:]):
            reason = f"has more cells than the heading's {width}"
            yield DataError(file, line, "row", reason)


def _people(rows: Sequence[_Row], file: str) -> Draft:
    people: list[Placed] = []
    faults: list[DataError] = []
    turns: dict[int, OnDuty] = {}
    for row in rows:
        where = Origin(file=file, line=row.line)
        raw, wrong = _table(row.cells, _PERSON_COLUMNS, where, "person")
        turn = raw.pop("duty", None)
        entry, more = check_entry(PersonEntry, raw, where, "person")
        faults += _merged(wrong, more)
        if entry is None:
            continue
        person = person_of(entry)
        people.append((person, where))
        if isinstance(turn, int) and turn in turns:
            _, first = turns[turn]
            reason = f"is taken already, on {first.seen_from(where, 'duty')}"
            faults.append(where.fault("person", "duty", reason))
        elif isinstance(turn, int):
            turns[turn] = (person.person, where)
    return Draft(
        people=tuple(people),
        duty=tuple(turns[turn] for turn in sorted(turns)),
        faults=tuple(faults),
    )


def _devices(rows: Sequence[_Row], file: str) -> Draft:
    found, faults = _entries(rows, file, _DEVICE_COLUMNS, DeviceEntry, "device")
    devices = tuple((device_of(entry), where) for entry, where in found)
    return Draft(devices=devices, faults=faults)


def _profiles(rows: Sequence[_Row], file: str) -> Draft:
    found, faults = _entries(rows, file, _PROFILE_COLUMNS, ProfileEntry, "profile")
    profiles = tuple((profile_of(entry), where) for entry, where in found)
    return Draft(profiles=profiles, faults=faults)


def _entries(
    rows: Sequence[_Row],
    file: str,
    columns: "Mapping[str, _Column]",
    schema: type[Schema],
    kind: str,
) -> tuple[list[tuple[Schema, Origin]], tuple[DataError, ...]]:
    """Return each row's entry with where it stands, and all that is wrong."""
    found: list[tuple[Schema, Origin]] = []
    faults: list[DataError] = []
    for row in rows:
        where = Origin(file=file, line=row.line)
        raw, wrong = _table(row.cells, columns, where, kind)
        entry, more = check_entry(schema, raw, where, kind)
        faults += _merged(wrong, more)
        if entry is not None:
            found.append((entry, where))
    return found, tuple(faults)


def _table(
    cells: Mapping[str, str], columns: "Mapping[str, _Column]", where: Origin, kind: str
) -> tuple[dict[str, object], list[DataError]]:
    """Return the table that TOML would give, and the faults of single cells."""
    raw: dict[str, object] = {}
    place: dict[str, object] = {}
    faults: list[DataError] = []
    for name, text in cells.items():
        if not text:
            continue
        outer, _, inner = columns[name].path.partition(".")
        try:
            value = columns[name].read(text)
        except _CellError as error:
            faults.append(where.fault(kind, name, str(error)))
            continue
        if inner:
            place[inner] = value
            raw[outer] = place
        else:
            raw[outer] = value
    return raw, faults


def _merged(cells: list[DataError], fields: Sequence[DataError]) -> list[DataError]:
    """Name fields by their columns; a cell already at fault is not missing too."""
    told = {one.field for one in cells}
    renamed = (
        DataError(one.file, one.line, _column_of(one.field), one.reason)
        for one in fields
    )
    return cells + [one for one in renamed if one.field not in told]


def _column_of(field: str) -> str:
    kind, _, path = field.partition(".")
    if path.startswith("addresses"):
        return f"{kind}.email"
    known = (name for name, one in _PERSON_COLUMNS.items() if one.path == path)
    return f"{kind}.{next(known, path)}"


def _list(text: str) -> list[str]:
    return [word for word in map(str.strip, text.split(";")) if word]


def _meanings(text: str) -> dict[str, str]:
    pairs = [one.rpartition("=") for one in _list(text)]
    if any(not (code and meaning) for code, _, meaning in pairs):
        reason = "must be codes and their meanings: code=signal;code=signal"
        raise _CellError(reason)
    return {code.strip(): meaning.strip() for code, _, meaning in pairs}


def _flag(text: str) -> bool:
    value = _YES_NO.get(text.casefold())
    if value is None:
        reason = "must be yes or no"
        raise _CellError(reason)
    return value


def _figure(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        reason = "must be a number, with a point for decimals"
        raise _CellError(reason) from error


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        reason = "must be a date such as 2026-09-01"
        raise _CellError(reason) from error


def _turn(text: str) -> int:
    if _TURN.fullmatch(text) is None:
        reason = "must be the place on the duty rota: 1, 2, 3 ..."
        raise _CellError(reason)
    return int(text)


def _emails(text: str) -> list[dict[str, str]]:
    return [{"channel": "email", "address": one} for one in _list(text)]


class _Column(NamedTuple):
    path: str
    read: Callable[[str], object]


_PERSON_COLUMNS = {
    "id": _Column("id", str),
    "alias": _Column("alias", str),
    "roles": _Column("roles", _list),
    "fictional": _Column("fictional", _flag),
    "language": _Column("language", str),
    "zone": _Column("zone", str),
    "country": _Column("country", str),
    "numbers": _Column("numbers", _list),
    "email": _Column("addresses", _emails),
    "sign": _Column("sign", str),
    "safe_word": _Column("safe_word", str),
    "duress_word": _Column("duress_word", str),
    "circles": _Column("circles", _list),
    "contacts": _Column("contacts", _list),
    "place": _Column("declared.name", str),
    "lat_deg": _Column("declared.lat_deg", _figure),
    "lon_deg": _Column("declared.lon_deg", _figure),
    "accuracy_m": _Column("declared.accuracy_m", _figure),
    "given_on": _Column("declared.given_on", _day),
    "available": _Column("available", _flag),
    "live_position_consent": _Column("live_position_consent", _flag),
    "call_is_sos": _Column("call_is_sos", _flag),
    "publish_consent": _Column("publish_consent", str),
    "public_name": _Column("public_name", str),
    "action_protocol": _Column("action_protocol", str),
    "agreed_text": _Column("agreed_text", str),
    "risk_windows": _Column("risk_windows", _list),
    "shifts": _Column("shifts", _list),
    "duty": _Column("duty", _turn),
}

_DEVICE_COLUMNS = {name: _Column(name, str) for name in DeviceEntry.model_fields} | {
    "safe_codes": _Column("safe_codes", _list),
    "duress_codes": _Column("duress_codes", _list),
    "heartbeat_s": _Column("heartbeat_s", _figure),
}

_PROFILE_COLUMNS = {"id": _Column("id", str), "codes": _Column("codes", _meanings)}

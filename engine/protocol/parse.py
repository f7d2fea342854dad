"""TOML to `ActionProtocol`; every error names file, line, field and cure.

Deadlines are in seconds, distances in kilometres, as people write them.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

import tomli
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.errors import DataError, meant_by, suggestion, too_much, unreadable
from engine.files import read_text
from engine.protocol.agreement_faults import check_agreements
from engine.protocol.basis import BASED_ON, WITHOUT, missing, over, steps_of
from engine.protocol.checks import check, line_of_step
from engine.protocol.faults import worded
from engine.protocol.model import ActionProtocol
from engine.protocol.tables import ProtocolTable, protocol_of
from engine.protocol.wording_faults import check_wordings

_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CURLY = frozenset("\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb")
"""What a word processor makes of quotation marks."""
Find = Callable[[str], str | None]
"""The text of a shared action protocol by its name; None where there is none."""


def load_protocol(path: Path) -> ActionProtocol:
    """Read one action protocol; what it is based on lies beside it, or is a sample.

    Raises:
        DataError: the file cannot be read or says something impossible.

    """

    def find(name: str) -> str | None:
        beside = path.with_name(f"{name}.toml")
        if beside.name != path.name and beside.is_file():
            return _read(beside)
        return sample(name)

    return parse_protocol(_read(path), path.name, find=find)


def load_named(path: Path) -> ActionProtocol:
    """Read one action protocol; a bare name that is no file here is a sample's.

    The words that it speaks are looked through as well, and those that tell of it.

    Raises:
        DataError: as `load_protocol`, and where there is neither file nor sample.

    """
    check_wordings()
    check_agreements()
    is_bare = path.name == str(path) and not path.suffix and not path.exists()
    if not is_bare:
        return load_protocol(path)
    text = sample(path.name)
    if text is None:
        known = sample_names()
        said = meant_by(path.name, known) or f"one of {', '.join(known)}"
        reason = f"there is no such file here, and no sample is called so; {said}"
        raise DataError(path.name, None, "file", reason)
    return parse_protocol(text, f"{path.name}.toml")


def sample(name: str) -> str | None:
    """Return the text of an action protocol that ships with the engine."""
    source = resources.files("engine.protocol") / "samples" / f"{name}.toml"
    return source.read_text(encoding="utf-8") if source.is_file() else None


def sample_names() -> list[str]:
    """Return the names of the action protocols that ship with the engine."""
    folder = resources.files("engine.protocol") / "samples"
    files = (source.name for source in folder.iterdir())
    return sorted(name[:-5] for name in files if name.endswith(".toml"))


def parse_protocol(text: str, file: str, *, find: Find = sample) -> ActionProtocol:
    """Turn TOML text into an action protocol; `file` is named in errors.

    Raises:
        DataError: see `load_protocol`.

    """
    own = _toml(text, file)
    named = own.get(BASED_ON)
    if not isinstance(named, str):
        if BASED_ON not in own and WITHOUT in own:
            reason = "leaves out steps of a shared file; say based_on, which one"
            raise DataError(file, _line_of_key(text, WITHOUT, 1), WITHOUT, reason)
        return _protocol(own, text, text, file)
    basis_text = find(named) if _FILE_NAME.fullmatch(named) else None
    if basis_text is None:
        line = _line_of_key(text, BASED_ON, 1)
        meant = suggestion(named, sample_names())
        reason = f"no action protocol {named!r} beside this file, and no such sample"
        raise DataError(file, line, BASED_ON, f"{reason}{meant}")
    basis = _toml(basis_text, f"{named}.toml")
    if BASED_ON in basis:
        reason = f"{named!r} is itself based on another; name that one"
        raise DataError(file, _line_of_key(text, BASED_ON, 1), BASED_ON, reason)
    lost = missing(basis, own)
    if lost:
        steps = [str(one.get("id")) for one in steps_of(basis)]
        reason = f"{named!r} has no step {lost!r}{suggestion(lost, steps)}"
        raise DataError(file, _line_of_key(text, WITHOUT, 1), WITHOUT, reason)
    _check_steps(own, text, file)
    merged = over(basis, own)
    try:
        return _protocol(merged, basis_text + text, "", file)
    except DataError as error:
        placed = [_placed(one, merged, own, text) for one in error.each]
        raise DataError.of(placed) from error


def _check_steps(own: Mapping[str, object], text: str, file: str) -> None:
    """Refuse steps of which `over` would silently leave some out, or half of one."""
    steps = steps_of(own)
    if own.get("step", []) != steps:
        line = _line_of_header(text, "step")
        reason = "must be written [[step]], once for each"
        raise DataError(file, line, "step", reason)
    ids = [step.get("id") for step in steps]
    faults = [
        DataError(
            file,
            line_of_step(text, number),
            f"step {name!r}.id",
            "stands here twice; say it all in one, or choose another id for a new step",
        )
        for number, name in enumerate(ids)
        if name is not None and name in ids[:number]
    ]
    if faults:
        raise DataError.of(faults)


def _protocol(
    table: Mapping[str, object], hashed: str, text: str, file: str
) -> ActionProtocol:
    try:
        parsed = ProtocolTable.model_validate(table)
    except ValidationError as error:
        raise _data_error(error, text, file) from error
    digest = hashlib.sha256(hashed.encode()).hexdigest()
    protocol = protocol_of(parsed, digest)
    check(protocol, text, file)
    return protocol


def _placed(
    error: DataError,
    merged: Mapping[str, object],
    own: Mapping[str, object],
    text: str,
) -> DataError:
    """Name the step by its id, and its line where it stands in the own file."""
    found = re.match(r"step\[(\d+)\]", error.field)
    if found is None:
        key = error.field.split(".")[-1]
        line = _line_of_key(text, key, 1)
        return DataError(error.file, line, error.field, error.reason)
    step = steps_of(merged)[int(found[1])].get("id")
    numbers = [n for n, one in enumerate(steps_of(own)) if one.get("id") == step]
    line = line_of_step(text, numbers[0]) if numbers else None
    field = f"step {step!r}{error.field[found.end() :]}"
    reason = error.reason
    if not numbers:
        # It stands in the shared file, which is not the one to be mended.
        cure = f'leave the step out: without = ["{step}"]'
        reason = re.sub("take (it|the step) out$", cure, reason)
    elif reason.startswith("is missing"):
        # A slip in the id makes a step of its own of what was to change a shared one.
        ids = {str(one.get("id")) for one in steps_of(merged)}
        said = {str(one.get("id")) for one in steps_of(own)}
        reason += suggestion(str(step), sorted(ids - said))
    return DataError(error.file, line, field, reason)


def _toml(text: str, file: str) -> dict[str, object]:
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        line = _line_of_toml(error)
        quoted = [] if line is None else text.splitlines()[line - 1 : line]
        curly = any(set(one) & _CURLY for one in quoted)
        cure = '; write straight quotation marks: "' if curly else ""
        raise DataError(file, line, "TOML", f"{error}{cure}") from error
    except (RecursionError, ValueError) as error:
        raise DataError(file, None, "TOML", too_much(error)) from error


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path.name, None, "file", unreadable(error)) from error


def _data_error(error: ValidationError, text: str, file: str) -> DataError:
    """Return all faults of single fields, a misspelt one first."""
    found = error.errors()
    places = [one["loc"] for one in found]
    # Where every step has a fault pydantic finds as well that there is no step.
    faults = [
        one
        for one in found
        if not any(
            place != one["loc"] and place[: len(one["loc"])] == one["loc"]
            for place in places
        )
    ]
    misspelt = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    others = [fault for fault in faults if fault not in misspelt]
    # A misspelt field is also a missing one; the spelling is the better news.
    meant = [(fault["loc"][:-1], worded(fault)) for fault in misspelt]
    told = misspelt + [
        fault
        for fault in others
        if fault["type"] != "missing"
        or not any(
            table == fault["loc"][:-1] and f"{fault['loc'][-1]!r}" in said
            for table, said in meant
        )
    ]
    return DataError.of([_fault(one, text, file) for one in told])


def _fault(first: ErrorDetails, text: str, file: str) -> DataError:
    location = first["loc"]
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")
    numbers = [part for part in location if isinstance(part, int)]
    in_step = location[0] == "step" and numbers
    line = line_of_step(text, numbers[0]) if in_step else None
    key = next(part for part in reversed(location) if isinstance(part, str))
    if len(location) == 1 or key != "step":
        line = _line_of_key(text, key, line or 1) or line
    return DataError(file, line, field, worded(first))


def _line_of_key(text: str, key: str, start: int) -> int | None:
    for count, line in enumerate(text.splitlines(), start=1):
        if count >= start and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return count
    return None


def _line_of_header(text: str, table: str) -> int | None:
    begins = re.compile(rf"\s*(\[\s*{table}\s*\]|{table}\s*=)")
    lines = enumerate(text.splitlines(), start=1)
    return next((count for count, line in lines if begins.match(line)), None)


def _line_of_toml(error: tomli.TOMLDecodeError) -> int | None:
    found = re.search(r"line (\d+)", str(error))
    return int(found[1]) if found else None

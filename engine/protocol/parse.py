"""TOML to `ActionProtocol`; every error names file, line, field and cure.

Deadlines are in seconds, distances in kilometres, as people write them.
"""

import difflib
import hashlib
import re
import tomllib
from pathlib import Path

from pydantic import ValidationError

from engine.errors import DataError
from engine.protocol.checks import check, line_of_step
from engine.protocol.model import ActionProtocol
from engine.protocol.tables import TABLES, ProtocolTable, protocol_of


def load_protocol(path: Path) -> ActionProtocol:
    """Read one action protocol.

    Raises:
        DataError: the file cannot be read or says something impossible.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read ({type(error).__name__}); check path and rights"
        raise DataError(path.name, None, "file", reason) from error
    return parse_protocol(text, path.name)


def parse_protocol(text: str, file: str) -> ActionProtocol:
    """Turn TOML text into an action protocol; `file` is named in errors.

    Raises:
        DataError: see `load_protocol`.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(file, _line_of_toml(error), "TOML", str(error)) from error
    try:
        parsed = ProtocolTable.model_validate(table)
    except ValidationError as error:
        raise _data_error(error, text, file) from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    protocol = protocol_of(parsed, digest)
    check(protocol, text, file, parsed.forbids)
    return protocol


def _data_error(error: ValidationError, text: str, file: str) -> DataError:
    faults = error.errors()
    # A misspelt field is also a missing one; the spelling is the better news.
    misspelt = (fault for fault in faults if fault["type"] == "extra_forbidden")
    first = next(misspelt, faults[0])
    location = first["loc"]
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")
    reason = str(first["msg"])
    if first["type"] == "extra_forbidden":
        reason = f"no such field{_suggestion(location)}"
    numbers = [part for part in location if isinstance(part, int)]
    in_step = location[0] == "step" and numbers
    line = line_of_step(text, numbers[0]) if in_step else None
    key = next(part for part in reversed(location) if isinstance(part, str))
    if len(location) == 1 or key != "step":
        line = _line_of_key(text, key, line or 1) or line
    return DataError(file, line, field, reason)


def _suggestion(location: tuple[int | str, ...]) -> str:
    outer = [part for part in location[:-1] if isinstance(part, str)]
    model = TABLES[outer[-1]] if outer else ProtocolTable
    close = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _line_of_key(text: str, key: str, start: int) -> int | None:
    for count, line in enumerate(text.splitlines(), start=1):
        if count >= start and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return count
    return None


def _line_of_toml(error: tomllib.TOMLDecodeError) -> int | None:
    found = re.search(r"line (\d+)", str(error))
    return int(found[1]) if found else None

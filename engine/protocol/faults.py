"""What is wrong with a field of an action protocol, in words with their cure. Pure."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from engine.errors import suggestion
from engine.protocol.tables import ALL_IS_WELL, TABLES, ProtocolTable

_LISTED = frozenset({"step", "ladder"})
"""What is written as tables in double brackets."""
_RAISING = frozenset({"triggers", "risk_triggers"})
_NAMED = "small letters, digits, - and _"
_CHANNEL = "a channel's name: letters, digits, - and _, 32 at most"
_PATTERNS = {
    "channel": _CHANNEL,
    "channels": _CHANNEL,
    "id": f"{_NAMED}, with a letter first, 32 at most",
    "based_on": f"the name of a file without .toml: {_NAMED}, 64 at most",
    "decider": "an operator's name: small letters, digits and hyphens, 32 at most",
}


def worded(detail: ErrorDetails) -> str:
    """Return what a reader of the file can do about one fault of a field."""
    place = detail["loc"]
    key = next(str(part) for part in reversed(place) if isinstance(part, str))
    limits = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"no such field{suggestion(key, _table_at(place).model_fields)}"
        case "missing":
            how = f"[[{key}]]" if key in _LISTED else f"{key} = ..."
            return f"is missing; add {how}{_choice(place)}"
        case "tuple_type" if key in _LISTED:
            return f"must be written [[{key}]], once for each"
        case "model_type" | "model_attributes_type" | "dict_type":
            brackets = f"[[{key}]]" if key in _LISTED else f"[{key}]"
            return f"is a table; write {brackets} and its fields below"
        case "enum":
            known = str(limits["expected"]).split("'")[1::2]
            return _one_of(str(detail["input"]), known, key)
        case "string_pattern_mismatch":
            return f"must be {_PATTERNS[key]}"
        case other:
            said = str(detail["msg"]).removeprefix("Value error, ")
            return _PLAIN[other].format(**limits) if other in _PLAIN else said


_PLAIN = {
    "tuple_type": 'must be a list, such as ["sms", "call"]',
    "string_type": "must be text in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than_equal": "must be at least {ge:.0f}",
    "greater_than": "must be more than {gt:.0f}",
    "less_than_equal": "must be at most {le:.0f}",
    "too_short": "must have at least 1 entry",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "int_parsing": "must be a whole number, without quotes",
    "finite_number": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number, without quotes",
    "float_parsing": "must be a number, without quotes",
}


def _table_at(place: Sequence[int | str]) -> type[BaseModel]:
    outer = [part for part in place[:-1] if isinstance(part, str)]
    return TABLES[outer[-1]] if outer else ProtocolTable


def _choice(place: Sequence[int | str]) -> str:
    """Return the words of a closed list from which a missing field takes its own."""
    known = _table_at(place).model_fields[str(place[-1])].annotation
    if not isinstance(known, type) or not issubclass(known, StrEnum):
        return ""
    return f", one of: {', '.join(one.value for one in known)}"


def _one_of(said: str, known: Sequence[str], key: str) -> str:
    if key in _RAISING:
        known = [one for one in known if one not in ALL_IS_WELL]
    meant = suggestion(said, known) or "."
    return f"there is no {said!r}{meant} One of: {', '.join(known)}"

"""What is wrong with a key of the configuration, in words with their cure. Pure."""

import re
from collections.abc import Mapping
from typing import Protocol

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import ConfigError, meant_by

NAME = r"^[a-z][a-z0-9_-]{0,31}$"
NUMBER = r"^(\+[1-9]\d{6,14})?$"
HOST = r"^[^\s\[\]]+$"
LOG = "^(json|text)$"
ADDRESS = r"^(https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/?)?$"
PATTERNS = {
    NAME: "1 to 32 of a-z, 0-9, _ and -, a letter first",
    NUMBER: "the SIM's own number: +, country code and number, no blanks",
    HOST: "an address or name of this machine; 127.0.0.1 for it alone",
    LOG: "json or text",
    ADDRESS: "where HQ open the console: https://, host and port, no path",
}
"""What a pattern means, to whoever did not fit it."""


def faults_of(
    error: ValidationError, tables: Mapping[str, type[BaseModel]]
) -> list[ConfigError]:
    """Return all faults of the keys, a misspelt one first.

    Args:
        error: what pydantic has refused.
        tables: what may stand under a key, for whoever has misspelt it.

    """
    faults = error.errors()
    misspelt = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    # A misspelt key is also a missing one; the spelling is the better news.
    meant = {
        (fault["loc"][:-1], _suggestion(fault["loc"], tables)) for fault in misspelt
    }
    others = [
        fault
        for fault in faults
        if fault not in misspelt
        and not (
            fault["type"] == "missing"
            and (fault["loc"][:-1], _suggestion(fault["loc"], tables)) in meant
        )
    ]
    return [_fault(one, tables) for one in (*misspelt, *others)]


class Named(Protocol):
    """A table with a name."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...


def each_name_once(tables: tuple[Named, ...]) -> tuple[Named, ...]:
    """Refuse tables of which two have one name: one would take the other's place."""
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"each name once; {twice[0]!r} is there twice"
        raise ValueError(message)
    return tables


def nulls_in(value: object, key: str = "") -> list[ConfigError]:
    """Return a fault for each text with a null byte: no path and no name has one.

    The system takes none, and whoever opened such a file would fail without a word.
    """
    match value:
        case str():
            fault = ConfigError(key, "text without a null byte", "take it out")
            return [fault] if "\0" in value else []
        case dict():
            inner = [(f"{key}.{name}".lstrip("."), one) for name, one in value.items()]
        case list():
            inner = [(f"{key}[{place}]", one) for place, one in enumerate(value)]
        case _:
            return []
    return [fault for path, one in inner for fault in nulls_in(one, path)]


def _fault(first: ErrorDetails, tables: Mapping[str, type[BaseModel]]) -> ConfigError:
    location = first["loc"]
    key = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")
    match first["type"]:
        case "extra_forbidden":
            return ConfigError(key, "a known key", _suggestion(location, tables))
        case "missing":
            return ConfigError(key, "a value", f"add {location[-1]} = ...")
        case "tuple_type":
            return ConfigError(key, "a list of tables", f"write [[{key}]] for each")
        case "dict_type" | "model_type":
            cure = "write it as { ... }" if "[" in key else f"write [{key}]"
            return ConfigError(key, "a table", cure)
        case "path_type":
            return ConfigError(key, "a path", "write it in quotes")
        case "string_pattern_mismatch":
            expected = PATTERNS[first["ctx"]["pattern"]]
            return ConfigError(key, expected, "change the value")
        case _:
            said = str(first["msg"]).removeprefix("Value error, ")
            said = said.removeprefix("Input should be ")
            if not key:
                return _of_environment(said)
            return ConfigError(key, said[:1].lower() + said[1:], "change the value")


def _of_environment(said: str) -> ConfigError:
    """Name the variable: what has no place in the file is of the environment."""
    found = re.search(r'parsing value for field "(\w+)"', said)
    if found is None:
        return ConfigError("NATALIA_... (environment)", said, "change the value")
    cure = "mend its brackets and quotes, or write it into the file"
    return ConfigError(f"NATALIA_{found[1].upper()} (environment)", "JSON", cure)


def _suggestion(
    location: tuple[int | str, ...], tables: Mapping[str, type[BaseModel]]
) -> str:
    outer = "tls" if "tls" in location[:-1] else str(location[0])
    whole = tables[""]
    model = whole if len(location) == 1 else tables.get(outer, whole)
    return meant_by(str(location[-1]), model.model_fields) or "take it out"

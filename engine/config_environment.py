"""Faults of the configuration whose key no file says: the environment does."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError

from engine.errors import ConfigError

_PREFIX = "natalia_"
_BELOW = "__"
_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")

_Path = tuple[str | int, ...]


def traced(
    faults: Sequence[ConfigError],
    table: Mapping[str, object],
    settings: type[BaseSettings],
) -> list[ConfigError]:
    """Return the faults, each that the environment brought with its variable.

    Args:
        faults: by key path.
        table: what the file says, which wins.
        settings: which keys the environment may have.

    """
    try:
        said = EnvSettingsSource(settings)()
    except SettingsError:  # no JSON: that fault names its variable itself
        return [*faults]
    return [_traced(one, table, said, os.environ) for one in faults]


def _traced(
    fault: ConfigError,
    table: Mapping[str, object],
    said: Mapping[str, object],
    names: Iterable[str],
) -> ConfigError:
    path: _Path = tuple(
        int(number) if number else name for number, name in _PART.findall(fault.key)
    )
    if not _has(said, path):
        path = path[:-1]  # it lacks something: whoever made the table has left it out
    if not path or _has(table, path) or not _has(said, path):
        return fault
    key = f"{fault.key} (environment: {_variable(path, names)})"
    else_ = " else" if fault.cure.endswith("?") else ", or"
    return ConfigError(key, fault.expected, f"{fault.cure}{else_} unset the variable")


def _has(table: object, path: _Path) -> bool:
    for part in path:
        match table, part:
            case dict(), str() if part in table:
                table = table[part]
            case list(), int() if part < len(table):
                table = table[part]
            case _:
                return False
    return True


def _variable(path: _Path, names: Iterable[str]) -> str:
    """Return the one that says most of a path; else the first of what it makes."""
    folded = {name.lower(): name for name in sorted(names, reverse=True)}
    words = [str(part).lower() for part in path]
    for end in range(len(words), 0, -1):
        whole = _PREFIX + _BELOW.join(words[:end])
        if whole in folded:
            return folded[whole]
    beneath = _PREFIX + _BELOW.join(words) + _BELOW
    made = (name for low, name in folded.items() if low.startswith(beneath))
    return min(made, default="NATALIA_...")

"""Relative paths of a configuration, which count from its own folder. Pure."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

_OF_OPTIONS = ("_file", "_folder")
"""How an option's name ends that is a path: what else one means its adapter knows."""

Table = TypeVar("Table", bound=BaseModel)


def anchored(table: Table, folder: Path) -> Table:
    """Return a table whose paths are absolute, or as relative as `folder` is."""
    said = {name: getattr(table, name) for name in table.model_fields_set}
    return table.model_copy(
        update={name: _from(folder, value) for name, value in said.items()}
    )


def _from(folder: Path, value: object) -> object:
    match value:
        case Path():
            return folder / value
        case BaseModel():
            return anchored(value, folder)
        case tuple():
            return tuple(_from(folder, one) for one in value)
        case dict():
            return {key: _option(folder, key, one) for key, one in value.items()}
        case _:
            return value


def _option(folder: Path, key: str, value: object) -> object:
    if isinstance(value, str) and value and key.endswith(_OF_OPTIONS):
        return str(folder / value)
    return _from(folder, value)

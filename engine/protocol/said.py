"""What is said, apart from any language: the key of a phrase, and what fills it. Pure.

`engine.protocol.agreement` has the phrases, `engine.protocol.agreed` words them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Said:
    """One phrase, as `section.key`; the number `n` chooses its plural form."""

    key: str
    values: "Mapping[str, Value]"


@dataclass(frozen=True, slots=True)
class Row:
    """An enumeration: joined as `and`, `or` or `ways`; empty: one after the other."""

    items: "tuple[Value, ...]"
    joined: str = ""


Value = str | int | float | timedelta | Said | Row
"""A string is a name and stands as it is; a `timedelta` is worded."""


def say(key: str, **values: Value) -> Said:
    """Return a phrase with what it is filled with."""
    return Said(key, values)


def row(items: Iterable[Value], joined: str = "") -> Row:
    """Return an enumeration of these."""
    return Row(tuple(items), joined)

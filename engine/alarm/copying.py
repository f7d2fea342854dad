"""Copies of what is folded: an alarm has many fields, and every fact makes a new one.

`dataclasses.replace` goes through `__init__`, which in a frozen class costs as much
as all the rest of folding a fact.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import repeat
from operator import attrgetter, call
from typing import Any, TypeVar

T = TypeVar("T")
Setter = Callable[[object, object], None]


def replace(value: T, **changes: object) -> T:
    """Return a copy of a frozen dataclass with slots, some of its fields changed.

    Raises:
        TypeError: there is no such field, or the class is not of this kind.

    """
    kind: Any = type(value)
    setters, get, each = _plan(kind)
    if not setters.keys() >= changes.keys():
        unknown = ", ".join(sorted(changes.keys() - setters.keys()))
        message = f"{kind.__name__} has no field {unknown}"
        raise TypeError(message)
    copy: T = kind.__new__(kind)
    # Every setter with the copy and the field's value: a loop without Python in it.
    deque(map(call, each, repeat(copy), get(value)), maxlen=0)
    for name, new in changes.items():
        setters[name](copy, new)
    return copy


def completed(copy: T, **changes: object) -> T:
    """Change a copy that nobody else has seen yet, where it stands, and return it."""
    kind: Any = type(copy)
    setters = _plan(kind)[0]
    for name, new in changes.items():
        setters[name](copy, new)
    return copy


@cache
def _plan(
    kind: Any,
) -> tuple[dict[str, Setter], Callable[[object], Any], tuple[Setter, ...]]:
    """Return how to set each field past the frozen `__setattr__`, and to get all."""
    slots = kind.__dict__.get("__slots__", ())
    if not is_dataclass(kind) or hasattr(kind, "__post_init__") or len(slots) < 2:  # noqa: PLR2004 - attrgetter of one name gives no tuple
        message = f"{kind.__name__} is no plain dataclass with slots"
        raise TypeError(message)
    names = [field.name for field in fields(kind)]
    setters = {name: kind.__dict__[name].__set__ for name in names}
    return setters, attrgetter(*names), tuple(setters.values())

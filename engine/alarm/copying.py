"""Copies of what is folded: an alarm has many fields, and every fact makes a new one.

`dataclasses.replace` goes through `__init__`, which in a frozen class costs as much
as all the rest of folding a fact.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from itertools import repeat
from operator import attrgetter, call
from typing import Any, TypeVar

T = TypeVar("T")
Setter = Callable[[object, object], None]


def replace(value: T, **changes: object) -> T:
    """Return a copy of a frozen dataclass, some of its fields changed.

    Raises:
        TypeError: there is no such field, or the class is not of this kind.

    """
    kind: Any = type(value)
    plan = _plan(kind)
    _need(kind, plan, changes)
    copy: T = kind.__new__(kind)
    if not plan.setters:
        object.__setattr__(copy, "__dict__", {**value.__dict__, **changes})
        return copy
    # Every setter with the copy and the field's value: a loop without Python in it.
    deque(map(call, plan.each, repeat(copy), plan.get(value)), maxlen=0)
    for name, new in changes.items():
        plan.setters[name](copy, new)
    return copy


def completed(copy: T, **changes: object) -> T:
    """Change a copy that nobody else has seen yet, where it stands, and return it."""
    kind: Any = type(copy)
    plan = _plan(kind)
    _need(kind, plan, changes)
    if not plan.setters:
        copy.__dict__.update(changes)
        return copy
    for name, new in changes.items():
        plan.setters[name](copy, new)
    return copy


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to set each field past the frozen `__setattr__`, and to get all.

    Without slots there are no setters: the fields are one dictionary.
    """

    names: frozenset[str]
    setters: dict[str, Setter]
    each: tuple[Setter, ...]
    get: Callable[[object], Any]


def _need(kind: Any, plan: _Plan, changes: dict[str, object]) -> None:
    if not plan.names >= changes.keys():
        unknown = ", ".join(sorted(changes.keys() - plan.names))
        message = f"{kind.__name__} has no field {unknown}"
        raise TypeError(message)


@cache
def _plan(kind: Any) -> _Plan:
    slots = kind.__dict__.get("__slots__")
    is_plain = is_dataclass(kind) and not hasattr(kind, "__post_init__")
    # What a property has put beside the fields would be copied with them, stale.
    keeps = any(isinstance(one, cached_property) for one in vars(kind).values())
    if not is_plain or keeps or (slots is not None and len(slots) < 2):  # noqa: PLR2004 - attrgetter of one name gives no tuple
        message = f"{kind.__name__} is no plain dataclass"
        raise TypeError(message)
    names = [field.name for field in fields(kind)]
    setters = {} if slots is None else {n: kind.__dict__[n].__set__ for n in names}
    return _Plan(frozenset(names), setters, tuple(setters.values()), attrgetter(*names))

"""Copies of what is folded: an alarm has many fields, and every fact makes a new one.

`dataclasses.replace` goes through `__init__`, which in a frozen class costs as much
as all the rest of folding a fact.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from typing import Any, Final, TypeVar

T = TypeVar("T")
Setter = Callable[[object, object], None]

_new: Final = object.__new__


def replace(value: T, **changes: object) -> T:
    """Return a copy of a frozen dataclass, some of its fields changed.

    Raises:
        TypeError: there is no such field, or the class is not of this kind.

    """
    kind: Any = type(value)
    plan = _plan(kind)
    _need(kind, plan, changes)
    if plan.opened is None:
        copy: T = kind.__new__(kind)
        object.__setattr__(copy, "__dict__", {**value.__dict__, **changes})
        return copy
    open_copy = plan.opened(value)
    for name, new in changes.items():
        setattr(open_copy, name, new)
    open_copy.__class__ = kind
    copied: T = open_copy
    return copied


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
    """How to set each field past the frozen `__setattr__`, and to copy all.

    Without slots there are no setters, and nothing to open: the fields are one
    dictionary.
    """

    names: frozenset[str]
    setters: dict[str, Setter]
    opened: Callable[[object], Any] | None


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
    if not is_plain or keeps:
        message = f"{kind.__name__} is no plain dataclass"
        raise TypeError(message)
    names = [field.name for field in fields(kind)]
    if slots is None:
        return _Plan(frozenset(names), {}, None)
    setters = {name: kind.__dict__[name].__set__ for name in names}
    return _Plan(frozenset(names), setters, _opener(names))


def _opener(names: list[str]) -> Callable[[object], Any]:
    """Return what copies slots into an object that is not frozen yet.

    Its class has the same slots, so that it can become one of the frozen class. The
    interpreter reads and sets a slot that it knows at a tenth of what a setter costs.
    """
    opened = type("Opened", (), {"__slots__": tuple(names)})
    lines = [f"  copy.{name} = value.{name}" for name in names]
    head = "def opener(value):\n  copy = new(opened)\n"
    made: dict[str, Any] = {"new": _new, "opened": opened}
    exec(head + "\n".join([*lines, "  return copy"]), made)  # noqa: S102 - of names of fields alone, as dataclasses do
    opener: Callable[[object], Any] = made["opener"]
    return opener

"""Frozen dataclasses that are made by the thousand: the same, for half the price.

Facts above all, what hides a field from its `repr`, and what the modems' port hands
out; most of what else is made often is a struct of msgspec (ADR 0013).
"""

from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")

_NOT_GIVEN: Final = object()


def quick(kind: type[T]) -> type[T]:
    """Give a frozen dataclass with slots an `__init__` that sets each slot directly.

    The one it has goes through `object.__setattr__`, which looks every field up by
    its name. Takes the same arguments, and leaves the same behind.

    Raises:
        TypeError: no dataclass with slots, or one whose making says more than its
            fields do.

    """
    slots = kind.__dict__.get("__slots__")
    if not is_dataclass(kind) or slots is None or hasattr(kind, "__post_init__"):
        message = f"{kind.__name__} is no plain dataclass with slots"
        raise TypeError(message)
    names: dict[str, Any] = {"NOT_GIVEN": _NOT_GIVEN}
    given = [_argument(field, names) for field in fields(kind) if not field.kw_only]
    named = [_argument(field, names) for field in fields(kind) if field.kw_only]
    for field in fields(kind):
        names[f"set_{field.name}"] = getattr(kind, field.name).__set__
    arguments = ", ".join(["self", *given, *(["*", *named] if named else [])])
    lines = [_line(field) for field in fields(kind)]
    source = f"def __init__({arguments}):\n" + "\n".join(lines or ["  pass"])
    exec(source, names)  # noqa: S102 - of names of fields alone, as dataclasses do
    made = names["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    made.__module__ = kind.__module__
    made.__annotations__ = kind.__init__.__annotations__
    setattr(kind, "__init__", made)  # noqa: B010 - mypy forbids the plain way
    return kind


def _argument(field: "Field[Any]", names: dict[str, Any]) -> str:
    if field.default_factory is not MISSING:
        names[f"new_{field.name}"] = field.default_factory
        return f"{field.name}=NOT_GIVEN"
    if field.default is MISSING:
        return field.name
    names[f"or_{field.name}"] = field.default
    return f"{field.name}=or_{field.name}"


def _line(field: "Field[Any]") -> str:
    name = field.name
    value = name
    if field.default_factory is not MISSING:
        value = f"new_{name}() if {name} is NOT_GIVEN else {name}"
    return f"  set_{name}(self, {value})"

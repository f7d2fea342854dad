"""Values that live in memory alone are msgspec's structs: what all of them keep to."""

import importlib
import pkgutil
import typing
from collections.abc import Callable, Iterator
from dataclasses import Field

import pytest
from msgspec import Struct, structs

import engine


def _structs() -> list[type[Struct]]:
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found = set(_below(Struct))
    return sorted(found, key=lambda one: (one.__module__, one.__name__))


def _below(kind: type[Struct]) -> Iterator[type[Struct]]:
    for one in kind.__subclasses__():
        if one.__module__.startswith("engine."):
            yield one
        yield from _below(one)


STRUCTS = _structs()
named = pytest.mark.parametrize("kind", STRUCTS, ids=lambda one: one.__name__)


@named
def test_nothing_can_be_changed_that_several_threads_may_hold(
    kind: type[Struct],
) -> None:
    assert kind.__struct_config__.frozen


@named
def test_whoever_could_be_in_a_circle_is_searched_for(kind: type[Struct]) -> None:
    """What is called back may hold what holds it: nobody would ever free the two."""
    if kind.__struct_config__.gc:
        return
    hints = typing.get_type_hints(kind)
    opened = {field.name: hints[field.name] for field in structs.fields(kind)}
    held = {name: hint for name, hint in opened.items() if _may_lead_back(hint)}
    assert held == {}


@named
def test_what_a_repr_must_not_show_is_in_none(kind: type[Struct]) -> None:
    """A struct shows all of it, and takes the dataclasses' `field` for a value."""
    for field in structs.fields(kind):
        assert not isinstance(field.default, Field)


def _may_lead_back(hint: object) -> bool:
    if typing.get_origin(hint) is Callable or hint in {object, typing.Any}:
        return True
    return any(map(_may_lead_back, typing.get_args(hint)))


def test_there_are_such_values() -> None:
    """Else the two above say nothing."""
    names = {kind.__name__ for kind in STRUCTS}
    assert names >= {"Alarm", "Append", "Done", "Effect", "Forward", "StoredEvent"}
    kept = {kind.__name__ for kind in STRUCTS if kind.__struct_config__.gc}
    assert kept >= {"Done", "Entry", "Forward", "Question"}

"""Copies: what `dataclasses.replace` gives, at a third of its price."""

import dataclasses
from dataclasses import FrozenInstanceError, dataclass
from datetime import timedelta
from functools import cached_property

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.state import Told
from engine.copying import completed, replace
from engine.protocol.model import Audience
from engine.values import Instant

TOLD = Told(
    person="lapwing",
    alias="Lapwing",
    audience=Audience.NEAREST,
    language="en",
    sign="Lantern",
    code="K7F2",
)


@dataclass(frozen=True, slots=True)
class Summed:
    a: int
    b: int

    def __post_init__(self) -> None:
        """Say that it must be called."""


@dataclass(frozen=True)
class Slotless:
    a: int
    b: int


@dataclass(frozen=True)
class Remembering:
    a: int

    @cached_property
    def double(self) -> int:
        """Say what must not be copied along with another number."""
        return 2 * self.a


@given(
    st.fixed_dictionaries(
        {}, optional={"alias": st.text(), "code": st.text(), "ended": st.booleans()}
    )
)
def test_a_copy_is_what_dataclasses_replace_gives(changes: dict[str, object]) -> None:
    copy = replace(TOLD, **changes)
    assert copy == dataclasses.replace(TOLD, **changes)  # type: ignore[arg-type]
    assert copy is not TOLD


def test_a_copy_of_one_slot_is_one_of_the_same_class() -> None:
    copy = replace(Instant(5), ms=6)
    assert copy == Instant(6)
    assert type(copy) is Instant
    assert copy.plus(timedelta(milliseconds=1)) == Instant(7)


@given(st.fixed_dictionaries({}, optional={"a": st.integers(), "b": st.integers()}))
def test_without_slots_a_copy_is_the_same(changes: dict[str, int]) -> None:
    value = Slotless(1, 2)
    copy = replace(value, **changes)
    assert copy == dataclasses.replace(value, **changes)
    assert copy is not value
    assert value == Slotless(1, 2)


@pytest.mark.parametrize(("value", "field"), [(TOLD, "alias"), (Slotless(1, 2), "a")])
def test_a_copy_is_as_frozen_as_its_original(value: object, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(replace(value), field, "Heron")


def test_a_copy_that_nobody_has_seen_is_completed_where_it_stands() -> None:
    copy = replace(TOLD)
    assert completed(copy, alias="Teal") is copy
    assert copy == dataclasses.replace(TOLD, alias="Teal")
    assert TOLD.alias == "Lapwing"


def test_without_slots_one_is_completed_where_it_stands_as_well() -> None:
    value = Slotless(1, 2)
    copy = replace(value)
    assert completed(copy, b=3) is copy
    assert (value, copy) == (Slotless(1, 2), Slotless(1, 3))


@pytest.mark.parametrize("value", [TOLD, Slotless(1, 2)])
def test_a_field_that_is_not_there_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="has no field nickname"):
        replace(value, nickname="L")
    with pytest.raises(TypeError, match="has no field nickname"):
        completed(replace(value), nickname="L")


@pytest.mark.parametrize("value", [Summed(1, 2), Remembering(1), "text"])
def test_what_is_not_a_plain_dataclass_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is no plain dataclass"):
        replace(value, a=3)

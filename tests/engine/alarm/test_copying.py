"""Copies: what `dataclasses.replace` gives, at a third of its price."""

import dataclasses
from dataclasses import FrozenInstanceError, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.copying import completed, replace
from engine.alarm.state import Told
from engine.protocol.model import Audience

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


@given(
    st.fixed_dictionaries(
        {}, optional={"alias": st.text(), "code": st.text(), "ended": st.booleans()}
    )
)
def test_a_copy_is_what_dataclasses_replace_gives(changes: dict[str, object]) -> None:
    copy = replace(TOLD, **changes)
    assert copy == dataclasses.replace(TOLD, **changes)  # type: ignore[arg-type]
    assert copy is not TOLD


def test_a_copy_is_as_frozen_as_its_original() -> None:
    with pytest.raises(FrozenInstanceError):
        replace(TOLD, alias="Teal").alias = "Heron"  # type: ignore[misc]


def test_a_copy_that_nobody_has_seen_is_completed_where_it_stands() -> None:
    copy = replace(TOLD)
    assert completed(copy, alias="Teal") is copy
    assert copy == dataclasses.replace(TOLD, alias="Teal")
    assert TOLD.alias == "Lapwing"


def test_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TypeError, match="Told has no field nickname"):
        replace(TOLD, nickname="L")


@pytest.mark.parametrize("value", [Summed(1, 2), Slotless(1, 2), "text"])
def test_what_is_not_a_plain_dataclass_with_slots_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is no plain dataclass with slots"):
        replace(value, a=3)

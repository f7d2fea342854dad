"""Quick dataclasses: as the others in all but their price."""

import inspect
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.quick import quick


@dataclass(frozen=True, slots=True)
class Plain:
    a: int
    b: str = "b"
    c: tuple[int, ...] = ()
    d: dict[str, int] = field(default_factory=dict, kw_only=True)
    e: float | None = field(default=None, kw_only=True, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    a: int
    b: str = "b"
    c: tuple[int, ...] = ()
    d: dict[str, int] = field(default_factory=dict, kw_only=True)
    e: float | None = field(default=None, kw_only=True, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Longer(Quick):
    f: int = 6


def shown(value: object) -> str:
    return repr(value).partition("(")[2]


@given(
    st.lists(st.integers(), max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "a": st.integers(),
            "b": st.text(),
            "d": st.dictionaries(st.text(), st.integers()),
            "e": st.floats(allow_nan=False),
            "z": st.none(),
        },
    ),
)
def test_it_takes_what_the_other_takes_and_is_the_same(
    positional: list[int], named: dict[str, object]
) -> None:
    try:
        plain = Plain(*positional, **named)  # type: ignore[arg-type]
    except TypeError:
        with pytest.raises(TypeError):
            Quick(*positional, **named)  # type: ignore[arg-type]
        return
    quick_one = Quick(*positional, **named)  # type: ignore[arg-type]
    assert shown(quick_one) == shown(plain)
    assert quick_one.e == plain.e
    assert quick_one == Quick(*positional, **named)  # type: ignore[arg-type]


def test_nobody_shares_what_a_factory_makes() -> None:
    assert Quick(1).d is not Quick(1).d


def test_it_is_as_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick(1).a = 2  # type: ignore[misc]


def test_a_changed_copy_is_made_as_of_any_other() -> None:
    assert replace(Quick(1), b="x") == Quick(1, "x")


def test_what_a_class_inherits_is_set_as_well() -> None:
    assert shown(Longer(1, "x", f=2)) == "a=1, b='x', c=(), d={}, f=2)"


def test_its_signature_is_the_others() -> None:
    mine, other = inspect.signature(Quick), inspect.signature(Plain)
    assert list(mine.parameters) == list(other.parameters)
    assert [one.kind for one in mine.parameters.values()] == [
        one.kind for one in other.parameters.values()
    ]


@dataclass(frozen=True)
class Slotless:
    a: int


@dataclass(frozen=True, slots=True)
class Summed:
    a: int

    def __post_init__(self) -> None:
        """Say that it must be called."""


@pytest.mark.parametrize("kind", [Slotless, Summed, int])
def test_what_is_made_otherwise_is_refused(kind: type) -> None:
    with pytest.raises(TypeError, match="is no plain dataclass with slots"):
        quick(kind)

"""What is absent is not found, and is again afterwards."""

import sys

import pytest

from engine.absent import absent


@pytest.fixture
def module() -> str:
    """A module of the standard library that is not loaded here."""
    name = "this"
    assert name not in sys.modules
    return name


def test_what_is_absent_is_not_found(module: str) -> None:
    with absent(module), pytest.raises(ModuleNotFoundError):
        __import__(module)


def test_it_may_be_found_again_also_after_an_error(module: str) -> None:
    with pytest.raises(ZeroDivisionError), absent(module):
        _ = 1 / 0
    assert module not in sys.modules


def test_what_is_loaded_stays_there() -> None:
    with absent("sys"):
        assert __import__("sys") is sys
    assert sys.modules["sys"] is sys

"""A near word is offered whatever its case; one that is not near is not."""

import pytest

from engine.errors import meant_by, suggestion

_KNOWN = ("state", "Asia/Tashkent", "SE")


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sate", "state"), ("asia/tashkemt", "Asia/Tashkent"), ("se", "SE")],
)
def test_a_near_word_is_offered_as_it_is_spelt(word: str, meant: str) -> None:
    assert meant_by(word, _KNOWN) == f"did you mean '{meant}'?"
    assert suggestion(word, _KNOWN) == f"; did you mean '{meant}'?"


@pytest.mark.parametrize("word", ["", "position", "stop"])
def test_a_word_that_is_near_to_none_gets_no_advice(word: str) -> None:
    assert not meant_by(word, _KNOWN)
    assert not suggestion(word, _KNOWN)

"""Look-ups: what they say in a language."""

import pytest

from engine.alarm.desk import country_name


@pytest.mark.parametrize(
    ("language", "name"),
    [("sv", "Sverige"), ("sv-SE", "Sverige"), ("tlh", "Sweden"), ("", "Sweden")],
)
def test_a_language_that_nobody_knows_stops_no_post(language: str, name: str) -> None:
    assert country_name("SE", language) == name
    assert country_name("??", language) == "??"

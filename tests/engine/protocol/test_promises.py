"""What holds for all steps together is said where it holds, and nowhere else."""

from dataclasses import replace

import pytest

from engine.protocol.explain import explanation
from engine.protocol.registry import load_registry

PROTOCOLS = load_registry(None, "standard").protocols


@pytest.mark.parametrize(
    ("name", "is_said"),
    [
        ("street_attack", True),
        ("standard", True),
        ("arrest", False),
        ("careful", False),
    ],
)
def test_what_does_not_wait_where_nobody_was_found_is_said(
    name: str, *, is_said: bool
) -> None:
    """Only where a call for help waits for a step before it."""
    assert ("does not wait; whoever" in explanation(PROTOCOLS[name])) is is_said


@pytest.mark.parametrize(
    "name",
    ["street_attack", "house_raid", "arrest", "journey", "protest", "abduction"],
)
def test_no_sample_for_a_situation_lets_one_operator_end_it_alone(name: str) -> None:
    said = explanation(PROTOCOLS[name])
    assert "HQ may close it once 2 people have said that you are safe." in said
    assert "One operator alone may end it" not in said


def test_whoever_stands_in_for_the_nearest_is_told_and_not_where_it_is_forbidden() -> (
    None
):
    standard = PROTOCOLS["standard"]
    instead = "told in place of the nearest colleagues."
    assert instead in explanation(standard)
    forbidden = explanation(replace(standard, forbids=("contacts",)))
    assert instead not in forbidden
    assert "no colleague nearby is told, nor anybody in place of them." in forbidden
    assert "Where nobody knows" not in explanation(PROTOCOLS["unknown"])

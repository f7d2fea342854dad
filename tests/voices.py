"""Operators who say that a defender is safe: an all-clear takes two voices."""

from tests.rig import Rig


def say_safe(rig: Rig, alarm: str, *operators: str) -> None:
    """Have each of them sign in and say it; nobody closes by that."""
    for name in operators:
        with rig.operator(name) as operator:
            assert operator.act(alarm, "safe") is None

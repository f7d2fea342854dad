"""A rehearsal begins with what raises by the file, and is called off in time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.errors import DataError
from engine.protocol.registry import load_registry
from engine.rehearsal.triggers import in_time, trigger_of
from engine.values import Signal

STANDARD = load_registry(None, "standard").protocols["standard"]


def test_where_none_is_named_it_is_a_press_or_the_first_that_the_file_has() -> None:
    assert trigger_of(STANDARD, "", file="mine.toml") is Signal.SOS
    falls = replace(STANDARD, triggers=frozenset({Signal.REMOVED, Signal.FALL}))
    assert trigger_of(falls, "", file="mine.toml") is Signal.FALL


def test_a_trigger_of_a_risk_window_is_one_and_another_signal_is_none() -> None:
    assert trigger_of(STANDARD, "jammed", file="mine.toml") is Signal.JAMMED
    with pytest.raises(DataError, match=r"'fall' raises nothing by this file\. One of"):
        trigger_of(STANDARD, "fall", file="mine.toml")


def test_without_a_risk_window_none_is_spoken_of() -> None:
    safe = replace(STANDARD, risk_triggers=frozenset())
    with pytest.raises(DataError, match=r"One of: check_in_missed, removed, sos$"):
        trigger_of(safe, "jammed", file="mine.toml")


def test_it_is_called_off_within_the_countdown_that_its_trigger_has() -> None:
    counted = replace(STANDARD, countdown=timedelta(minutes=1))
    assert in_time(counted, Signal.FALL) == timedelta(seconds=30)
    assert in_time(counted, Signal.REMOVED) == timedelta(seconds=10)
    assert in_time(STANDARD, Signal.SOS) == timedelta(seconds=10)

"""An action protocol in plain words says all of it, and nothing in our own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.ports.device import DeviceCommand
from engine.protocol.explain import explanation, sentence, span
from engine.protocol.model import Condition
from engine.protocol.registry import load_registry

PROTOCOLS = load_registry(None, "standard").protocols


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_sample_is_told_whole_and_can_be_signed(name: str) -> None:
    protocol = PROTOCOLS[name]
    said = explanation(protocol)
    for step in protocol.steps:
        assert sentence(step) in said
        assert f"({step.id})." in said
    assert "Read and agreed:" in said
    assert protocol.digest[:16] in said
    assert "calling it off closes nothing" in said


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_no_word_of_the_file_stands_where_a_person_reads(name: str) -> None:
    said = explanation(PROTOCOLS[name])
    assert not any(word in said for word in ("_s ", "stopped_by", "timedelta"))
    assert not any(one.value in said for one in Condition if "_" in one.value)


def test_a_protocol_that_publishes_nothing_says_so() -> None:
    assert "Nothing is ever published." in explanation(PROTOCOLS["widening"])
    assert "no name and no place" in explanation(PROTOCOLS["standard"])


def test_a_step_is_a_sentence() -> None:
    steps = {step.id: step for step in PROTOCOLS["standard"].steps}
    said = {str(key): sentence(step) for key, step in steps.items()}
    assert said["duty"] == (
        "As soon as the alarm is raised, the next officer on duty is told by SMS and a"
        " ringing call; again every 1 minute; no more once an operator at HQ has taken"
        " it (duty)."
    )
    assert said["widen"].startswith("3 minutes after step 'colleagues' has run, ")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (7_200, "2 hours"),
        (86_400, "1 day"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_what_reaches_the_defenders_own_telephone_and_device_is_said() -> None:
    standard = PROTOCOLS["standard"]
    asked = replace(standard, device_commands=frozenset(DeviceCommand))
    said = explanation(asked)
    assert "a warning 10 minutes before its end" in said
    assert "You are missed 5 minutes after the time that you gave." in said
    assert "to report more or less often, where it is and to vibrate" in said
    assert "HQ may ask" not in explanation(standard)
    assert "Your telephone gets" not in explanation(PROTOCOLS["arrest"])

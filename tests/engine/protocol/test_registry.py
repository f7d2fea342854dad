"""Which action protocols are in force."""

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.protocol.model import AFTER_CARE, Audience, Condition, Start
from engine.protocol.registry import HQ_ALONE, STANDARD, UNKNOWN_DEVICE, load_registry

MINE = """
name = "Mine"
version = 7
[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"
"""


SITUATIONS = (
    "street_attack",
    "house_raid",
    "arrest",
    "journey",
    "protest",
    "abduction",
)
TAKEN = ("house_raid", "arrest", "abduction")
"""In these the defender's own telephone may be in other hands."""


def test_the_samples_are_sound_and_there() -> None:
    registry = load_registry(None, STANDARD)
    names = {STANDARD, HQ_ALONE, UNKNOWN_DEVICE, "widening", "quorum", "careful"}
    assert set(registry.protocols) == names | set(SITUATIONS)


def test_every_sample_tells_hq_at_once_and_pages_until_acknowledged() -> None:
    for protocol in load_registry(None, STANDARD).protocols.values():
        to = {step.to: step for step in reversed(protocol.steps)}
        assert to[Audience.HQ].delay.total_seconds() == 0
        duty = to[Audience.DUTY]
        assert duty.every is not None
        assert duty.rounds is None
        assert duty.stopped_by == (Condition.ACKNOWLEDGED,)


def test_by_each_way_on_which_people_are_told_they_hear_of_the_end() -> None:
    """HQ's webhook was told of an alarm of two samples, and never of its end."""
    for protocol in load_registry(None, STANDARD).protocols.values():
        stops = [step for step in protocol.steps if step.to is Audience.TOLD]
        told = {
            channel
            for step in protocol.steps
            if step.to not in {Audience.DEFENDER, Audience.PUBLIC}
            for channel in step.channels
        }
        for stop in stops:
            assert told - {"call"} <= set(stop.channels), protocol.name


def test_whoever_tells_people_tells_them_of_the_end() -> None:
    for protocol in load_registry(None, STANDARD).protocols.values():
        if any(step.to is Audience.NEAREST for step in protocol.steps):
            assert any(
                step.to is Audience.TOLD and step.after == Start.CLOSED.value
                for step in protocol.steps
            )
            assert protocol.begins_at_close(protocol.steps[-1])


@pytest.mark.parametrize("name", SITUATIONS)
def test_after_each_situation_somebody_asks_until_the_defender_confirms(
    name: str,
) -> None:
    protocol = load_registry(None, STANDARD).protocols[name]
    care = [step for step in protocol.steps if step.text in AFTER_CARE]
    assert {1, 3, 7, 30} <= {step.delay.days for step in care}
    assert {step.after for step in care} == {Start.CLOSED.value}
    assert {step.stopped_by for step in care} == {(Condition.SAFE_CONFIRMED,)}
    phone = [step.delay.days for step in care if step.to is Audience.DEFENDER]
    hq = [step.delay.days for step in care if step.to is Audience.HQ]
    assert max(hq) >= max(phone), "what nobody answers HQ hears of"
    if name in TAKEN:
        assert (min(hq), min(phone)) == (1, 3), "others may have the telephone"
    else:
        assert phone == [1, 3, 7, 30]


def test_no_single_operator_ends_an_abduction() -> None:
    """A message that calls it off is what a kidnapper would send."""
    assert load_registry(None, STANDARD).protocols["abduction"].all_clear_needs == 2


def test_a_person_without_an_action_protocol_has_the_default_one() -> None:
    registry = load_registry(None, "widening")
    assert registry.of(None).name == "Widening"
    assert registry.of("gone").name == "Widening"
    assert registry.of(STANDARD).name == "Standard"


def test_a_folder_adds_and_replaces(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE)
    (tmp_path / "standard.toml").write_text(MINE)
    (tmp_path / "readme.md").write_text("not read")
    registry = load_registry(tmp_path, "mine")
    assert registry.of("mine").version == 7
    assert registry.of(STANDARD).version == 7
    assert HQ_ALONE in registry.protocols


def test_a_wrong_file_in_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(MINE.replace("hq", "qh"))
    with pytest.raises(DataError, match=r"mine\.toml:6: step\[0\]\.to"):
        load_registry(tmp_path, STANDARD)


def test_a_folder_that_is_none_and_a_default_that_is_none_are_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match=r"protocols\.folder: is no folder"):
        load_registry(tmp_path / "gone", STANDARD)
    with pytest.raises(DataError, match=r"protocols\.default.*one of: abduction"):
        load_registry(None, "gone")

"""What comes for a case that has stopped: HQ hears of it, or it begins another."""

import pytest

from engine.alarm.commands import RequestCancel
from engine.alarm.directory.actor import Alarms
from engine.alarm.messages import Distress, Do, Forward, ToOpen
from engine.alarm.state import Force
from engine.journal.memory import Medium
from engine.values import AlarmId, CommandId
from tests.engine.alarm.directory.unread import (
    GIVEN,
    TOLD,
    Damage,
    after_a_start,
    tick,
)
from tests.engine.alarm.scene import press_of
from tests.engine.alarm.test_actor import FIRST, Rig
from tests.engine.alarm.test_actor_force import (
    MINE,
    SECOND,
    ended_in_appearance,
    forced_cancel,
    state_of,
)
from tests.engine.alarm.test_actor_still import of_a_newer_engine


def test_a_word_for_a_case_that_has_stopped_is_told_bug_it_waited_in_silence() -> None:
    rig = of_a_newer_engine()
    rig.tell(GIVEN)
    assert rig.untaken == [TOLD]
    assert not rig.quarantined


def test_it_is_told_as_well_where_nobody_is_started_for_it_any_more() -> None:
    rig = of_a_newer_engine()
    for _ in range(30):
        before = len(rig.untaken)
        rig.tell(GIVEN)
        assert rig.untaken[before:] == [TOLD]


def test_a_word_for_a_case_on_a_damaged_page_is_told_within_a_second_bug_it_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    damage = Damage(monkeypatch, 1_000)
    rig.tell(GIVEN, 1.0)
    assert TOLD in rig.untaken
    damage.fails = 0
    rig.tell(GIVEN, 60.0)
    rig.tell(GIVEN)
    assert "ReplyReceived" in rig.kinds(), "and is the case's once that is read"


def test_a_wish_to_call_off_a_case_that_has_stopped_is_told() -> None:
    rig = of_a_newer_engine()
    wish = RequestCancel(command_id=CommandId("wish"), press=press_of("wish"))
    rig.tell(ToOpen(subject="heron", command=wish))
    assert rig.untaken == [("first", "wish")]


def test_a_press_for_a_case_on_a_damaged_page_begins_another_at_once_bug_20_s_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k2", MINE, run_s=1.0)
    assert rig.kinds(MINE)[0] == "AlarmRaised"


@pytest.mark.parametrize("at_s", [quarter / 4 for quarter in range(16)])
def test_it_waits_for_no_start_half_a_minute_later_bug_it_did(
    monkeypatch: pytest.MonkeyPatch, at_s: float
) -> None:
    """One came for the start after which a case is tried once in 30 s alone."""
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(Forward(alarm_id=FIRST, command=tick()), at_s)
    rig.press("k2", MINE, run_s=1.0)
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"]


@pytest.mark.parametrize("at_s", [quarter / 4 for quarter in range(16)])
def test_nor_does_a_word_bug_it_waited_in_silence(
    monkeypatch: pytest.MonkeyPatch, at_s: float
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(Forward(alarm_id=FIRST, command=tick()), at_s)
    rig.tell(GIVEN, 1.0)
    assert rig.untaken == [TOLD]


def test_two_presses_for_a_case_on_a_damaged_page_begin_one_bug_the_first_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k2", MINE, run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    assert [one.key for one in state_of(rig, MINE).presses] == ["k2", "k3"]
    assert rig.kinds(AlarmId("third")) == []


def test_a_word_of_force_before_a_press_is_the_new_case_s_bug_it_looked_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(forced_cancel(rig), run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    case = state_of(rig, MINE)
    assert [one.key for one in case.presses] == ["forced", "k3"]
    assert Force.DURESS_WORD in case.force


@pytest.mark.parametrize("is_forced", [True, False])
def test_a_case_begun_for_one_that_waited_tells_that_which_looks_over_bug_a_press_alone(
    monkeypatch: pytest.MonkeyPatch, *, is_forced: bool
) -> None:
    medium = Medium()
    ended_in_appearance(medium).press("k2", SECOND)
    rig = Rig(medium)
    rig.codes = iter(f"M{number}" for number in range(10_000))
    before = rig.kinds().count("PressedAnew")
    Damage(monkeypatch, 1_000, of=SECOND)
    if is_forced:
        rig.tell(forced_cancel(rig), run_s=1.0)
    else:
        rig.press("k3", MINE, run_s=1.0)
    assert rig.kinds(MINE)[-1] == "EarlierCaseTold"
    assert rig.kinds().count("PressedAnew") == before + 1


def test_a_word_of_force_after_a_press_looks_like_a_wish_to_call_off_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Were it a second press, whoever forces it would see nothing called off."""
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k3", AlarmId("third"), run_s=0.0)
    rig.tell(forced_cancel(rig), run_s=1.0)
    case = state_of(rig, AlarmId("third"))
    assert Force.DURESS_WORD in case.force
    assert case.seen.cancelled is not None
    assert rig.kinds(MINE) == []


def test_presses_that_no_new_case_takes_either_are_told_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    pass_on = Alarms._pass_on

    def only_to_first(
        alarms: Alarms, alarm_id: AlarmId, do: Do, own: Distress | None = None
    ) -> bool:
        return alarm_id == FIRST and pass_on(alarms, alarm_id, do, own)

    monkeypatch.setattr(Alarms, "_pass_on", only_to_first)
    rig.press("k2", MINE, run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    assert rig.unbegun == ["k2", "k3"]

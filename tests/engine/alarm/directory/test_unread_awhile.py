"""What comes for a case that could not be read once, or that has to go meanwhile."""

import pytest
from msgspec import structs

from engine.alarm import actor as acting
from engine.alarm import awake
from engine.alarm.directory import actor as directory
from engine.alarm.messages import Distress, Forward
from engine.errors import JournalError
from engine.values import AlarmId
from tests.engine.alarm.directory.unread import (
    GIVEN,
    RETOLD_S,
    TOLD,
    Damage,
    after_a_start,
    own_press,
    tick,
)
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, PEOPLE
from tests.engine.alarm.test_actor_force import MINE
from tests.simulation.scheduler import Scheduler


def test_one_failed_read_is_no_word_for_hq(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.tell(GIVEN, RETOLD_S)
    assert rig.untaken == []
    rig.tell(GIVEN)
    assert "ReplyReceived" in rig.kinds()


@pytest.mark.parametrize("is_word", [True, False])
@pytest.mark.parametrize("before", range(5))
def test_a_case_that_something_waits_for_is_not_let_go_bug_that_was_forgotten(
    monkeypatch: pytest.MonkeyPatch, before: int, *, is_word: bool
) -> None:
    """More than may be awake woke while it was to be tried again a moment later."""
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    for _ in range(before):
        rig.tell(Forward(alarm_id=FIRST, command=tick()), 0.0)
    if is_word:
        rig.tell(GIVEN, 0.0)
    else:
        rig.press("k2", MINE, run_s=0.0)
    for person in PEOPLE[1:]:
        rig.press_by(person, 0.0)
    rig.world.run(2.0)
    assert rig.untaken == [TOLD] * is_word
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"] * (not is_word)


def test_nor_is_anything_told_of_it_that_the_next_start_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.press("k2", MINE, run_s=0.0)
    for person in PEOPLE[1:]:
        rig.press_by(person, 0.0)
    rig.world.run(1.0)
    assert rig.kinds(MINE) == []


@pytest.mark.parametrize("is_word", [True, False])
def test_nor_is_one_let_go_that_reads_just_now_bug_what_waited_was_forgotten(
    monkeypatch: pytest.MonkeyPatch, *, is_word: bool
) -> None:
    """Others press before the directory has heard that it could read its rows."""
    monkeypatch.setattr(directory, "LIVE_MAX", 2)
    monkeypatch.setattr(Scheduler, "maybe_preempt", lambda _: None)
    rig = after_a_start()

    def others_press() -> None:
        for person in PEOPLE[1:]:
            command = structs.replace(raise_of(press_of(person)), subject=person)
            press = Distress(alarm_id=AlarmId(person), command=command)
            rig.tree.names.tell("alarms", press)

    Damage(monkeypatch, 1, others_press)
    rig.tell(GIVEN if is_word else own_press("k2"), 1.0)
    assert rig.kinds().count("ReplyReceived" if is_word else "PressJoined") == 1
    assert rig.untaken == []


@pytest.mark.parametrize("is_word", [True, False])
def test_one_that_reads_and_fails_at_once_leaves_what_waits_bug_that_was_forgotten(
    monkeypatch: pytest.MonkeyPatch, *, is_word: bool
) -> None:
    """It was given to the instance before: the directory had yet to give it on."""
    monkeypatch.setattr(Scheduler, "maybe_preempt", lambda _: None)

    def unreadable(*_: object) -> list[object]:
        message = "a page is damaged"
        raise JournalError(message)

    monkeypatch.setattr(acting, "unheard", unreadable)
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.tell(GIVEN if is_word else own_press("k2"), 0.01)
    rig.tell(Forward(alarm_id=FIRST, command=tick()), 1.0)
    assert rig.untaken == [TOLD] * is_word
    assert rig.kinds(AlarmId("k2"))[:1] == ["AlarmRaised"] * (not is_word)


@pytest.mark.parametrize("is_word", [True, False])
def test_one_that_goes_all_the_same_leaves_what_waits_to_hq_and_to_a_new_case(
    monkeypatch: pytest.MonkeyPatch, *, is_word: bool
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 1)
    monkeypatch.setattr(awake, "BUSY_RATIO", 1)
    rig = after_a_start()
    Damage(monkeypatch, 1)
    if is_word:
        rig.tell(GIVEN, 0.0)
    else:
        rig.press("k2", MINE, run_s=0.0)
    rig.press_by("avocet", 1.0)
    assert rig.untaken == [TOLD] * is_word
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"] * (not is_word)
    assert rig.kinds(AlarmId("avocet"))[:1] == ["AlarmRaised"]


@pytest.mark.parametrize(
    ("given", "kind"), [(own_press("k2"), "PressJoined"), (GIVEN, "ReplyReceived")]
)
def test_what_one_failed_read_met_is_the_case_s_at_the_next_start_bug_20_s_later(
    monkeypatch: pytest.MonkeyPatch, given: Distress | Forward, kind: str
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.tell(given, 1.0)
    assert rig.kinds().count(kind) == 1
    rig.tell(given)
    assert rig.kinds().count(kind) == 1
    assert rig.untaken == []
    assert rig.kinds(AlarmId("k2")) == []


def test_an_act_that_failed_to_whoever_waits_for_it_is_not_done_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.acknowledge(run_s=1.0)
    assert [done.failed for done in rig.done] == [True]
    assert "AlarmAcknowledged" not in rig.kinds()


def test_a_press_that_one_failed_read_met_begins_no_other_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.press("k2", MINE, run_s=RETOLD_S)
    rig.press("k2", MINE)
    assert rig.kinds(MINE) == []
    assert "PressJoined" in rig.kinds()


def test_what_a_case_has_taken_is_told_by_no_later_end_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does an old press begin another case, when a page goes bad days later."""
    rig = after_a_start()
    rig.press("k2", MINE)
    rig.tell(GIVEN)
    Damage(monkeypatch, 1_000)
    rig.tree.names.tell(f"alarm/{FIRST}", "what nobody understands")
    rig.world.run(600)
    assert rig.still["first"]
    assert rig.untaken == []
    assert rig.kinds(MINE) == []

"""Who is let go: the longest idle, and nobody who waits for a slow journal."""

import pytest

from engine.alarm import awake
from engine.alarm.commands import AddNote
from engine.alarm.directory import actor as directory
from engine.alarm.messages import Forward
from engine.ports.journal import EffectState
from engine.values import AlarmId, CommandId, OperatorId
from tests.engine.alarm.test_actor import FIRST, PEOPLE, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_above_the_limit_the_longest_idle_goes_and_no_raise_is_refused(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    for person in PEOPLE:
        rig.press_by(person)
    assert len(rig.awake()) <= 3
    for person in PEOPLE:
        assert rig.kinds(AlarmId(person))[0] == "AlarmRaised"


def test_nobody_who_waits_for_a_slow_journal_is_let_go_bug_no_deadline(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    rig.ledger.takes_s = 8.0
    for person in PEOPLE:
        rig.press_by(person, run_s=0.1)
    rig.world.run(9)
    rig.ledger.takes_s = 0.0
    assert all(rig.due[AlarmId(person)] is not None for person in PEOPLE)
    rig.world.run(400)
    for person in PEOPLE:
        steps = rig.kinds(AlarmId(person)).count("StepFired")
        assert steps > 3, "duty is paged on"


def test_what_a_slow_journal_takes_more_than_a_minute_for_is_done_all_the_same(
    rig: Rig,
) -> None:
    rig.press()
    for row in rig.planned:
        rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.acknowledge()
    rig.ledger.takes_s = 8.0
    for number in range(12):
        note = AddNote(
            command_id=CommandId(f"n{number}"), by=OperatorId("alder"), text="seen"
        )
        rig.tell(Forward(alarm_id=FIRST, command=note, answered=rig.done.append), 0.0)
    rig.world.run(110)
    assert [done.failed for done in rig.done] == [False] * 14
    assert rig.kinds().count("NoteAdded") == 12


def test_so_many_that_are_busy_are_awake_and_no_more(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 1)
    monkeypatch.setattr(awake, "BUSY_RATIO", 3)
    rig.ledger.takes_s = 8.0
    for person in PEOPLE:
        rig.press_by(person, run_s=1.5)
    assert len(rig.awake()) == 3
    rig.world.run(30)
    assert all(rig.due[AlarmId(person)] is not None for person in PEOPLE)

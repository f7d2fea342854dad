"""The directory: who is awake, and whose case is open."""

from typing import ClassVar

import pytest

from engine.alarm.commands import Close, RequestCancel, Settle, Tick
from engine.alarm.directory.actor import AT_ONCE, Alarms
from engine.alarm.force import Look
from engine.alarm.messages import Do, Forward, News, ToOpen
from engine.alarm.state import CloseReason, Response, alarm_of
from engine.ports.journal import EffectState
from engine.values import AlarmId, CommandId, OperatorId
from tests.engine.alarm.scene import press_of
from tests.engine.alarm.test_actor import FIRST, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_idle_alarms_are_let_go_and_their_deadlines_wake_them(rig: Rig) -> None:
    rig.press()
    for row in rig.planned:
        rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.acknowledge()
    assert rig.awake() == ["alarm/first"]
    rig.world.run(100)
    assert rig.awake() == []
    rig.world.run(100)
    assert rig.kinds().count("StepFired") > 3, "it widened, three minutes on"


def test_news_that_were_kept_back_reach_each_alarm(rig: Rig) -> None:
    rig.press()
    (first, *_) = rig.planned
    at = rig.world.now()
    settle = Settle(
        command_id=CommandId("settle"),
        effect=first.effect_id,
        state=EffectState.UNKNOWN,
        attempt=1,
        at=at,
    )
    rig.world.run(1)
    rig.tell(News(take=lambda: [Forward(alarm_id=FIRST, command=settle)]))
    assert rig.kinds().count("NotificationSettled") == 1
    alarm, _ = rig.changes[-1]
    effect = alarm.effects[first.effect_id]
    assert (effect.state, effect.settled_at) == (EffectState.UNKNOWN, at)


class Press(News, frozen=True):
    """What is as urgent as a press, and notes only that its turn has come."""

    urgent: ClassVar[bool] = True


def test_a_press_waits_for_a_part_of_the_news_at_most_bug_for_all_of_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.press()
    given = Alarms._pass_on
    passed: list[str] = []

    def pass_on(alarms: Alarms, alarm_id: AlarmId, do: Do) -> bool:
        passed.append("news")
        return given(alarms, alarm_id, do)

    def kept() -> list[Forward]:
        assert rig.tree.names.tell("alarms", Press(take=pressed))
        tick = Tick(command_id=CommandId("look"))
        return [Forward(alarm_id=FIRST, command=tick)] * (2 * AT_ONCE + 1)

    def pressed() -> list[Forward]:
        passed.append("press")
        return []

    monkeypatch.setattr(Alarms, "_pass_on", pass_on)
    rig.tell(News(take=kept))
    assert passed.index("press") == AT_ONCE
    assert passed.count("news") == 2 * AT_ONCE + 1


def test_the_directory_is_told_again_only_where_it_may_know_otherwise(
    rig: Rig,
) -> None:
    rig.press()
    for one in rig.planned[:3]:
        rig.settle(one.effect_id, EffectState.ACCEPTED)
    rig.acknowledge()
    assert len(rig.standings) == 1
    rig.press("k2", AlarmId("other"))
    assert rig.standings == [rig.standings[0]] * 2, "it has noted the press by itself"
    close = Close(
        command_id=CommandId("close"), by=OperatorId("alder"), reason=CloseReason.SAFE
    )
    rig.tell(Forward(alarm_id=FIRST, command=close))
    assert [one.look for one in rig.standings] == [Look.OPEN, Look.OPEN, None]


def test_a_new_instance_tells_the_directory_anew(rig: Rig) -> None:
    rig.press()
    for row in rig.planned:
        rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.acknowledge()
    rig.world.run(100)
    assert rig.awake() == []
    rig.world.run(100)
    assert rig.standings == [rig.standings[0]] * 2


def test_a_second_press_joins_the_open_case_by_its_subject(rig: Rig) -> None:
    rig.press("k1")
    rig.press("k2", AlarmId("other"))
    assert "PressJoined" in rig.kinds()
    assert rig.kinds(AlarmId("other")) == []


def test_a_press_after_the_end_reopens_where_the_directory_has_not_heard_of_it(
    rig: Rig,
) -> None:
    rig.press("k1")
    rig.acknowledge()
    rig.hears_changes = False
    close = Close(
        command_id=CommandId("close"), by=OperatorId("alder"), reason=CloseReason.SAFE
    )
    rig.tell(Forward(alarm_id=FIRST, command=close))
    rig.press("k2", AlarmId("other"))
    assert "AlarmReopened" in rig.kinds()
    assert rig.changes[-1][0].response is Response.NOTIFYING


def test_a_cancel_reaches_the_open_case_and_without_one_nobody(rig: Rig) -> None:
    cancel = RequestCancel(command_id=CommandId("x"), press=press_of("x"))
    rig.tell(ToOpen(subject="heron", command=cancel))
    assert rig.awake() == []
    rig.press()
    rig.tell(ToOpen(subject="heron", command=cancel))
    assert rig.kinds()[-1] == "CancelRequested"


def test_a_restart_wakes_nobody_and_arms_every_deadline(rig: Rig) -> None:
    medium = rig.ledger.store._medium
    rig.press()
    rig.world.crash()
    again = Rig(medium)
    assert again.awake() == []
    assert again.due[FIRST] is not None
    again.world.run(61)
    assert again.kinds().count("StepFired") > 3, "duty is paged on"


def test_a_press_whose_open_case_cannot_be_read_raises_one_of_its_own_bug_silence(
    rig: Rig,
) -> None:
    rig.press()
    rig.spoil()
    for number in range(30):
        rig.press("k2", AlarmId("own"), run_s=2.0)
        if rig.kinds(AlarmId("own")):
            break
        assert number < 29
    assert rig.kinds(AlarmId("own"))[0] == "AlarmRaised"


def test_deadlines_among_dropped_hints_are_armed_again_bug_lost(rig: Rig) -> None:
    rig.press()
    rig.due.clear()
    ref = rig.tree.names.lookup("alarms")
    assert ref is not None
    ref.actor_inbox.bound = 1  # type: ignore[attr-defined] # of our own inbox
    for number in range(5):
        ref.tell(
            Forward(
                alarm_id=AlarmId(f"none-{number}"),
                command=Tick(command_id=CommandId(f"t{number}")),
            )
        )
    rig.world.run(0.5)
    assert FIRST in rig.due
    assert alarm_of("alarm/first") == FIRST

"""What the journal writes after an alarm's actor has given it up as unknown."""

import pytest

from engine.alarm.commands import Acknowledge, AlarmCommand, Close, Reopen
from engine.alarm.messages import Forward
from engine.alarm.state import CloseReason
from engine.ports.journal import Append, EffectState
from engine.values import AlarmId, CommandId, OperatorId
from tests.engine.alarm.test_actor import FIRST, Rig
from tests.engine.dispatch.ledger import LATE

ALDER = OperatorId("alder")
REOPEN = Reopen(command_id=CommandId("reopen"), by=ALDER)
CLOSE = Close(command_id=CommandId("close"), by=ALDER, reason=CloseReason.SAFE)
ACKNOWLEDGE = Acknowledge(command_id=CommandId("ack"), by=ALDER)


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.press()
    return rig


def tell(rig: Rig, *commands: AlarmCommand) -> None:
    for command in commands:
        rig.tell(Forward(alarm_id=FIRST, command=command, answered=rig.done.append))
        for row in rig.planned:
            rig.settle(row.effect_id, EffectState.ACCEPTED)
        rig.world.run(0.5)


def told_late(rig: Rig, command: AlarmCommand, land_after_s: float) -> None:
    rig.ledger.fault = lambda request: LATE if isinstance(request, Append) else ""
    rig.tell(Forward(alarm_id=FIRST, command=command, answered=rig.done.append))
    assert rig.done[-1].failed, "whoever asked is told to look again"
    rig.world.run(land_after_s)
    rig.ledger.land()
    rig.ledger.fault = lambda _: ""


@pytest.mark.parametrize("land_after_s", [0.0, 4.0, 30.0])
def test_a_case_opened_again_by_a_late_row_pages_as_any_other_bug_silence(
    rig: Rig, land_after_s: float
) -> None:
    tell(rig, ACKNOWLEDGE, CLOSE)
    rig.world.run(100)
    told_late(rig, REOPEN, land_after_s)
    steps = rig.kinds().count("StepFired")
    rig.world.run(300)
    assert rig.kinds().count("StepFired") > steps, "duty is paged on"
    assert rig.due[FIRST] is not None


def test_a_press_joins_a_case_that_a_late_row_has_opened_again(rig: Rig) -> None:
    tell(rig, ACKNOWLEDGE, CLOSE)
    told_late(rig, REOPEN, 1.0)
    rig.world.run(10)
    rig.press("k2", AlarmId("other"))
    assert "PressJoined" in rig.kinds()
    assert rig.kinds(AlarmId("other")) == []


def test_a_late_row_is_told_to_the_others_once(rig: Rig) -> None:
    told_late(rig, ACKNOWLEDGE, 1.0)
    before = len(rig.changes)
    rig.world.run(20)
    kinds = [type(e).__name__ for _, events in rig.changes[before:] for e in events]
    assert kinds.count("AlarmAcknowledged") == 1
    assert rig.withdrawn, "routes hear what is not to be sent any more"


def test_once_the_journal_answers_again_nothing_is_in_doubt(rig: Rig) -> None:
    told_late(rig, ACKNOWLEDGE, 1.0)
    rig.world.run(10)
    tell(rig, CLOSE)
    rig.world.run(10)
    asked = len(rig.ledger.asked)
    rig.world.run(3600)
    assert len(rig.ledger.asked) == asked


def test_a_journal_that_gives_no_answer_is_asked_with_a_pause(rig: Rig) -> None:
    tell(rig, ACKNOWLEDGE, CLOSE)
    rig.ledger.fault = lambda request: LATE if isinstance(request, Append) else ""
    tell(rig, REOPEN)
    rig.world.run(600)
    asked = {one.command_id for one in rig.ledger.asked if isinstance(one, Append)}
    looks = sum(one.startswith("tick/") for one in asked)
    assert 110 <= looks <= 125

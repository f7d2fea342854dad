"""An outcome finds its alarm, with all that the alarm decides by."""

import pytest

from engine.alarm.commands import Settle
from engine.alarm.messages import Forward
from engine.alarm.settling import settling
from engine.dispatch.outcomes import Outcome, Settled
from engine.ports.journal import EffectState
from engine.values import AlarmId, CommandId, EffectId


def settled(alarm: str, state: EffectState = EffectState.REJECTED) -> Settled:
    outcome = Outcome(state=state, reference="17", reason="+CMS 500", retry=True)
    effect = EffectId("a1.page.1")
    return Settled(
        alarm=alarm, effect=effect, attempt=2, route="modem-1", outcome=outcome
    )


def told_of(*outcomes: Settled) -> list[tuple[str, object]]:
    told: list[tuple[str, object]] = []
    settle = settling(lambda name, message: told.append((name, message)))
    for outcome in outcomes:
        settle(outcome)
    return told


def test_an_outcome_is_given_to_its_alarm_whole() -> None:
    command = Settle(
        command_id=CommandId("a1.page.1/rejected"),
        effect=EffectId("a1.page.1"),
        state=EffectState.REJECTED,
        attempt=2,
        route="modem-1",
        reference="17",
        reason="+CMS 500",
        retry=True,
    )
    forward = Forward(alarm_id=AlarmId("a1"), command=command)
    assert told_of(settled("alarm/a1")) == [("alarms", forward)]


def test_one_outcome_twice_is_one_command_and_two_are_two() -> None:
    states = (EffectState.REJECTED, EffectState.REJECTED, EffectState.UNKNOWN)
    told = told_of(*(settled("alarm/a1", state) for state in states))
    keys = [one.command.command_id for _, one in told if isinstance(one, Forward)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("stream", ["checkin/c1", "report/r1", ""])
def test_an_outcome_of_what_is_no_alarms_is_given_to_none(stream: str) -> None:
    assert told_of(settled(stream)) == []

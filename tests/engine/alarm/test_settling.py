"""An outcome finds its alarm, with all that the alarm decides by."""

import pytest

from engine.alarm.commands import Settle
from engine.alarm.messages import Forward, News
from engine.alarm.settling import LATER, Settling
from engine.dispatch.outcomes import Outcome, Settled
from engine.ports.journal import EffectState
from engine.values import AlarmId, CommandId, EffectId, Instant
from tests.fakes import START, ManualClock

ACCEPTED = EffectState.ACCEPTED


class Rig:
    """Whom an outcome is told: what they got, and what the timers were given."""

    def __init__(self, clock: ManualClock, *, is_flooded: bool = False) -> None:
        self.is_flooded = is_flooded
        self.told: list[object] = []
        self.armed: list[tuple[Instant, News]] = []
        self.has_timers = True
        self.settle = Settling(
            self._tell, lambda at, news: (at, news), clock.now, lambda: self.is_flooded
        )

    def _tell(self, name: str, message: object) -> bool:
        if name == "alarms":
            self.told.append(message)
            return True
        assert name == "timers"
        if self.has_timers:
            self.armed.append(message)  # type: ignore[arg-type] # as made above
        return self.has_timers


def settled(
    alarm: str, state: EffectState = EffectState.REJECTED, effect: str = "a1.page.1"
) -> Settled:
    outcome = Outcome(state=state, reference="17", reason="+CMS 500", retry=True)
    return Settled(
        alarm=alarm,
        effect=EffectId(effect),
        attempt=2,
        route="modem-1",
        outcome=outcome,
    )


def command_of(
    state: EffectState = EffectState.REJECTED, at: Instant | None = None
) -> Settle:
    return Settle(
        command_id=CommandId(f"a1.page.1/{state}"),
        effect=EffectId("a1.page.1"),
        state=state,
        attempt=2,
        route="modem-1",
        reference="17",
        reason="+CMS 500",
        retry=True,
        at=at,
    )


def test_an_outcome_is_given_to_its_alarm_whole(clock: ManualClock) -> None:
    rig = Rig(clock)
    rig.settle(settled("alarm/a1"))
    assert rig.told == [Forward(alarm_id=AlarmId("a1"), command=command_of())]


def test_one_outcome_twice_is_one_command_and_two_are_two(clock: ManualClock) -> None:
    rig = Rig(clock)
    for state in (EffectState.REJECTED, EffectState.REJECTED, EffectState.UNKNOWN):
        rig.settle(settled("alarm/a1", state))
    keys = [one.command.command_id for one in rig.told if isinstance(one, Forward)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("stream", ["checkin/c1", "report/r1", ""])
@pytest.mark.parametrize("is_flooded", [True, False])
def test_an_outcome_of_what_is_no_alarms_is_given_to_none(
    stream: str, *, is_flooded: bool, clock: ManualClock
) -> None:
    rig = Rig(clock, is_flooded=is_flooded)
    rig.settle(settled(stream, ACCEPTED))
    assert (rig.told, rig.armed) == ([], [])


def test_in_a_flood_alarms_hear_later_of_what_was_taken_and_when_that_was(
    clock: ManualClock,
) -> None:
    rig = Rig(clock, is_flooded=True)
    rig.settle(settled("alarm/a1", ACCEPTED))
    clock.advance(1)
    rig.settle(settled("alarm/a2", ACCEPTED, "a2.page.1"))
    assert rig.told == []
    ((at, news),) = rig.armed
    assert at == START.plus(LATER)
    first, second = news.take()
    expected = command_of(ACCEPTED, START)
    assert first == Forward(alarm_id=AlarmId("a1"), command=expected)
    assert isinstance(second.command, Settle)
    assert (second.alarm_id, second.command.at) == ("a2", clock.now())
    assert news.take() == [], "given once"


@pytest.mark.parametrize("state", [one for one in EffectState if one is not ACCEPTED])
def test_what_must_be_acted_on_is_heard_at_once_also_in_a_flood(
    state: EffectState, clock: ManualClock
) -> None:
    rig = Rig(clock, is_flooded=True)
    rig.settle(settled("alarm/a1", state))
    command = command_of(state)
    assert rig.told == [Forward(alarm_id=AlarmId("a1"), command=command)]


def test_without_timers_it_is_heard_at_once(clock: ManualClock) -> None:
    rig = Rig(clock, is_flooded=True)
    rig.has_timers = False
    rig.settle(settled("alarm/a1", ACCEPTED))
    (news,) = rig.told
    assert isinstance(news, News)
    assert [one.alarm_id for one in news.take()] == ["a1"]


def test_timers_that_were_replaced_are_told_again_bug_news_for_ever(
    clock: ManualClock,
) -> None:
    rig = Rig(clock, is_flooded=True)
    rig.settle(settled("alarm/a1", ACCEPTED))
    rig.armed.clear()  # with the timers that knew of it
    clock.advance(2 * LATER)
    rig.settle(settled("alarm/a2", ACCEPTED, "a2.page.1"))
    ((_, news),) = rig.armed
    assert [one.alarm_id for one in news.take()] == ["a1", "a2"]


def test_the_next_flood_has_a_time_of_its_own(clock: ManualClock) -> None:
    rig = Rig(clock, is_flooded=True)
    rig.settle(settled("alarm/a1", ACCEPTED))
    ((_, news),) = rig.armed
    news.take()
    clock.advance(1)
    rig.settle(settled("alarm/a1", ACCEPTED))
    assert [at for at, _ in rig.armed] == [START.plus(LATER), clock.now().plus(LATER)]

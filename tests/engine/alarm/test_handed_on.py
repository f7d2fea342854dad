"""When a merged case has to hand its people on once more."""

from dataclasses import replace
from itertools import product

from msgspec import structs

from engine.alarm.casework import are_handed_on
from engine.alarm.commands import HandPeopleOn
from engine.alarm.events import NotificationSettled
from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import CommandId, EffectId
from tests.engine.alarm.test_casework import OTHER, merged

NOT_OUT = {EffectState.PLANNED, EffectState.WITHDRAWN, EffectState.REJECTED}
"""States in which nothing has reached anybody."""
NO_END = {Audience.PUBLIC, Audience.TOLD, Audience.DEFENDER, Audience.EVERYONE}
"""Who hears of no end by it: the world, the defender, and whoever heard of one."""


def case(before: EffectState, audience: Audience = Audience.NEAREST) -> Alarm:
    """Return a merged case whose people were handed on, with one effect alone."""
    scene = merged()
    scene.do(HandPeopleOn(command_id=CommandId("h"), into=OTHER))
    alarm = scene.state()
    assert alarm.handed_on
    effect = next(iter(alarm.effects.values()))
    such = structs.replace(effect, state=before, audience=audience)
    return structs.replace(alarm, effects={such.effect: such})


def outcome(alarm: Alarm, state: EffectState) -> NotificationSettled:
    return NotificationSettled(
        at=alarm.presses[0].at,
        effect=next(iter(alarm.effects)),
        state=state,
        attempt=1,
        route="modem-1",
        reference="",
        reason="",
        retry=False,
    )


def test_whoever_is_told_after_all_and_hears_of_an_end_is_handed_on_once_more() -> None:
    for before, after, audience in product(EffectState, EffectState, Audience):
        alarm = case(before, audience)
        is_one_more = before in NOT_OUT and after not in NOT_OUT
        is_handed_on = are_handed_on(alarm, outcome(alarm, after))
        assert is_handed_on != (is_one_more and audience not in NO_END), (
            before,
            after,
            audience,
        )


def test_no_outcome_makes_people_handed_on_who_are_not() -> None:
    for before, after in product(EffectState, EffectState):
        waiting = structs.replace(case(before), handed_on=False)
        assert not are_handed_on(waiting, outcome(waiting, after))


def test_the_outcome_of_what_a_case_does_not_know_changes_nothing() -> None:
    alarm = case(EffectState.PLANNED)
    other = replace(outcome(alarm, EffectState.ACCEPTED), effect=EffectId("another"))
    assert are_handed_on(alarm, other)

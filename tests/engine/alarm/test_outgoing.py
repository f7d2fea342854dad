"""What rounds, recipients and outcomes leave in an alarm, one fact at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.effects import Effect, Fired
from engine.alarm.events import (
    NotificationSettled,
    NotificationsWithdrawn,
    StepFired,
)
from engine.alarm.outgoing import with_outcome, with_round, with_withdrawal
from engine.alarm.state import Alarm, Publicity, Response
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, Instant, StepId
from tests.engine.alarm.scene import Scene
from tests.fakes import START

STEP = StepId("near")


def after(seconds: float) -> Instant:
    return START.plus(timedelta(seconds=seconds))


def bare() -> Alarm:
    return structs.replace(Scene().raised().state(), fired={}, spent={})


def fired(alarm: Alarm, number: int, found: int = 2, replaces: int = 0) -> Alarm:
    event = StepFired(
        at=after(number), step=STEP, round=number, found=found, replaces=replaces
    )
    return with_round(alarm, event)


def test_rounds_are_counted_from_the_first_and_timed_by_the_last() -> None:
    alarm = fired(fired(bare(), 1), 2, found=0)
    assert alarm.fired[STEP] == Fired(
        first_at=after(1), last_at=after(2), rounds=2, nobody=True
    )


def test_a_round_that_replaces_people_delays_no_later_one() -> None:
    alarm = fired(fired(fired(bare(), 1), 2, replaces=1), 3, replaces=2)
    assert alarm.fired[STEP] == Fired(
        first_at=after(1), last_at=after(1), rounds=3, extra=2, replaced=3
    )
    first = fired(bare(), 1, replaces=1)
    assert first.fired[STEP] == Fired(
        first_at=after(1), last_at=after(1), extra=1, replaced=1
    )


def test_rounds_of_before_a_reopening_are_not_counted_again() -> None:
    alarm = structs.replace(bare(), spent={STEP: 4})
    assert fired(alarm, 5).fired[STEP].rounds == 1


@pytest.mark.parametrize("response", list(Response))
def test_the_first_round_of_a_raised_case_is_what_makes_it_notifying(
    response: Response,
) -> None:
    alarm = fired(structs.replace(bare(), response=response), 1)
    begins = response is Response.RAISED
    assert alarm.response is (Response.NOTIFYING if begins else response)


def settles(effect: EffectId, state: EffectState) -> NotificationSettled:
    return NotificationSettled(
        at=after(9),
        effect=effect,
        state=state,
        attempt=2,
        route="",
        reference="7",
        reason="r",
        retry=True,
    )


@pytest.mark.parametrize("audience", [Audience.PUBLIC, Audience.NEAREST])
@pytest.mark.parametrize("state", list(EffectState))
def test_only_a_post_that_was_taken_has_made_the_case_public(
    audience: Audience, state: EffectState
) -> None:
    alarm = Scene().raised().state()
    effect = structs.replace(next(iter(alarm.effects.values())), audience=audience)
    alarm = structs.replace(alarm, effects={effect.effect: effect})
    event = settles(effect.effect, state)
    settled = with_outcome(alarm, event)
    taken = state in {EffectState.ACCEPTED, EffectState.DELIVERED}
    is_public = audience is Audience.PUBLIC and taken
    assert (settled.publicity is Publicity.PUBLISHED) is is_public
    assert settled.effects[effect.effect] == structs.replace(
        effect, state=state, attempt=2, settled_at=after(9), reason="r", retry=True
    )
    by_route = with_outcome(alarm, replace(event, route="modem-2"))
    assert by_route.effects[effect.effect].route == "modem-2"
    assert with_outcome(alarm, replace(event, effect=EffectId("x"))) == alarm


def test_a_route_is_kept_where_the_outcome_names_none() -> None:
    alarm = Scene().raised().state()
    effect = structs.replace(next(iter(alarm.effects.values())), route="modem-1")
    alarm = structs.replace(alarm, effects={effect.effect: effect})
    event = settles(effect.effect, EffectState.ACCEPTED)
    assert with_outcome(alarm, event).effects[effect.effect].route == "modem-1"


def test_only_what_nobody_has_attempted_is_taken_back() -> None:
    alarm = Scene().raised().state()
    one, two, three = list(alarm.effects.values())[:3]
    effects: dict[EffectId, Effect] = {
        EffectId("planned"): one,
        EffectId("tried"): structs.replace(two, state=EffectState.ATTEMPTING),
        EffectId("other"): three,
    }
    alarm = structs.replace(alarm, effects=effects)
    named = (EffectId("planned"), EffectId("tried"), EffectId("gone"))
    after_it = with_withdrawal(
        alarm, NotificationsWithdrawn(at=after(3), effects=named)
    )
    assert after_it.effects == {
        **effects,
        EffectId("planned"): structs.replace(
            one, state=EffectState.WITHDRAWN, settled_at=after(3)
        ),
    }

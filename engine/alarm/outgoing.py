"""Fold the facts of steps and notifications into an alarm. Pure."""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.alarm.casework import are_handed_on
from engine.alarm.effects import Effect, Fired
from engine.alarm.events import (
    NotificationPlanned,
    NotificationSettled,
    NotificationsWithdrawn,
    RecipientsChosen,
    StepFired,
)
from engine.alarm.state import Alarm, Publicity, Response, Told
from engine.dispatch.body import PublicBody
from engine.ports.journal import EffectState
from engine.protocol.model import RECEIPT, RECEIPT_TAKEN, Audience


def with_round(alarm: Alarm, event: StepFired) -> Alarm:
    """Count a round of a step."""
    before = alarm.fired.get(event.step)
    fired = Fired(
        first_at=event.at if before is None else before.first_at,
        last_at=event.at if before is None or not event.replaces else before.last_at,
        rounds=event.round - alarm.spent.get(event.step, 0),
        nobody=event.found == 0,
        extra=(before.extra if before else 0) + bool(event.replaces),
        replaced=(before.replaced if before else 0) + event.replaces,
        turned=before.turned if before else 0,
    )
    response = alarm.response
    if response is Response.RAISED:
        response = Response.NOTIFYING
    return replace(alarm, fired={**alarm.fired, event.step: fired}, response=response)


def with_recipients(alarm: Alarm, event: RecipientsChosen) -> Alarm:
    """Enter whom a round found.

    That somebody was forced since they said that it is false outlasts their entry of
    before: else that word would count again. What they said of it is no answer to this.
    """
    new = {
        chosen.person: Told(
            person=chosen.person,
            alias=chosen.alias,
            audience=event.audience,
            language=chosen.language,
            sign=chosen.sign,
            code=chosen.code,
            distance_m=chosen.distance_m,
            place_age=chosen.place_age,
            declared=chosen.declared,
            zone=chosen.zone,
            ways=chosen.ways,
            console=chosen.console,
            under_force_at=None if before is None else before.under_force_at,
            anew_at=None if before is None else event.at,
            answers=0 if before is None else before.answers,
            receipts=0 if before is None else before.receipts,
        )
        for chosen in event.chosen
        if event.audience is not Audience.PUBLIC
        and ((before := alarm.told.get(chosen.person)) is None or before.ended)
    }
    return replace(alarm, told={**alarm.told, **new})


def with_notification(alarm: Alarm, event: NotificationPlanned) -> Alarm:
    """Enter a notification."""
    effects = dict(alarm.effects)
    if event.repeat_of is not None and event.repeat_of in effects:
        effects[event.repeat_of] = replace(effects[event.repeat_of], repeated=True)
    if event.climbs is not None and event.climbs in effects:
        effects[event.climbs] = replace(effects[event.climbs], climbed=True)
    effects[event.effect] = Effect(
        effect=event.effect,
        step=event.step,
        round=event.round,
        repeat=event.repeat,
        person=event.person,
        audience=event.audience,
        channel=event.channel,
        address=event.body.address,
        effect_class=event.effect_class,
        planned_at=event.at,
        post=event.body if isinstance(event.body, PublicBody) else None,
    )
    return replace(alarm, effects=effects, told=_with_receipt(alarm, event))


def _with_receipt(alarm: Alarm, event: NotificationPlanned) -> Mapping[str, Told]:
    told = alarm.told.get(event.person)
    if told is None or event.step not in {RECEIPT.id, RECEIPT_TAKEN.id}:
        return alarm.told
    return {**alarm.told, event.person: replace(told, receipts=told.answers)}


def with_outcome(alarm: Alarm, event: NotificationSettled) -> Alarm:
    """Enter what is known of an outcome."""
    effect = alarm.effects.get(event.effect)
    if effect is None:
        return alarm
    settled = replace(
        effect,
        state=event.state,
        attempt=event.attempt,
        route=event.route or effect.route,
        settled_at=event.at,
        reason=event.reason,
        retry=event.retry,
    )
    published = effect.audience is Audience.PUBLIC and event.state in {
        EffectState.ACCEPTED,
        EffectState.DELIVERED,
    }
    return replace(
        alarm,
        effects={**alarm.effects, event.effect: settled},
        publicity=Publicity.PUBLISHED if published else alarm.publicity,
        handed_on=are_handed_on(alarm, event),
    )


def with_withdrawal(alarm: Alarm, event: NotificationsWithdrawn) -> Alarm:
    """Take back what nobody has attempted."""
    gone = set(event.effects)
    return replace(
        alarm,
        effects={
            key: replace(effect, state=EffectState.WITHDRAWN, settled_at=event.at)
            if key in gone and effect.state is EffectState.PLANNED
            else effect
            for key, effect in alarm.effects.items()
        },
    )

"""Fold a fact into an alarm; never refuses one, since it has happened."""

from typing import assert_never

from engine.alarm.copying import replace
from engine.alarm.events import (
    ActRefused,
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    AlarmReopened,
    AlarmVerified,
    CancelRequested,
    DetailsRevealed,
    NoteAdded,
    NotificationPlanned,
    NotificationSettled,
    NotificationsWithdrawn,
    PressJoined,
    PublicationApproved,
    RecipientsChosen,
    ReplyReceived,
    StepFired,
)
from engine.alarm.state import (
    Act,
    Alarm,
    Effect,
    Fired,
    KnownPlace,
    PlaceSource,
    Publicity,
    Response,
    Told,
    Truth,
)
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import AlarmId, OperatorId

NOBODY = OperatorId("")


def begin(alarm_id: AlarmId, event: AlarmRaised) -> Alarm:
    """Return the alarm that a raise begins."""
    return Alarm(
        id=alarm_id,
        seq=1,
        kind=event.kind,
        subject=event.subject,
        defender=event.defender,
        alias=event.alias,
        country=event.country,
        consented=event.consented,
        protocol=event.protocol,
        raised_at=event.at,
        urgent_since=event.at,
        place=event.place,
        presses=(event.press,),
    )


def fold(alarm_id: AlarmId, alarm: Alarm | None, event: AlarmEvent) -> Alarm | None:
    """Return the alarm after a fact; before its raise there is none."""
    if alarm is not None:
        return evolve(alarm, event)
    return begin(alarm_id, event) if isinstance(event, AlarmRaised) else None


def evolve(alarm: Alarm, event: AlarmEvent) -> Alarm:
    """Return the alarm after a fact."""
    return replace(_evolved(alarm, event), seq=alarm.seq + 1)


def _evolved(alarm: Alarm, event: AlarmEvent) -> Alarm:
    match event:
        case AlarmRaised() | PressJoined():
            return _pressed(alarm, event)
        case CancelRequested():
            return replace(alarm, cancel_requests=alarm.cancel_requests + 1)
        case StepFired():
            return _fired(alarm, event)
        case RecipientsChosen():
            return _chosen(alarm, event)
        case NotificationPlanned():
            return _planned(alarm, event)
        case NotificationSettled():
            return _settled(alarm, event)
        case NotificationsWithdrawn():
            return _withdrawn(alarm, event)
        case ReplyReceived():
            return _replied(alarm, event)
        case NoteAdded() | DetailsRevealed() | ActRefused():
            return alarm
        case _:
            return _decided(alarm, event)


def _decided(
    alarm: Alarm,
    event: AlarmAcknowledged
    | AlarmVerified
    | PublicationApproved
    | AlarmClosed
    | AlarmReopened,
) -> Alarm:
    match event:
        case AlarmAcknowledged():
            truth = alarm.truth
            return replace(
                alarm,
                response=Response.ACKNOWLEDGED,
                truth=Truth.VERIFYING if truth is Truth.UNVERIFIED else truth,
                acknowledged=Act(by=event.by, at=event.at),
            )
        case AlarmVerified():
            return replace(
                alarm,
                truth=event.truth,
                response=Response.FOLLOWING_UP,
                verified=Act(by=event.by, at=event.at),
            )
        case PublicationApproved():
            return replace(
                alarm,
                publicity=Publicity.APPROVED,
                approved=Act(by=event.by, at=event.at),
            )
        case AlarmClosed():
            return replace(
                alarm,
                response=Response.CLOSED,
                closed=Act(by=event.by, at=event.at),
                close_reason=event.reason,
            )
        case AlarmReopened():
            return _reopened(alarm, event)
        case _:
            assert_never(event)


def _pressed(alarm: Alarm, event: AlarmRaised | PressJoined) -> Alarm:
    joined = replace(
        alarm,
        presses=(*alarm.presses, event.press),
        place=better_place(alarm.place, event.place),
    )
    if isinstance(event, PressJoined) and event.urges and alarm.is_open:
        return replace(
            joined,
            response=Response.NOTIFYING,
            acknowledged=None,
            urgent_since=event.at,
        )
    return joined


def better_place(kept: KnownPlace, new: KnownPlace) -> KnownPlace:
    """Return the place to go by: a device's own fix first, then the newer one.

    A fix that the device buffered long ago does not displace a newer one.
    """
    ranks = list(PlaceSource)
    kept_rank, new_rank = ranks.index(kept.source), ranks.index(new.source)
    if new_rank > kept_rank:
        return kept
    older = kept.at is not None and new.at is not None and new.at < kept.at
    return kept if new_rank == kept_rank and older else new


def _fired(alarm: Alarm, event: StepFired) -> Alarm:
    before = alarm.fired.get(event.step)
    fired = Fired(
        first_at=event.at if before is None else before.first_at,
        last_at=event.at,
        rounds=event.round - alarm.spent.get(event.step, 0),
        nobody=event.found == 0,
    )
    response = alarm.response
    if response is Response.RAISED:
        response = Response.NOTIFYING
    return replace(alarm, fired={**alarm.fired, event.step: fired}, response=response)


def _chosen(alarm: Alarm, event: RecipientsChosen) -> Alarm:
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
        )
        for chosen in event.chosen
        if event.audience is not Audience.PUBLIC and _is_new(alarm, chosen.person)
    }
    return replace(alarm, told={**alarm.told, **new})


def _is_new(alarm: Alarm, person: str) -> bool:
    told = alarm.told.get(person)
    return told is None or told.ended


def _planned(alarm: Alarm, event: NotificationPlanned) -> Alarm:
    effects = dict(alarm.effects)
    if event.repeat_of is not None and event.repeat_of in effects:
        effects[event.repeat_of] = replace(effects[event.repeat_of], repeated=True)
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
    )
    return replace(alarm, effects=effects)


def _settled(alarm: Alarm, event: NotificationSettled) -> Alarm:
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
    )


def _withdrawn(alarm: Alarm, event: NotificationsWithdrawn) -> Alarm:
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


def _replied(alarm: Alarm, event: ReplyReceived) -> Alarm:
    told = alarm.told.get(event.person)
    if told is None or not event.authentic:
        return alarm
    entry = replace(told, reply=event.reply, replied_at=event.at)
    return replace(alarm, told={**alarm.told, event.person: entry})


def _reopened(alarm: Alarm, event: AlarmReopened) -> Alarm:
    """Begin the response again: HQ acknowledges anew.

    An operator's reopening leaves what was sent as sent. A press after the end is a
    distress that nobody hears of unless every step for people runs anew; what the
    world was told stays told.
    """
    steps = alarm.protocol.steps
    by_press = event.by is None
    anew = {
        step.id
        for step in steps
        if step.to is not Audience.PUBLIC
        and (by_press or alarm.protocol.begins_at_close(step))
    }
    spent = {
        key: alarm.spent.get(key, 0) + alarm.fired[key].rounds
        for key in anew
        if key in alarm.fired
    }
    is_over = by_press and alarm.truth is Truth.FALSE
    told = {
        person: replace(entry, ended=True, reply=None, replied_at=None)
        for person, entry in alarm.told.items()
    }
    return replace(
        alarm,
        response=Response.NOTIFYING,
        acknowledged=None,
        closed=None,
        close_reason=None,
        urgent_since=event.at,
        truth=Truth.UNVERIFIED if is_over else alarm.truth,
        verified=None if is_over else alarm.verified,
        told=told if by_press else alarm.told,
        fired={step: kept for step, kept in alarm.fired.items() if step not in anew},
        spent={**alarm.spent, **spent},
    )

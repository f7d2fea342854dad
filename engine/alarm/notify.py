"""From a due round and the people found to planned notifications: pure."""

from dataclasses import replace
from typing import assert_never

from engine.alarm.commands import Found, Recipient
from engine.alarm.events import (
    AlarmEvent,
    Chosen,
    NotificationPlanned,
    RecipientsChosen,
    StepFired,
)
from engine.alarm.schedule import DueRound, rounds_of
from engine.alarm.state import Alarm, Effect, Kind, PlaceSource, Told
from engine.dispatch.body import EffectBody
from engine.dispatch.queue import (
    RANK_CALL,
    RANK_DISTRESS,
    RANK_HQ,
    RANK_PUBLIC,
    RANK_STOP,
)
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import Audience, Step
from engine.protocol.texts import TextFacts, compose, subject
from engine.values import EffectId, Instant

_UNREACHED = frozenset(
    {EffectState.PLANNED, EffectState.WITHDRAWN, EffectState.REJECTED}
)


def plan_round(
    alarm: Alarm, due: DueRound, found: Found, now: Instant
) -> list[AlarmEvent]:
    """Return the facts of one round; empty while its look-up is unanswered."""
    step = due.step
    if step.to is Audience.TOLD:
        return _plan_told(alarm, due, now)
    recipients = found.get((step.id, due.round))
    if recipients is None:
        return []
    chosen = tuple(_chosen(alarm, recipient) for recipient in recipients)
    # Nobody answers who has no address that the step may use.
    found_count = sum(
        any(channel in step.channels for channel, _ in recipient.addresses)
        for recipient in recipients
    )
    events: list[AlarmEvent] = [
        StepFired(at=now, step=step.id, round=due.round, found=found_count),
        RecipientsChosen(
            at=now, step=step.id, round=due.round, audience=step.to, chosen=chosen
        ),
    ]
    for order, (recipient, choice) in enumerate(zip(recipients, chosen, strict=True)):
        events += [
            _notification(
                alarm,
                due,
                channel=channel,
                address=address,
                told=_told(choice, step.to),
                country=recipient.country_name,
                now=now,
                order=order,
            )
            for channel, address in recipient.addresses
            if channel in step.channels
        ]
    return events


def plan_repeat(alarm: Alarm, effect: Effect, now: Instant) -> list[AlarmEvent]:
    """Return the repeat of a notification that was not proven to arrive."""
    step = alarm.protocol.step(effect.step)
    told = alarm.told.get(effect.person)
    if step is None or told is None:
        return []
    due = DueRound(step=step, round=effect.round)
    planned = _notification(
        alarm,
        due,
        channel=effect.channel,
        address=effect.address,
        told=told,
        country="",
        now=now,
        repeats=effect,
    )
    return [planned]


def plan_latecomers(alarm: Alarm, now: Instant) -> list[AlarmEvent]:
    """Return stop messages for whom a closed alarm's news turned out to reach.

    What was being sent at the moment of closing counts as not sent then; where it
    went out all the same, its recipient hears of the end as well.
    """
    if alarm.is_open:
        return []
    return [
        planned
        for step in alarm.protocol.steps
        if step.to is Audience.TOLD
        and step.id in alarm.fired
        and alarm.protocol.begins_at_close(step)
        for planned in _stops(
            alarm, DueRound(step=step, round=rounds_of(alarm, step)), now
        )
    ]


def _plan_told(alarm: Alarm, due: DueRound, now: Instant) -> list[AlarmEvent]:
    """Tell everyone who was told, where they were told."""
    stops = _stops(alarm, due, now)
    fired = StepFired(at=now, step=due.step.id, round=due.round, found=len(stops))
    return [fired, *stops]


def _stops(alarm: Alarm, due: DueRound, now: Instant) -> list[AlarmEvent]:
    """Return this round's messages to whom was told and has not got one of it."""
    step = due.step
    targets = {
        (effect.person, effect.channel): effect.address
        for effect in alarm.effects.values()
        if effect.state not in _UNREACHED
        and effect.channel in step.channels
        and effect.audience not in {Audience.PUBLIC, Audience.TOLD}
    }
    planned = {
        (effect.person, effect.channel)
        for effect in alarm.effects.values()
        if effect.step == step.id and effect.round == due.round
    }
    return [
        _notification(
            alarm,
            due,
            channel=channel,
            address=address,
            told=alarm.told[person],
            country="",
            now=now,
        )
        for (person, channel), address in targets.items()
        if person in alarm.told and (person, channel) not in planned
    ]


def _chosen(alarm: Alarm, recipient: Recipient) -> Chosen:
    """Keep the code that somebody told before has already."""
    told = alarm.told.get(recipient.person)
    return Chosen(
        person=recipient.person,
        alias=recipient.alias,
        language=recipient.language,
        sign=recipient.sign,
        code=told.code if told is not None else recipient.code,
        distance_m=recipient.distance_m,
        place_age=recipient.place_age,
        declared=recipient.declared,
    )


def _told(choice: Chosen, audience: Audience) -> Told:
    return Told(
        person=choice.person,
        alias=choice.alias,
        audience=audience,
        language=choice.language,
        sign=choice.sign,
        code=choice.code,
    )


def _notification(
    alarm: Alarm,
    due: DueRound,
    *,
    channel: str,
    address: str,
    told: Told,
    country: str,
    now: Instant,
    order: int = 0,
    repeats: Effect | None = None,
) -> NotificationPlanned:
    step = due.step
    repeat = 0 if repeats is None else repeats.repeat + 1
    key = f"{alarm.id}.{step.id}.{due.round}.{told.person}.{channel}.{repeat}"
    facts = _facts(alarm, told, step, country)
    body = EffectBody(
        address=address,
        language=told.language,
        segments=compose(step.text, told.language, facts, now=now, repeat=repeat),
        subject=subject(step.text, told.language, facts),
        repeat=repeat,
        data=_data(alarm, step),
    )
    return NotificationPlanned(
        at=now,
        effect=EffectId(key),
        step=step.id,
        round=due.round,
        repeat=repeat,
        repeat_of=None if repeats is None else repeats.effect,
        person=told.person,
        audience=step.to,
        channel=channel,
        effect_class=effect_class(step.to),
        rank=_rank(step.to, channel, order),
        avoid_route="" if repeats is None else repeats.route,
        body=body,
    )


def effect_class(audience: Audience) -> EffectClass:
    """Return S where people are told, X where the world is."""
    public = audience is Audience.PUBLIC
    return EffectClass.EXCLUSIVE if public else EffectClass.SAFETY


def _rank(audience: Audience, channel: str, order: int) -> int:
    match audience:
        case Audience.NEAREST | Audience.CONTACTS | Audience.DUTY:
            # A call holds a modem for as long as it rings: short messages first. Of
            # many alarms at once the nearest of each goes before anybody's second.
            last = RANK_CALL - 1
            is_call = channel == "call"
            return RANK_CALL if is_call else min(RANK_DISTRESS + order, last)
        case Audience.HQ:
            return RANK_HQ
        case Audience.TOLD:
            return RANK_STOP
        case Audience.PUBLIC:
            return RANK_PUBLIC
        case _:
            assert_never(audience)


def _facts(alarm: Alarm, told: Told, step: Step, country: str) -> TextFacts:
    place = alarm.place
    facts = TextFacts(
        alias=alarm.alias,
        code=told.code,
        sign=told.sign,
        lat_deg=place.lat_deg,
        lon_deg=place.lon_deg,
        accuracy_m=place.accuracy_m,
        place_at=None if place.source is PlaceSource.DECLARED else place.at,
        declared=(place.name or "?") if place.source is PlaceSource.DECLARED else "",
        pressed_at=alarm.presses[-1].at,
        doubts=doubts_of(alarm),
        signals=alarm.presses[-1].signals or ("report",),
        mark="" if alarm.kind is Kind.REAL else alarm.kind.value,
    )
    if step.to is not Audience.PUBLIC:
        return facts
    # Nothing finer than the country and no name ever reaches a public text.
    return replace(
        facts,
        alias="",
        code="",
        sign="",
        country=country,
        lat_deg=None,
        lon_deg=None,
        accuracy_m=None,
        place_at=None,
        declared="",
        doubts=(),
        signals=(),
    )


def doubts_of(alarm: Alarm) -> tuple[str, ...]:
    """Return the words (keys of the wording's table) for what is odd about it."""
    press = alarm.presses[-1]
    words = (
        ("late", press.late),
        ("clock", press.clock_doubtful),
        ("checksum", press.checksum_failed),
        ("undecodable", press.undecodable),
    )
    said = tuple(word for word, is_so in words if is_so)
    doubt = press.doubt if not alarm.confirmed_source else None
    return said if doubt is None else (*said, doubt.value)


def _data(alarm: Alarm, step: Step) -> dict[str, str]:
    """Return what structured channels send; a public one gets none of it."""
    if step.to is Audience.PUBLIC:
        return {}
    return {
        "alarm": alarm.id,
        "alias": alarm.alias,
        "step": step.id,
        "kind": alarm.kind.value,
        "response": alarm.response.value,
        "truth": alarm.truth.value,
    }

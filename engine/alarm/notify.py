"""From a due round and the people found to planned notifications: pure."""

from dataclasses import replace
from typing import assert_never

from msgspec import structs

from engine.alarm.casework import hears_no_more, reached
from engine.alarm.commands import Found, Recipient
from engine.alarm.contents import (
    data_of,
    facts_of,
    page_of,
    public_facts_of,
    text_of,
    with_case,
)
from engine.alarm.effects import Effect
from engine.alarm.events import (
    AlarmEvent,
    Chosen,
    NotificationPlanned,
    RecipientsChosen,
    StepFired,
)
from engine.alarm.ladder import Climb, first_way
from engine.alarm.left_out import is_cut_off, leave_out
from engine.alarm.posts import posted_anew
from engine.alarm.receipts import receipts_due
from engine.alarm.schedule import DueRound, next_call, rounds_of
from engine.alarm.state import Alarm, Kind, ReplyKind, Told
from engine.alarm.verdicts import has_spoken
from engine.dispatch.body import EffectBody, PublicBody
from engine.dispatch.queue import (
    AGAIN,
    RANK_AGAIN,
    RANK_CALL,
    RANK_DISTRESS,
    RANK_HQ,
    RANK_PUBLIC,
    RANK_STOP,
    RANK_STRANGER,
    RANK_STRANGERS_CALL,
)
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.language import FALLBACK, wording
from engine.protocol.model import KNOWN, RECEIPT, RECEIPT_TAKEN, Audience, Step
from engine.protocol.texts import TextFacts, compose, compose_public, finish, subject
from engine.values import EffectId, Instant

_BY_MODEM = frozenset({"sms", "call"})
"""Behind calls, of which there may be one at every moment, a page would wait for ever;
and while one waits no round plans another."""
_LATELY = 300
"""Of so many notifications it is asked which wait: a case of days has thousands."""


def plan_round(
    alarm: Alarm, due: DueRound, found: Found, now: Instant
) -> list[AlarmEvent]:
    """Return the facts of one round; empty while its look-up is unanswered."""
    step = due.step
    if step.to in {Audience.TOLD, Audience.EVERYONE}:
        return _plan_told(alarm, due, now)
    if step.to in KNOWN:
        return _plan_known(alarm, due, now)
    answer = found.get((step.id, due.round))
    if answer is None:
        return []
    recipients = [one for one in answer if one.left_out is None]
    left_out = [one.left_out for one in answer if one.left_out is not None]
    chosen = tuple(_chosen(alarm, recipient, step) for recipient in recipients)
    # Nobody answers who has no address that the step may use.
    found_count = sum(
        any(channel in step.channels for channel, _ in recipient.addresses)
        for recipient in recipients
    )
    events: list[AlarmEvent] = [
        StepFired(
            at=now,
            step=step.id,
            round=due.round,
            found=found_count,
            replaces=due.replaces,
        ),
        RecipientsChosen(
            at=now, step=step.id, round=due.round, audience=step.to, chosen=chosen
        ),
        *leave_out(alarm, left_out, now),
    ]
    waiting = _waiting(alarm, step)
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
            for channel, address in first_way(step, recipient.addresses)
            if (recipient.person, channel) not in waiting
        ]
    return events


def _waiting(alarm: Alarm, step: Step) -> frozenset[tuple[str, str]]:
    """Return to whom, and by which channel, a step has something waiting to be sent.

    While no modem sends, each round of paging would put another message before those
    of a new alarm; the one that waits says the same, with the age of its time. Not to
    the defender: their own device sees by rounds that nothing depends on the case.
    """
    if step.to is Audience.DEFENDER:
        return frozenset()
    lately = list(alarm.effects.values())[-_LATELY:]
    return frozenset(
        (effect.person, effect.channel)
        for effect in lately
        if effect.state is EffectState.PLANNED and effect.step == step.id
    )


def plan_climb(alarm: Alarm, climb: Climb, now: Instant) -> list[AlarmEvent]:
    """Return the notification by which a person is tried on the next rung."""
    told = alarm.told.get(climb.effect.person)
    if told is None:
        return []
    due = DueRound(step=climb.step, round=climb.effect.round)
    planned = _notification(
        alarm,
        due,
        channel=climb.channel,
        address=climb.address,
        told=told,
        country="",
        now=now,
    )
    return [replace(planned, climbs=climb.effect.effect)]


def plan_repeat(alarm: Alarm, effect: Effect, now: Instant) -> list[AlarmEvent]:
    """Return the repeat of a notification that was not proven to arrive."""
    if effect.post is not None:
        return [posted_anew(effect, effect.post, now)]
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
    if alarm.is_open or alarm.merged_into is not None:
        return []
    return [
        planned
        for step in alarm.protocol.steps
        if step.id in alarm.fired
        and step.to is Audience.TOLD
        and alarm.protocol.begins_at_close(step)
        for planned in _stops(
            alarm, DueRound(step=step, round=rounds_of(alarm, step)), now
        )
    ]


def plan_receipts(alarm: Alarm, now: Instant) -> list[AlarmEvent]:
    """Return the receipts of answers that count; people of a merged case get theirs."""
    merged = {
        one.person: address
        for one in alarm.taken_in
        for channel, address in one.ways
        if channel == "sms"
    }
    return [
        _notification(
            alarm,
            DueRound(step=step, round=told.answers),
            channel="sms",
            address=address,
            told=told,
            country="",
            now=now,
        )
        for told, step in receipts_due(alarm)
        if (address := _address(alarm, told, "sms") or merged.get(told.person))
    ]


def _plan_told(alarm: Alarm, due: DueRound, now: Instant) -> list[AlarmEvent]:
    """Tell everyone who was told, where they were told."""
    stops = _stops(alarm, due, now)
    fired = StepFired(at=now, step=due.step.id, round=due.round, found=len(stops))
    return [fired, *stops]


def _plan_known(alarm: Alarm, due: DueRound, now: Instant) -> list[AlarmEvent]:
    """Write again to colleagues and contacts, each for themselves."""
    step = due.step
    asked = [told for told in alarm.told.values() if _is_asked(alarm, told, step.to)]
    planned = [
        _notification(
            alarm,
            due,
            channel=channel,
            address=address,
            told=told,
            country="",
            now=now,
            order=order,
        )
        for order, told in enumerate(asked)
        for channel in step.channels
        if (address := _address(alarm, told, channel)) is not None
    ]
    people = len({event.person for event in planned})
    fired = StepFired(at=now, step=step.id, round=due.round, found=people)
    return [fired, *planned]


def _is_asked(alarm: Alarm, told: Told, audience: Audience) -> bool:
    may_go = told.audience in {Audience.NEAREST, Audience.CONTACTS} and not told.ended
    may_go = may_go and not is_cut_off(alarm, told.person)
    if audience is Audience.ASKED:
        return may_go and told.seen_reply is not ReplyKind.CANNOT
    return may_go and told.seen_reply is None and not has_spoken(alarm, told)


def _address(alarm: Alarm, told: Told, channel: str) -> str | None:
    """Return where a channel reached somebody last; a number does for both."""
    ways = {"sms", "call"} if channel in {"sms", "call"} else {channel}
    found = (
        effect.address
        for effect in reversed([*alarm.effects.values()])
        if effect.person == told.person and effect.channel in ways
    )
    # On a ladder not every rung has been tried, and all are known.
    return next(found, None) or dict(told.ways).get(channel)


def _stops(alarm: Alarm, due: DueRound, now: Instant) -> list[AlarmEvent]:
    """Return this round's messages to whom was told and has not got one of it."""
    step = due.step
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
        for (person, channel), address in _ways_back(alarm, step).items()
        if (person, channel) not in planned
        and person in alarm.told
        and not is_cut_off(alarm, person)
        and not hears_no_more(alarm, alarm.told[person], step.to)
    ]


def _ways_back(alarm: Alarm, step: Step) -> dict[tuple[str, str], str]:
    """Return where a step finds everybody who was told.

    Whom none of its channels has reached, who was rung, say, is written to by any
    other way that is known of them.
    """
    told = reached(alarm)
    found = {way: address for way, address in told.items() if way[1] in step.channels}
    answered = {person for person, _ in found}
    for person in dict.fromkeys(person for person, _ in told):
        if person in answered or person not in alarm.told:
            continue
        known = dict(alarm.told[person].ways)
        if number := told.get((person, "call")):
            known["sms"] = number
        found |= {
            (person, channel): known[channel]
            for channel in step.channels
            if channel in known and channel != "call"
        }
    return found


def _chosen(alarm: Alarm, recipient: Recipient, step: Step) -> Chosen:
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
        zone=recipient.zone,
        ways=recipient.addresses if step.ladder else (),
        console=recipient.console,
    )


def _told(choice: Chosen, audience: Audience) -> Told:
    return Told(
        person=choice.person,
        alias=choice.alias,
        audience=audience,
        language=choice.language,
        sign=choice.sign,
        code=choice.code,
        zone=choice.zone,
        console=choice.console,
        distance_m=choice.distance_m,
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
    if step.to is Audience.PUBLIC:
        body: EffectBody | PublicBody = _post(alarm, step, told, address, country)
        english = ""
    else:
        facts, text = facts_of(alarm, told, step), text_of(alarm, step)
        if step is alarm.protocol.nobody_near:
            facts = structs.replace(facts, next_step=next_call(alarm, now))
        english = _english(step, told, facts, now)
        facts = with_case(facts, alarm, told, step, channel)
        body = EffectBody(
            address=address,
            language=told.language,
            segments=compose(text, told.language, facts, now=now, repeat=repeat),
            subject=subject(text, told.language, facts),
            repeat=repeat,
            data=data_of(alarm, step),
            page=page_of(alarm, told, step, channel),
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
        rank=_rank(alarm, step, channel, order, repeat),
        avoid_route="" if repeats is None else repeats.route,
        body=body,
        english=english,
    )


def _post(
    alarm: Alarm, step: Step, told: Told, address: str, country: str
) -> PublicBody:
    """Return what the world is to read."""
    facts = public_facts_of(alarm, country)
    said = compose_public(text_of(alarm, step), told.language, facts)
    return PublicBody(address=address, language=told.language, said=said)


def _english(step: Step, told: Told, facts: TextFacts, now: Instant) -> str:
    """Return what a text says, for HQ, where nobody has reviewed its language."""
    if wording(told.language).is_reviewed:
        return ""
    parts = compose(step.text, FALLBACK, facts, now=now)
    return "".join(part.text for part in finish(parts, FALLBACK, now))


def effect_class(audience: Audience) -> EffectClass:
    """Return S where people are told, X where the world is."""
    public = audience is Audience.PUBLIC
    return EffectClass.EXCLUSIVE if public else EffectClass.SAFETY


def _rank(alarm: Alarm, step: Step, channel: str, order: int, repeat: int) -> int:
    if step in {RECEIPT, RECEIPT_TAKEN}:
        return RANK_DISTRESS + 1  # behind the first message of each new alarm
    # Behind what goes to the defender, first or again, whatever the step is called.
    order += alarm.protocol.begins_by_force(step)
    rank = _first_rank(alarm, step.to, channel, order, repeat)
    is_again = channel == "sms" and repeat >= AGAIN
    if is_again and step.to is not Audience.DEFENDER:
        return max(rank, RANK_AGAIN)
    return rank


def _first_rank(
    alarm: Alarm, audience: Audience, channel: str, order: int, repeat: int
) -> int:
    if alarm.defender is None and audience in {Audience.DUTY, Audience.HQ}:
        return RANK_STRANGERS_CALL if channel == "call" else RANK_STRANGER
    if alarm.kind is Kind.NOTICE and audience in {Audience.DUTY, Audience.HQ}:
        return RANK_HQ  # whoever knows numbers of ours can have one of each
    if audience is Audience.DUTY and channel not in _BY_MODEM and repeat >= AGAIN:
        return RANK_HQ  # without end, and HQ may have heard of that alarm by now
    match audience:
        case (
            Audience.NEAREST
            | Audience.CONTACTS
            | Audience.DUTY
            | Audience.ASKED
            | Audience.SILENT
            | Audience.DEFENDER
        ):
            # A call holds a modem for as long as it rings: short messages first. Of
            # many alarms at once the nearest of each goes before anybody's second.
            last = RANK_CALL - 1
            is_call = channel == "call"
            return RANK_CALL if is_call else min(RANK_DISTRESS + order, last)
        case Audience.HQ | Audience.EVERYONE:
            return RANK_CALL - 1 if channel == "sms" else RANK_HQ
        case Audience.TOLD:
            return RANK_STOP
        case Audience.PUBLIC:
            return RANK_PUBLIC
        case _:
            assert_never(audience)

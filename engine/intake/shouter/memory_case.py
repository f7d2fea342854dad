"""A case that no row holds: decided by the alarm's own functions, kept in memory. Pure.

The first step is that of the action protocol, for its audience, in its words. What a
word of duress says is kept for the rows; nothing that anybody is sent knows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from msgspec import structs

from engine.alarm.asking import Questions
from engine.alarm.commands import AddNote, Raise, TakeReply
from engine.alarm.contents import AT_HQ
from engine.alarm.decide import begun
from engine.alarm.desk import Desk
from engine.alarm.events import (
    AlarmEvent,
    AlarmRaised,
    NotificationPlanned,
    PressJoined,
)
from engine.alarm.evolve import fold
from engine.alarm.notify import plan_repeat
from engine.alarm.rows import append_of, plans_of
from engine.alarm.state import Alarm, Kind, Press
from engine.dispatch.body import EffectBody, decode_body
from engine.intake.judge import alarm_id
from engine.ports.journal import Append, EffectClass, EffectRow, Record
from engine.values import CommandId, EffectId, Instant, ReportKey

Way = tuple[str, str]
"""A channel and an address on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryCase:
    """What has happened, as it will stand in rows.

    `alarm` is folded without any word of duress; `presses` are as they were said.
    """

    alarm: Alarm
    events: tuple[AlarmEvent, ...]
    presses: Mapping[ReportKey, Press]
    records: tuple[Record, ...] = ()
    command_id: CommandId


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one person is sent; `again` is the same, marked as a repeat."""

    effect: EffectId
    channel: str
    body: EffectBody
    again: EffectBody


def tells_colleagues(command: Raise) -> bool:
    """Say whether a press is of somebody whose action protocol is known."""
    is_distress = command.kind is not Kind.NOTICE
    return is_distress and command.defender is not None and not command.press.unseen


def is_call_for_help(command: Raise) -> bool:
    """Say whether a short message is one, and would be with any other word in it."""
    return command.kind is Kind.REAL and not command.press.unseen


def begin(
    command: Raise, records: tuple[Record, ...], desk: Desk, now: Instant
) -> MemoryCase | None:
    """Return the case that a press would have raised, its first step decided.

    Args:
        command: as the normal path would have given it.
        records: the signal, where it is not durable either.
        desk: answers look-ups from memory alone.
        now: the time of every fact.

    """
    key = command.press.key
    decided = Questions(desk=desk).considered(alarm_id(key), None, _shown(command), now)
    if decided.alarm is None:
        return None
    return MemoryCase(
        alarm=decided.alarm,
        events=decided.events,
        presses={key: command.press},
        records=records,
        command_id=command.command_id,
    )


def joined(
    case: MemoryCase, command: Raise, records: tuple[Record, ...], now: Instant
) -> MemoryCase:
    """Return a case with one more press; nobody is told of it twice."""
    presses = {**case.presses, command.press.key: command.press}
    return _further(replace(case, presses=presses), _shown(command), records, now)


def heard(
    case: MemoryCase, command: TakeReply | AddNote, record: Record, now: Instant
) -> MemoryCase:
    """Return a case with somebody's words in it."""
    return _further(case, command, (record,), now)


def messages_of(case: MemoryCase, now: Instant) -> tuple[Message, ...]:
    """Return whom the first step tells beside HQ, nearest first.

    Nobody is rung from memory: who is only to be called gets the words by SMS.
    """
    planned = [
        (event, event.body)
        for event in case.events
        if isinstance(event, NotificationPlanned)
        and event.audience not in AT_HQ
        and isinstance(event.body, EffectBody)
    ]
    written = {event.person for event, _ in planned if event.channel == "sms"}
    return tuple(
        Message(
            effect=event.effect,
            channel="sms" if event.channel == "call" else event.channel,
            body=body,
            again=_again(case.alarm, event, now) or body,
        )
        for event, body in sorted(planned, key=lambda one: one[0].rank)
        if event.channel != "call" or event.person not in written
    )


def appends_of(case: MemoryCase, epoch: int, now: Instant) -> tuple[Append, ...]:
    """Return the rows of a case: all of it first, then each of its codes.

    A code that somebody else has meanwhile costs no more than that code. Each message
    is planned; what became of it stands in rows of its own.
    """
    alarm: Alarm | None = None
    events = tuple(_as_said(case, event) for event in case.events)
    for event in events:
        alarm = fold(case.alarm.id, alarm, event)
    if alarm is None:
        return ()
    whole = append_of(None, alarm, events, case.command_id, epoch, due=now)
    bare = structs.replace(whole, records=case.records, codes=())
    claims = (
        Append(
            stream=whole.stream,
            expected_seq=len(events),
            epoch=epoch,
            command_id=CommandId(f"code/{code.code}"),
            events=(),
            head=whole.head,
            codes=(code,),
        )
        for code in whole.codes
    )
    return (bare, *claims)


def rows_of(case: MemoryCase) -> dict[Way, EffectRow]:
    """Return the rows of its messages, by channel and address."""
    return {
        (row.channel, decode_body(row.body).address): row
        for row in plans_of(case.alarm, case.events)
        if row.effect_class is EffectClass.SAFETY
    }


def _further(
    case: MemoryCase,
    command: Raise | TakeReply | AddNote,
    records: tuple[Record, ...],
    now: Instant,
) -> MemoryCase:
    decided = begun(case.alarm.id, case.alarm, command, now)
    return replace(
        case,
        alarm=decided.alarm or case.alarm,
        events=case.events + decided.events,
        records=case.records + records,
    )


def _shown(command: Raise) -> Raise:
    press = replace(command.press, duress=False, unseen=False)
    return structs.replace(command, press=press)


def _as_said(case: MemoryCase, event: AlarmEvent) -> AlarmEvent:
    if not isinstance(event, AlarmRaised | PressJoined):
        return event
    return replace(event, press=case.presses[event.press.key])


def _again(
    alarm: Alarm, planned: NotificationPlanned, now: Instant
) -> EffectBody | None:
    """Return a message's repeat, by whoever words it on the normal path."""
    effect = alarm.effects[planned.effect]
    bodies = (
        event.body
        for event in plan_repeat(alarm, effect, now)
        if isinstance(event, NotificationPlanned)
    )
    return next((body for body in bodies if isinstance(body, EffectBody)), None)

"""From decided events to the one append that makes them durable: pure."""

from engine.alarm.codec import encode
from engine.alarm.events import (
    AlarmEvent,
    AlarmRaised,
    CancelRequested,
    NoteAdded,
    NotificationPlanned,
    NotificationsWithdrawn,
    PressJoined,
    RecipientsChosen,
    ReplyReceived,
)
from engine.alarm.force import Look, look_of
from engine.alarm.lease import status_of
from engine.alarm.left_out import is_detained
from engine.alarm.schedule import owes_look
from engine.alarm.state import Alarm, Kind, stream_of
from engine.dispatch.body import encode_body
from engine.ports.journal import Append, Code, EffectRow, Head
from engine.protocol.model import Audience
from engine.values import CommandId, EffectId, Instant, PersonId, ReportKey

Plans = tuple[EffectRow, ...]

_MARKS = {Look.OVER: "over/", Look.UNSEEN: "unseen/"}
"""Before the subject of an open case that does not look open to the defender."""


DETAINED = "detained/"
"""Before the subject of an ended case whose defender is held: nobody joins it."""


def append_of(
    before: Alarm | None,
    after: Alarm,
    events: tuple[AlarmEvent, ...],
    command_id: CommandId,
    epoch: int,
    due: Instant | None,
) -> Append:
    """Return the append of a decision, clear columns and effect rows included.

    `due` is when something falls due next (`next_due`).
    """
    return Append(
        stream=stream_of(after.id),
        expected_seq=0 if before is None else before.seq,
        epoch=epoch,
        command_id=command_id,
        events=tuple(encode(event) for event in events),
        head=head_of(after, due),
        plans=plans_of(after, events),
        withdraws=withdrawn_by(events),
        takes=taken_by(events),
        codes=_codes(before, after, events),
    )


def head_of(alarm: Alarm, due: Instant | None) -> Head:
    """Return the clear columns. Closed with something still due counts as open.

    So does the case of somebody who is held: a start must know of them.
    """
    return Head(
        status=status_of(alarm),
        is_open=alarm.is_open or due is not None or is_detained(alarm),
        next_due=due,
        subject=_standing(alarm),
    )


def is_outdated(
    shown: Head | None, alarm: Alarm, due: Instant | None, now: Instant
) -> bool:
    """Say whether clear columns name an old status, or a deadline past or too late.

    A look at which nothing is decided writes nothing: whoever audits them would take it
    for one that never was. What somebody has put off there alone would hold again as
    soon as deadlines are armed by them.
    """
    if shown is None:
        return False
    if shown.status != status_of(alarm):
        return True
    if shown.next_due is None:
        return due is not None
    return shown.next_due <= now or (due is not None and due < shown.next_due)


def is_unlooked(shown: Head | None, alarm: Alarm, now: Instant) -> bool:
    """Say whether a look is due, by the clear columns, at which nobody has looked.

    It is due once: what is decided before it, as behind a start, must not put it off.
    """
    if shown is None or shown.next_due is None or shown.next_due > now:
        return False
    return owes_look(alarm, now)


def _standing(alarm: Alarm) -> str:
    if is_detained(alarm):
        return f"{DETAINED}{subject_of(alarm)}"
    if not alarm.is_open:
        return ""
    return f"{_MARKS.get(look_of(alarm), '')}{subject_of(alarm)}"


def look_in(standing: str) -> tuple[Look, str]:
    """Return of an open case's clear column how it looks, and its subject."""
    for look, mark in _MARKS.items():
        if standing.startswith(mark):
            return look, standing[len(mark) :]
    return Look.OPEN, standing


def kind_in(standing: str) -> Kind:
    """Return of an open case's clear column its kind; real where none is read."""
    named = look_in(standing)[1].partition(":")[0]
    return next((kind for kind in Kind if kind.value == named), Kind.REAL)


def subject_of(alarm: Alarm) -> str:
    """Return by what a further press finds the open case: kind and subject."""
    return key_of(alarm.kind, alarm.subject)


def key_of(kind: Kind, subject: str) -> str:
    """Return the same for a press that has no case yet."""
    return f"{kind.value}:{subject}"


def plans_of(alarm: Alarm, events: tuple[AlarmEvent, ...]) -> Plans:
    """Return the rows of the notifications that these events plan."""
    return tuple(
        EffectRow(
            effect_id=event.effect,
            alarm=stream_of(alarm.id),
            effect_class=event.effect_class,
            channel=event.channel,
            rank=event.rank,
            planned_at=event.at,
            body=encode_body(event.body),
            avoid_route=event.avoid_route,
        )
        for event in events
        if isinstance(event, NotificationPlanned)
    )


def withdrawn_by(events: tuple[AlarmEvent, ...]) -> tuple[EffectId, ...]:
    """Return the effects that these events take back."""
    return tuple(
        effect
        for event in events
        if isinstance(event, NotificationsWithdrawn)
        for effect in event.effects
    )


def taken_by(events: tuple[AlarmEvent, ...]) -> tuple[ReportKey, ...]:
    """Return the signals that these events take up."""
    keys: list[ReportKey | None] = []
    for event in events:
        match event:
            case AlarmRaised() | PressJoined() | CancelRequested():
                keys.append(event.press.key)
            case ReplyReceived() | NoteAdded():
                keys.append(event.source)
            case _:
                continue
    return tuple(key for key in keys if key is not None)


def _codes(
    before: Alarm | None, after: Alarm, events: tuple[AlarmEvent, ...]
) -> tuple[Code, ...]:
    known = frozenset[str]() if before is None else frozenset(before.told)
    return tuple(
        Code(
            code=chosen.code, stream=stream_of(after.id), person=PersonId(chosen.person)
        )
        for event in events
        if isinstance(event, RecipientsChosen) and event.audience is not Audience.PUBLIC
        for chosen in event.chosen
        if chosen.code and chosen.person not in known
    )

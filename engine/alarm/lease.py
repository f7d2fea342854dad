"""An acknowledgement lasts as long as somebody attends to the case. Pure.

It ends with the shift of whoever has it as well, unless somebody acts after that: who
comes on duty is paged with what stands open.

Only an action protocol that says so (and one of a journal from before there was a
default) lets it last for good, and so does an exercise that was found false: nobody is
paged for it beside the real alarm for which it was broken off. The clear columns name
such a case, so that whoever audits them can tell it from one whose deadline was lost.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from msgspec.structs import replace

from engine.alarm.commands import Acknowledge, AlarmCommand, HandOver
from engine.alarm.events import AcknowledgementLapsed
from engine.alarm.played import is_played_out
from engine.alarm.state import Alarm, Response, is_own
from engine.ports.journal import Head
from engine.values import Instant, OperatorId

DOUBLE_CLICK = timedelta(seconds=5)
WITHOUT_LEASE = "_without_lease"
_HELD = frozenset({Response.ACKNOWLEDGED.value, Response.FOLLOWING_UP.value})


def lease_due(alarm: Alarm) -> Instant | None:
    """Return until when somebody at HQ has to act on the case; None for never."""
    lease, taken, attended = (
        alarm.protocol.lease,
        alarm.acknowledged,
        alarm.attended_at,
    )
    if lease is None or taken is None or attended is None or not alarm.is_open:
        return None
    if is_played_out(alarm):
        return None
    due = attended.plus(lease)
    if taken.until is None or taken.until <= attended:
        return due  # no shift, or somebody stays on after it
    return min(due, taken.until)


def attended(alarm: Alarm, by: OperatorId | None, at: Instant) -> Instant | None:
    """Return when somebody at HQ was last seen to attend, given one more act.

    The defender is nobody who does: whoever forces them has their place there too, and
    could keep the rota from being paged by acts that are refused.
    """
    return alarm.attended_at if by is None or is_own(alarm, by) else at


def lapses(alarm: Alarm, now: Instant) -> Iterator[AcknowledgementLapsed]:
    """Yield that an acknowledgement is over: the duty rota is paged again."""
    due, taken = lease_due(alarm), alarm.acknowledged
    if due is None or due > now or taken is None:
        return
    off_duty = taken.until is not None and due <= taken.until <= now
    yield AcknowledgementLapsed(at=now, by=taken.by, off_duty=off_duty)


def with_shift(
    command: AlarmCommand, off_at: Callable[[OperatorId], Instant | None]
) -> AlarmCommand:
    """Return a command that gives somebody the case with the end of their shift."""
    match command:
        case Acknowledge(by=by):
            return replace(command, until=off_at(by))
        case HandOver(to=to):
            return replace(command, until=off_at(to))
        case _:
            return command


def renews(alarm: Alarm, by: OperatorId, now: Instant) -> bool:
    """Say whether acknowledging again says that one still attends: no double click."""
    taken = alarm.acknowledged
    if taken is None or taken.by != by or alarm.protocol.lease is None:
        return False
    return now.since(taken.at) > DOUBLE_CLICK


def is_held_for_good(alarm: Alarm) -> bool:
    """Say whether somebody at HQ has it, and nothing asks whether they still do."""
    held = alarm.is_open and alarm.acknowledged is not None
    return held and (alarm.protocol.lease is None or is_played_out(alarm))


def status_of(alarm: Alarm) -> str:
    """Return the status for the clear columns."""
    return f"{alarm.response}{WITHOUT_LEASE if is_held_for_good(alarm) else ''}"


def response_of(status: str) -> Response:
    """Return the response of which a status in the clear columns speaks."""
    return Response(status.removesuffix(WITHOUT_LEASE))


def wakes_at(head: Head, now: Instant) -> Instant | None:
    """Return when a case has to be looked at; None for never.

    Clear columns that an engine of before wrote do not say why nothing falls due for
    a case that somebody has: it is looked at now, and they are written anew.
    """
    is_unsaid = head.is_open and head.next_due is None and head.status in _HELD
    return now if is_unsaid else head.next_due

"""What no medium could keep: found before anything is written.

A request with such a flaw is answered with a conflict, alone; the group it waits
in goes on. Every store uses these rules, so that all of them refuse the same.
"""

import math
from typing import Final, assert_never

from engine.ports.journal import Append, Place, Record, Request
from engine.ports.latest import Attend, Doubt

BODY_BYTES_MAX: Final = 1 << 20
"""A body beyond this is a mistake: an event holds facts, not files."""

OVERWRITTEN: Final = (Place, Doubt, Attend)
"""What is said again soon: it waits for everything else, and for room on the disk."""

_INTEGER_MAX: Final = (1 << 63) - 1


def flaw(request: Request) -> str | None:
    """Return why no store can keep this request; None where it can.

    The reason names what is wrong with which kind of column, never its content.
    """
    match request:
        case Append():
            texts, integers, bodies = _append_columns(request)
        case Record(key=key, source=source, received_at=received_at, body=body):
            texts, integers, bodies = [key, source], [received_at.ms], [body]
        case Place(person=person, fix=fix) | Doubt(person=person, fix=fix):
            accuracy_m = 0.0 if fix.accuracy_m is None else fix.accuracy_m
            if not all(map(math.isfinite, (fix.lat_deg, fix.lon_deg, accuracy_m))):
                return "a number of the fix is not finite"
            texts, integers, bodies = [person], [fix.at.ms], []
        case Attend(seen=seen):
            if not all(math.isfinite(one.battery_ratio or 0.0) for one in seen):
                return "a battery is not finite"
            texts, integers = [one.device for one in seen], [one.at.ms for one in seen]
            bodies = []
        case _:
            assert_never(request)
    # All at once: a surrogate stays one, whatever stands beside it.
    if not _is_unicode("".join(texts)):
        return "a text is not Unicode"
    if max(map(abs, integers), default=0) > _INTEGER_MAX:
        return "an integer does not fit 64 bits"
    if max(map(len, bodies), default=0) > BODY_BYTES_MAX:
        return f"a body is longer than {BODY_BYTES_MAX} bytes"
    return None


def records_of(request: Request) -> tuple[Record, ...]:
    """Return the signals that a request would have recorded."""
    match request:
        case Record():
            return (request,)
        case Append(records=records):
            return records
        case Place() | Doubt() | Attend():
            return ()
        case _:
            assert_never(request)


def _append_columns(append: Append) -> tuple[list[str], list[int], list[bytes]]:
    texts: list[str] = [append.stream, append.owner, append.command_id]
    texts += [append.head.status, append.head.subject]
    texts += [*append.withdraws, *append.takes]
    integers = [append.epoch, append.expected_seq]
    if append.head.next_due is not None:
        integers.append(append.head.next_due.ms)
    bodies: list[bytes] = []
    for event in append.events:
        texts.append(event.kind)
        integers.append(event.version)
        bodies.append(event.body)
    for plan in append.plans:
        texts += [plan.effect_id, plan.alarm, plan.channel, plan.avoid_route]
        texts += [plan.route, plan.reference]
        integers += [plan.rank, plan.attempt, plan.planned_at.ms]
        if plan.changed_at is not None:
            integers.append(plan.changed_at.ms)
        bodies.append(plan.body)
    for change in append.changes:
        texts += [change.effect_id, change.route or "", change.reference or ""]
        integers.append(change.attempt or 0)
    for code in append.codes:
        texts += [code.code, code.stream, code.person]
    for record in append.records:
        texts += [record.key, record.source]
        integers.append(record.received_at.ms)
        bodies.append(record.body)
    return texts, integers, bodies


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

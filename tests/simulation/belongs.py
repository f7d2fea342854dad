"""Whether what comes in lands in the case that it belongs to: I15 and I16."""

from collections.abc import Iterable, Iterator

from engine.alarm.events import AlarmEvent, AlarmRaised, ReplyReceived
from engine.alarm.force import Look, look_of
from engine.alarm.state import Alarm, Kind
from engine.protocol.model import Manner

SETTLED_MS = 5_000
"""A case that has just been opened may not be known yet to what was on its way."""


def beside_another(raised: AlarmRaised, cases: Iterable[Alarm]) -> bool:
    """Say whether a notice stands beside a case that its defender sees as open."""
    if raised.kind is not Kind.NOTICE or raised.defender is None:
        return False
    return any(
        case.kind is Kind.REAL
        and case.defender == raised.defender
        and case.is_open
        and look_of(case) is Look.OPEN
        and raised.press.at.ms - case.opened_at.ms > SETTLED_MS
        for case in cases
    )


def without_receipt(
    before: Alarm | None, after: Alarm, events: Iterable[AlarmEvent]
) -> Iterator[str]:
    """Yield which answers that count got no receipt in the same commit, or two."""
    for event in events:
        if not isinstance(event, ReplyReceived) or before is None:
            continue
        told = after.told.get(event.person)
        if told is None or event.person == after.defender or not event.authentic:
            continue
        is_quiet = after.protocol.manner is Manner.QUIET
        if before.is_open and not is_quiet and told.answers != told.receipts:
            yield "an answer that counts gets no receipt"
        if is_quiet and told.receipts:
            yield "a quiet action protocol sends a receipt"

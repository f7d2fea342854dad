"""An acknowledgement lasts as long as somebody attends to the case. Pure."""

from collections.abc import Iterator

from engine.alarm.events import AcknowledgementLapsed
from engine.alarm.state import Alarm
from engine.values import Instant


def lease_due(alarm: Alarm) -> Instant | None:
    """Return until when somebody at HQ has to act on the case; None for never."""
    lease, taken, attended = (
        alarm.protocol.lease,
        alarm.acknowledged,
        alarm.attended_at,
    )
    if lease is None or taken is None or attended is None or not alarm.is_open:
        return None
    return attended.plus(lease)


def lapses(alarm: Alarm, now: Instant) -> Iterator[AcknowledgementLapsed]:
    """Yield that an acknowledgement is over: the duty rota is paged again."""
    due = lease_due(alarm)
    if due is not None and due <= now and alarm.acknowledged is not None:
        yield AcknowledgementLapsed(at=now, by=alarm.acknowledged.by)

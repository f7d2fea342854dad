"""Cases that are not looked at in time, by what their clear columns say.

A start arms deadlines by those columns alone, and no hash covers them. Whoever can
write the file could show a case as closed there, or its deadline years ahead: nobody
would be paged on, and nothing would say so. The rows have it as it was decided.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from engine.alarm.commands import AlarmCommand, Tick
from engine.alarm.messages import Answered, Done
from engine.alarm.schedule import next_due
from engine.alarm.state import Alarm
from engine.ports.journal import Head
from engine.values import AlarmId, CommandId, Instant

Tell = Callable[[AlarmId, AlarmCommand, Answered], bool]

LATE = timedelta(minutes=1)

logger = logging.getLogger(__name__)


def hidden(
    alarms: Iterable[Alarm], heads: Mapping[AlarmId, Head | None], now: Instant
) -> list[AlarmId]:
    """Return the cases that fall due a minute sooner than their clear columns say.

    Args:
        alarms: as their rows have them.
        heads: the clear columns of those that look open.
        now: the present.

    """
    return [
        alarm.id
        for alarm in alarms
        if _is_later(heads.get(alarm.id), next_due(alarm, now))
    ]


def wake(alarm_ids: Iterable[AlarmId], tell: Tell, now: Instant) -> list[AlarmId]:
    """Have each looked at by its rows; return those that nobody has taken yet."""
    left: list[AlarmId] = []
    for alarm_id in alarm_ids:
        look = Tick(command_id=CommandId(f"hidden/{alarm_id}/{now.ms}"))
        if tell(alarm_id, look, _heard):
            wrong = "%s: its clear columns differ from its rows"
            logger.error(wrong, alarm_id, extra={"alarm": alarm_id})
        else:
            left.append(alarm_id)
    return left


def _is_later(head: Head | None, due: Instant | None) -> bool:
    if due is None:
        return False
    if head is None or head.next_due is None:
        return True
    return head.next_due.since(due) > LATE


def _heard(done: Done) -> None:
    """Take no answer: what it comes to stands in the rows."""

"""What became durable with nobody waiting for it: found in the rows, and gone on with.

An alarm's actor may end while the journal has not answered what it asked for. Whoever
came next had read the rows before that: it knows of no deadline, and armed none.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from engine.alarm.commands import AlarmCommand, Raise, Settle
from engine.alarm.outlets import Outlets
from engine.alarm.state import Alarm, alarm_of
from engine.errors import JournalError
from engine.ports.journal import HeadRow, ReaderLender
from engine.values import AlarmId, Instant

LATE = timedelta(seconds=15)
"""A deadline is looked at within a second. Sooner than the auditor shouts for one."""
EVERY = timedelta(seconds=15)


class Overdue:
    """Has cases looked at that were not when they were due; in the directory's thread.

    Clear columns alone say which: of ten thousand that are open it takes some ten
    milliseconds.
    """

    def __init__(self, readers: ReaderLender, outlets: Outlets, now: Instant) -> None:
        """Begin a while from now: a start arms every deadline."""
        self._readers, self._outlets = readers, outlets
        self._at = now.plus(EVERY)

    def look(self, now: Instant) -> None:
        """Look, if it is time to; rows that cannot be read are looked at again."""
        if now < self._at:
            return
        self._at = now.plus(EVERY)
        with suppress(JournalError):
            with self._readers.reader() as reader:
                late = overdue(reader.heads("alarm/", open_only=True), now)
            if late:
                self._outlets.due_all((alarm_id, now) for alarm_id in late)


def overdue(heads: Iterable[HeadRow], now: Instant) -> list[AlarmId]:
    """Return the cases whose deadline has passed, and nobody has come for it."""
    return [
        alarm_of(row.stream)
        for row in heads
        if row.head.next_due is not None and now.since(row.head.next_due) > LATE
    ]


def is_behind(alarm: Alarm | None, head: HeadRow | None) -> bool:
    """Say whether the rows have moved on from what somebody knows."""
    return head is not None and head.seq != (0 if alarm is None else alarm.seq)


def may_be_behind(
    alarm: Alarm | None, command: AlarmCommand, *, in_doubt: bool
) -> bool:
    """Say whether a command speaks of what whoever it meets may not know.

    A press alone may meet no alarm: it is what begins one, unless the journal owes
    an answer.
    """
    if alarm is None:
        return in_doubt or not isinstance(command, Raise)
    return isinstance(command, Settle) and command.effect not in alarm.effects

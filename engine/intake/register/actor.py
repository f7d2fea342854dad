"""The register: keeps in rows what the attendance has in memory.

One request a second at most, whatever the number of reports: its rows share one
statement and the commit of whatever waits. It never waits for the journal.
"""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from itertools import islice
from typing import ClassVar

from engine.intake.vigil.attendance import Attendance
from engine.ports.journal import Answer, JournalAccess
from engine.ports.latest import Attend, Attended, Seen
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import DeviceId

LOOK = timedelta(seconds=1)
ROWS_MAX = 256
"""Rows of one request; beyond so many devices a row is older than half a minute."""

AT_STOP_MAX = 64 * ROWS_MAX
"""Rows that an orderly stop brings up to date: some 50 ms."""


class Register(SupervisedActor[None]):
    """Looks round every second; what the journal does not take is looked at again."""

    bound: ClassVar[int] = 100

    def __init__(
        self, *, link: Link, attendance: Attendance, journal: JournalAccess
    ) -> None:
        """Take who was heard when, and where it is kept."""
        super().__init__(link=link)
        self._attendance, self._journal = attendance, journal
        self._kept: deque[Mapping[DeviceId, Seen]] = deque()

    def started(self) -> None:
        """Begin to look round."""
        self._look_round()

    def handle(self, message: None) -> None:
        """Take no messages: doors note in memory whom they hear."""

    def woke(self) -> None:
        """Look round."""
        self._look_round()

    def stopping(self) -> None:
        """Bring the rows up to date: an orderly stop forgets nothing."""
        left = islice(self._attendance.differing().items(), AT_STOP_MAX)
        while some := dict(islice(left, ROWS_MAX)):
            self._submit(some)

    def _look_round(self) -> None:
        while self._kept:  # replies came in the journal's thread
            self._attendance.keep(self._kept.popleft())
        rows = self._attendance.unkept(ROWS_MAX)
        if rows:
            self._submit(rows)
        self.wake_at(self.clock.now().plus(LOOK))

    def _submit(self, rows: Mapping[DeviceId, Seen]) -> None:
        def replied(answer: Answer) -> None:
            if isinstance(answer, Attended):
                self._kept.append(rows)

        self._journal.submit(Attend(seen=tuple(rows.values())), replied)

"""What is new behind a journal position, past pages that cannot be read.

A page between readable ones held the console back until the next start, which reads
past it: no case that came behind was shown. What can be read is taken; of which cases
rows are missing clear columns say, and those are read by themselves.
"""

import logging
from collections.abc import Mapping
from typing import Final, NamedTuple

from engine.alarm.state import alarm_of
from engine.errors import JournalError
from engine.ports.journal import JournalReader, StoredEvent
from engine.supervision.failure import Failure
from engine.values import AlarmId

logger = logging.getLogger(__name__)

PREFIX: Final = "alarm/"
PAGE: Final = 500
LOOKS_MAX: Final = 3
"""So many looks in a row meet damage before it is passed: a disk that fails for a
moment costs nothing then."""
FAILS_MAX: Final = 32
"""So many reads may fail in one look, in which nobody is served: of a page with a
dozen rows, each of them and what they are halves of. A disk may take long for each."""


class News(NamedTuple):
    """Rows of alarms, and up to which position they are all that can be read."""

    rows: list[StoredEvent]
    position: int
    is_past: bool = False
    """Whether there are others before it, which cannot."""


class Behind:
    """Counts the looks that have failed; in the web's event loop."""

    def __init__(self) -> None:
        """Begin with none."""
        self._looks = 0

    def read(self, reader: JournalReader, position: int) -> News:
        """Return what is new.

        Raises:
            JournalError: it cannot be read, and is not passed yet.

        """
        through = reader.position()
        try:
            found = _whole(reader, position, through)
        except JournalError as error:
            self._looks += 1
            if self._looks < LOOKS_MAX:
                raise
            logger.error("rows that cannot be read are passed: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            return _legible(reader, position, through)
        self._looks = 0
        return found


def lacking(reader: JournalReader, seqs: Mapping[AlarmId, int]) -> list[AlarmId]:
    """Return the cases that have more rows than are known, or are open and unknown.

    Args:
        reader: of the journal.
        seqs: of each case that is known its last row.

    """
    heads = reader.heads(PREFIX, open_only=False)
    return [
        alarm_id
        for row in heads
        if (alarm_id := alarm_of(row.stream)) in seqs or row.head.is_open
        if row.seq > seqs.get(alarm_id, 0)
    ]


def _whole(reader: JournalReader, position: int, through: int) -> News:
    new: list[StoredEvent] = []
    # Where nothing is new nothing is read: the last page may be damaged.
    while position < through and (rows := reader.after(position, PAGE, prefix=PREFIX)):
        position = rows[-1].position
        new += rows
    return News(new, max(position, through))  # what lies between is of no case


def _legible(reader: JournalReader, position: int, through: int) -> News:
    """Read what can be read, of a part that fails its halves."""
    new: list[StoredEvent] = []
    fails, spans = 0, [(position, through)]
    while spans:
        first, last = spans.pop()
        if last - first > PAGE:
            spans.append((first + PAGE, last))
            last = first + PAGE
        try:
            rows = reader.after(first, last - first)
        except JournalError:
            fails += 1
            if fails > FAILS_MAX:
                return News(new, first, is_past=True)
            if last - first > 1:
                middle = (first + last) // 2
                spans += [(middle, last), (first, middle)]
            continue
        new += [row for row in rows if row.stream.startswith(PREFIX)]
    return News(new, through, is_past=True)

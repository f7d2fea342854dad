"""Makes the one row of the table `journal` anew where its page cannot be read.

It is written with each commit, and every start needs it: an engine without it would not
start, and hears no SOS. Its position and head come of the events, the epoch of events
and heads. So all of these must be whole, and a head that has more rows than there are
says that the journal has lost its end. The old table stays under another name, as those
do that `engine.journal.aside` sets aside; no event is touched.
"""

from pathlib import Path
from typing import Final

import apsw

from engine.journal.chain import GENESIS, next_head
from engine.journal.mishap import lost
from engine.journal.schema import JOURNAL

OPENINGS: Final = 1_000
"""So many may have come since the last one that has written an event or a head, and
since the table began anew before."""

_EVENTS: Final = (
    "SELECT position, stream, seq, epoch, at, hash FROM event NOT INDEXED"
    " ORDER BY position"
)
_ASIDE: Final = (
    "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB"
    " 'damaged_journal_*'"
)
_RAISED: Final = (
    "UPDATE journal SET epoch = last + ? FROM (SELECT max(epoch) AS last FROM stream)"
    " WHERE epoch < last RETURNING epoch"
)


def begin_own_row_anew(path: Path, connection: apsw.Connection) -> int:
    """Put a new table in the place of the damaged one; return the last position.

    Args:
        path: the journal's file.
        connection: the writer's, in no transaction.

    Raises:
        JournalError: rows of it are missing, or are none of ours; nothing was done.
        apsw.Error: events or heads cannot be read, or nothing can be written.

    """
    try:
        epoch, position, head, at = _by_rows(path, connection)
    except (ValueError, TypeError) as error:
        # A bit may have changed in a page that is whole; what it holds is not said.
        raise _lost(path) from error
    number = int(connection.execute(_ASIDE).get)
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"ALTER TABLE journal RENAME TO damaged_journal_{number}")
        connection.execute(JOURNAL)
        row = epoch + OPENINGS * (number + 1), position, head, at
        connection.execute("INSERT INTO journal VALUES (1, ?, ?, ?, ?)", row)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return position


def raise_own_epoch(connection: apsw.Connection) -> bool:
    """Give a row that cannot be made anew an epoch above the heads'; say if it lacked.

    Below a head's its case would be fenced at each append, and say nothing.

    Raises:
        apsw.Error: heads cannot be read, or nothing can be written.

    """
    return bool(connection.execute(_RAISED, (OPENINGS,)).fetchall())


def _by_rows(
    path: Path, connection: apsw.Connection
) -> tuple[int, int, bytes, int | None]:
    """Return the largest epoch, the last position, the head and the last time."""
    position, head, epoch = 0, GENESIS, 0
    at: int | None = None
    seqs: dict[str, int] = {}
    for found, stream, seq, of, written_at, digest in connection.execute(_EVENTS):
        if found != position + 1 or seq != seqs.get(stream, 0) + 1:
            raise _lost(path)
        position, head, epoch = found, next_head(head, digest), max(epoch, of)
        at, seqs[stream] = max(at or 0, written_at), seq
    for stream, of, seq in connection.execute("SELECT stream, epoch, seq FROM stream"):
        if seq > seqs.get(stream, 0):
            raise _lost(path)
        epoch = max(epoch, of)
    return epoch, position, head, at


def _lost(path: Path) -> Exception:
    return lost(path, "its own row cannot be read, and events are missing or damaged")

"""The end of the events: where it is, and whether an event can follow it."""

from pathlib import Path
from typing import Final

import apsw

from engine.journal.mishap import stated

_FOLLOWS: Final = (
    "INSERT INTO event VALUES"
    " (?, 'trial', 1, 0, '', 'trial', 1, 0, zeroblob(16384), zeroblob(32))"
)
"""So large that it takes pages of its own, as the rows of an alarm may."""


def last_position(path: Path, connection: apsw.Connection) -> int:
    """Return the last position, by the journal and by its events alike.

    Raises:
        JournalError: it has lost its end: it would number rows anew.
        apsw.Error: it cannot be read.

    """
    kept: int
    last: int
    kept, last = connection.execute(
        "SELECT position, (SELECT coalesce(max(position), 0) FROM event) FROM journal"
    ).fetchone() or (0, -1)
    if kept != last:
        raise stated(
            path,
            f"its last row is {last} and {kept} were written",
            "restore a backup, and keep the damaged file",
        )
    return kept


def kept_position(connection: apsw.Connection) -> int:
    """Return the last position by the journal alone, where its events are damaged."""
    ((position,),) = connection.execute("SELECT position FROM journal")
    return int(position)


def check_goes_on(path: Path, connection: apsw.Connection) -> None:
    """See that an event can follow, by one that is taken back.

    Raises:
        JournalError: the journal has lost its end.
        apsw.Error: none can.

    """
    # A page that was read once would stay in memory as it was then.
    connection.execute("PRAGMA shrink_memory").fetchall()
    follows = last_position(path, connection) + 1
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_FOLLOWS, (follows,))
    finally:
        # Some errors roll back by themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")

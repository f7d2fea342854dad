"""The end of the events: where it is, and whether an event can follow it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from engine.errors import JournalLostError
from engine.journal.chain import GENESIS
from engine.journal.mishap import is_damage, lost
from engine.journal.own_row import begin_own_row_anew, raise_own_epoch

_FOLLOWS: Final = (
    "INSERT INTO event VALUES"
    " (?, 'trial', 1, 0, '', 'trial', 1, 0, zeroblob(16384), zeroblob(32))"
)
"""So large that it takes pages of its own, as the rows of an alarm may."""
_LAST_EPOCH: Final = "SELECT epoch FROM event ORDER BY position DESC LIMIT 1"


def found_position(
    path: Path, connection: apsw.Connection, begun_anew: dict[str, int]
) -> tuple[int, bool]:
    """Return the last position, and whether the events at it cannot be read.

    What is asked of such a journal is refused, and it is opened all the same. Where it
    is the journal's own row that cannot be read, or is none that was written, that is
    made anew, and noted.
    """
    for is_again in (False, True):  # a disk may give no page for a moment
        try:
            if (kept := _own_position(connection)) is None:
                break
            return (kept if is_again else _last_position(path, connection)), is_again
        except apsw.Error as error:
            if not is_damage(error):
                raise
    try:
        position, begun_anew["journal"] = begin_own_row_anew(path, connection), 1
    except (JournalLostError, apsw.Error) as error:
        # What it would be made of is damaged: perhaps an event's epoch, not the row's.
        is_lost = isinstance(error, JournalLostError) or is_damage(error)
        if not (is_lost and _is_sound_but_for_epoch(connection)):
            raise
        position = _last_position(path, connection)
        if _is_raised(connection):
            begun_anew["journal"] = 1
    return position, False


def _is_raised(connection: apsw.Connection) -> bool:
    """Raise the epoch of a row that is kept, where it is that which is none."""
    try:
        return raise_own_epoch(connection)
    except apsw.Error as error:
        if not is_damage(error):
            raise
        return False  # heads that cannot be read are begun anew at the first commit


def _is_sound_but_for_epoch(connection: apsw.Connection) -> bool:
    with suppress(apsw.Error):
        return _own_position(connection, minds_epoch=False) is not None
    return False


def _own_position(
    connection: apsw.Connection, *, minds_epoch: bool = True
) -> int | None:
    """Return the position by the journal's row; None where that is none of ours.

    All of it is read: one that has lost another column takes no epoch and no commit.
    With an epoch below an event's no case that is open could go on: each is fenced.
    """
    with suppress(ValueError):  # a text that is none of ours
        match connection.execute("SELECT * FROM journal").fetchall():
            case [(int(), int(epoch), int(kept), bytes(head), int() | None)]:
                if minds_epoch and epoch < _last_epoch(connection):
                    return None
                return kept if kept >= 0 and len(head) == len(GENESIS) else None
    return None


def _last_epoch(connection: apsw.Connection) -> int:
    """Return the epoch of the last event; 0 where there is none, or none to be read."""
    try:
        epoch = connection.execute(_LAST_EPOCH).get
    except apsw.Error as error:
        if not is_damage(error):
            raise
        return 0
    return epoch if isinstance(epoch, int) else 0


def _last_position(path: Path, connection: apsw.Connection) -> int:
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
        raise lost(path, f"its last row is {last} and {kept} were written")
    return kept


def check_goes_on(
    path: Path, connection: apsw.Connection, mend: Callable[[], bool]
) -> None:
    """See that an event can follow, by one that is taken back.

    Args:
        path: the journal's file.
        connection: the writer's, in no transaction.
        mend: begins anew what can be; says if anything was.

    Raises:
        JournalError: the journal has lost its end, or could not be mended.
        apsw.Error: none can.

    """
    # A page that was read once would stay in memory as it was then.
    connection.execute("PRAGMA shrink_memory").fetchall()
    follows = _last_position(path, connection) + 1
    try:
        _try(connection, follows)
    except apsw.Error as error:
        # An index: none is built anew while an event cannot be read either.
        if not is_damage(error) or not mend():
            raise
        _try(connection, follows)


def _try(connection: apsw.Connection, follows: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_FOLLOWS, (follows,))
    finally:
        # Some errors roll back by themselves.
        if connection.in_transaction:
            connection.execute("ROLLBACK")

"""Builds an index of the events anew where a page of it cannot be read.

An index says nothing that the events do not, so nothing is lost: no row of an event is
touched, and their chains stay as they were. Without it each append whose key falls on
that page would end the engine, and each alarm that is found by it would stand still.
"""

from typing import Final

import apsw

from engine.journal.mishap import is_damage, is_full
from engine.journal.salvage import PastDamage

_ANEW: Final = "event_anew"
_INDICES: Final = {
    "sqlite_autoindex_event_1": (
        "SELECT count(stream || seq) FROM event INDEXED BY sqlite_autoindex_event_1",
        "position, stream, seq",
        f"CREATE UNIQUE INDEX {_ANEW} ON event(stream, seq)",
    ),
    "event_command": (
        "SELECT count(stream || command_id) FROM event INDEXED BY event_command",
        "position, stream",
        f"CREATE INDEX {_ANEW} ON event(stream, command_id)",
    ),
}
"""What reads all of an index and no event, what it has of each, what makes one."""

_DIFFERS: Final = (
    "SELECT {columns} FROM event NOT INDEXED"
    " EXCEPT SELECT {columns} FROM event INDEXED BY {index}"
)
_DIFFERING: Final = "SELECT count(*) FROM ({differs})"
_ASTRAY: Final = (
    "SELECT count(*) FROM ({differs}) AS astray"
    " JOIN event AS own NOT INDEXED ON own.position = astray.position"
    " JOIN stream ON stream.stream = own.stream AND own.seq <= stream.seq"
)
"""Events that an index has as others, by a changed bit; not those of which the name or
the number itself was changed: that one has no head, or comes after its end."""


def built_anew(connection: apsw.Connection) -> dict[str, int]:
    """Build each index anew that is damaged, or wrong, where all events can be read.

    Args:
        connection: the writer's, in no transaction.

    Returns:
        of each index that was built, how many rows it leads to.

    Raises:
        apsw.Error: there is no room, or the disk failed; that index is as it was.

    """
    return {
        name: rows
        for name, (reads, columns, makes) in _INDICES.items()
        if _is_wrong(connection, reads, _DIFFERS.format(columns=columns, index=name))
        and (rows := _built(connection, name, reads, makes)) is not None
    }


def _is_wrong(connection: apsw.Connection, reads: str, differs: str) -> bool:
    found = _rows(connection, _DIFFERING.format(differs=differs))
    if found is None or _rows(connection, reads) is None:
        return True
    return bool(found and _rows(connection, _ASTRAY.format(differs=differs)))


def _rows(connection: apsw.Connection, reads: str) -> int | None:
    with PastDamage():
        return int(connection.execute(reads).get)
    return None


def _built(
    connection: apsw.Connection, name: str, reads: str, makes: str
) -> int | None:
    """Build it; None where it cannot be, as where an event cannot be read either.

    REINDEX and DROP INDEX visit each page that they give back, and fail at a damaged
    one. So the name is led to the new pages, and the old ones stay behind unused.
    """
    try:
        _swap(connection, name, makes)
    except apsw.Error as error:
        # What a failed sync lost no later write may follow, as at any other commit.
        is_of_disk = is_full(error) or isinstance(error, apsw.IOError)
        if is_of_disk and not is_damage(error):
            raise
        return None
    return _rows(connection, reads)


def _swap(connection: apsw.Connection, name: str, makes: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(makes)
        connection.execute("PRAGMA writable_schema=ON").fetchall()
        connection.execute(
            "UPDATE sqlite_schema SET rootpage ="
            " (SELECT rootpage FROM sqlite_schema WHERE name = ?) WHERE name = ?",
            (_ANEW, name),
        )
        connection.execute("DELETE FROM sqlite_schema WHERE name = ?", (_ANEW,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        # Off again; this connection also reads anew what it knows of the tables. The
        # others do so by themselves, since an index was made.
        connection.execute("PRAGMA writable_schema=RESET").fetchall()

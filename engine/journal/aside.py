"""Begins a table of last things anew where a page of it cannot be read.

Last fixes, when devices were heard, positions in doubt: each is said again by the next
report, none is a fact, and one bad sector among them would end the engine at each start
and at each report that falls on it. The old table stays in the file under another name:
SQLite takes none away whose pages it cannot read.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import apsw

from engine.journal.schema import LATEST


def set_aside(connection: apsw.Connection) -> dict[str, int]:
    """Put a new table in the place of each damaged one, with the rows that can be read.

    Args:
        connection: the writer's, in no transaction.

    Returns:
        of each table that was damaged, how many rows are in the new one.

    Raises:
        apsw.Error: it could not be done, and nothing was.

    """
    damaged = [table for table in LATEST if not _is_sound(connection, table)]
    if not damaged:
        return {}
    # Before the transaction, which one failed read would spoil; nobody else writes.
    rows = {table: list(_readable(connection, table)) for table in damaged}
    connection.execute("BEGIN IMMEDIATE")
    try:
        kept = {table: _begin_anew(connection, table, rows[table]) for table in damaged}
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return kept


def _is_sound(connection: apsw.Connection, table: str) -> bool:
    try:
        return bool(connection.execute(f"PRAGMA quick_check({table})").get == "ok")
    except apsw.CorruptError:
        return False


def _begin_anew(
    connection: apsw.Connection, table: str, rows: Iterable[tuple[Any, ...]]
) -> int:
    connection.execute(f"ALTER TABLE {table} RENAME TO {_free_name(connection, table)}")
    connection.execute(LATEST[table])
    for row in rows:
        marks = ", ".join("?" * len(row))
        # A row that a damaged page made up need not fit the table.
        with suppress(apsw.ConstraintError):
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names and marks
    return int(connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - our own name


def _free_name(connection: apsw.Connection, table: str) -> str:
    """Return a name that no table set aside before has."""
    count = "SELECT count(*) FROM sqlite_schema WHERE name GLOB ?"
    return f"damaged_{table}_{connection.execute(count, (f'damaged_{table}_*',)).get}"


def _readable(connection: apsw.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Yield each row that can be read, from either end up to the damage."""
    seen = set()
    for order in ("ASC", "DESC"):
        with suppress(apsw.CorruptError, ValueError):  # a text that is no UTF-8
            for row in connection.execute(
                f"SELECT * FROM {table} ORDER BY 1 {order}"  # noqa: S608 - our own names
            ):
                if row[0] not in seen:
                    seen.add(row[0])
                    yield row

"""Begins a table anew where a page or a value of it cannot be read.

Last fixes, when devices were heard, positions in doubt: each is said again by the next
report, none is a fact. Heads of streams, effects, signals and codes: a damaged page of
them would end the engine at each start, or at each append that falls on it
(`engine.journal.salvage` says what comes back). Events are left alone. The old table
stays in the file under another name: SQLite takes none away whose pages it cannot read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

import apsw

from engine.journal.rows import HEADLESS
from engine.journal.salvage import (
    PastDamage,
    Replay,
    codes,
    effects,
    fits,
    heads,
    readable,
    signals,
)
from engine.journal.schema import TABLES

_INDEX: Final = re.compile(r"CREATE INDEX (\w+)")


def set_aside(connection: apsw.Connection, replay: Replay) -> dict[str, int]:
    """Put a new table in the place of each damaged one, with the rows that can be read.

    Args:
        connection: the writer's, in no transaction.
        replay: says what a stream's events come to where clear columns are lost.

    Returns:
        of each table that was damaged, how many rows are in the new one.

    Raises:
        apsw.Error, ValueError: it could not be done, and nothing was.

    """
    damaged = [table for table in TABLES if not _is_sound(connection, table)]
    if not damaged:
        return {}
    rows_of: Mapping[str, Callable[[], Iterable[tuple[Any, ...]]]] = {
        "stream": lambda: heads(connection, replay),
        "effect": lambda: effects(connection, replay),
        "inbound": lambda: signals(connection),
        "code": lambda: codes(connection, replay),
    }
    # Before the transaction, which one failed read would spoil; nobody else writes.
    rows = {
        table: list(rows_of[table]())
        if table in rows_of
        else readable(connection, table)[0]
        for table in damaged
    }
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
    if table == "stream" and _lacks_heads(connection):
        return False
    with PastDamage():
        # The quick one does not look whether an index leads to each row.
        checked = connection.execute(f"PRAGMA integrity_check({table})").get
        rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
        # A bit may have changed in a page that is whole.
        return checked == "ok" and all(fits(table, row) for row in rows)
    return False


def _lacks_heads(connection: apsw.Connection) -> bool:
    with PastDamage():  # perhaps of events: no head is made anew for that
        return bool(connection.execute(HEADLESS).get)
    return False


def _begin_anew(
    connection: apsw.Connection, table: str, rows: Iterable[tuple[Any, ...]]
) -> int:
    number = _free_number(connection, table)
    connection.execute(f"ALTER TABLE {table} RENAME TO damaged_{table}_{number}")
    for statement in TABLES[table]:
        # The old index has its name as long as the old table is there.
        connection.execute(_INDEX.sub(rf"CREATE INDEX \1_anew_{number}", statement))
    for row in rows:
        marks = ", ".join("?" * len(row))
        # A row that a damaged page made up need not fit the table.
        with suppress(apsw.ConstraintError):
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names and marks
    return int(connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - our own name


def _free_number(connection: apsw.Connection, table: str) -> int:
    """Return a number that no table set aside before has."""
    count = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB ?"
    return int(connection.execute(count, (f"damaged_{table}_*",)).get)

"""Begins a table of last things anew where a page or a value of it cannot be read.

Last fixes, when devices were heard, positions in doubt: each is said again by the next
report, none is a fact, and one bad sector among them would end the engine at each start
and at each report that falls on it. The old table stays in the file under another name:
SQLite takes none away whose pages it cannot read.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Final

import apsw

from engine.journal import rows
from engine.journal.mishap import is_damage
from engine.journal.schema import LATEST

Columns = tuple[Any, ...]

_VALUES: Final[dict[str, Callable[[Any], object]]] = {
    "place": rows.places,
    "attendance": rows.attendance,
    "doubt": rows.doubts,
}
"""What makes values of a table's rows; it raises where one is none of ours."""


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
    found = {table: list(_readable(connection, table)) for table in damaged}
    connection.execute("BEGIN IMMEDIATE")
    try:
        kept = {
            table: _begin_anew(connection, table, found[table]) for table in damaged
        }
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return kept


def _is_sound(connection: apsw.Connection, table: str) -> bool:
    try:
        checked = connection.execute(f"PRAGMA quick_check({table})").get
        _VALUES[table](connection.execute(f"SELECT * FROM {table}"))  # noqa: S608 - our own names
    except apsw.Error as error:
        if not is_damage(error):
            raise
        return False
    except (ValueError, TypeError):  # a bit has changed in a page that is whole
        return False
    return bool(checked == "ok")


def _begin_anew(
    connection: apsw.Connection, table: str, found: Iterable[Columns]
) -> int:
    connection.execute(f"ALTER TABLE {table} RENAME TO {_free_name(connection, table)}")
    connection.execute(LATEST[table])
    for row in found:
        marks = ", ".join("?" * len(row))
        # A row that a damaged page made up need not fit the table.
        with suppress(apsw.ConstraintError):
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608 - names and marks
    return int(connection.execute(f"SELECT count(*) FROM {table}").get)  # noqa: S608 - our own name


def _free_name(connection: apsw.Connection, table: str) -> str:
    """Return a name that no table set aside before has."""
    count = "SELECT count(*) FROM sqlite_schema WHERE name GLOB ?"
    return f"damaged_{table}_{connection.execute(count, (f'damaged_{table}_*',)).get}"


def _readable(connection: apsw.Connection, table: str) -> Iterator[Columns]:
    """Yield each row that can be read, from either end up to the damage."""
    seen = set()
    for order in ("ASC", "DESC"):
        statement = f"SELECT * FROM {table} ORDER BY 1 {order}"  # noqa: S608 - our own names
        try:
            for row in connection.execute(statement):
                if row[0] not in seen and _makes_sense(table, row):
                    seen.add(row[0])
                    yield row
        except apsw.Error as error:
            if not is_damage(error):
                raise
        except ValueError:  # a text that is no UTF-8
            continue


def _makes_sense(table: str, row: Columns) -> bool:
    try:
        _VALUES[table]([row])
    except (ValueError, TypeError):
        return False
    return True

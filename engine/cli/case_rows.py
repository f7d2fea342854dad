"""Rows of the list of cases, a line each: as the engine or the journal has them."""

from collections.abc import Iterable, Iterator, Mapping

from engine.alarm.state import Kind

Row = Mapping[str, object]


def lines_of(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each case, or that there is none."""
    is_empty = True
    for row in rows:
        is_empty = False
        if row["unread"]:
            yield f"{row['id']}  CANNOT BE READ: {row['what']}"
        else:
            yield (
                f"{row['id']}  {str(row['raised_at'])[:19]}Z  {row['response']:<13}"
                f" {row['truth']:<11} {row['alias']:<12}"
                f" {row['coming']} coming of {row['told']} told{mark_of(row)}"
            )
    if is_empty:
        yield "no alarms"


def mark_of(row: Row) -> str:
    """Return what an alarm is where it is not a real one."""
    kind = str(row["kind"])
    return "" if kind == Kind.REAL else f"  {kind.upper()}"

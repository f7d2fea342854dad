"""Rows as lines that a person can read; generic, whatever the events are.

Bodies are JSON by convention of their codecs. Their texts come from outside, so
nothing that would move a terminal's cursor or turn the reading order is printed.
"""

import json
from collections.abc import Iterable, Iterator

from engine.ports.journal import StoredEvent
from engine.values import printable


def lines(rows: Iterable[StoredEvent]) -> Iterator[str]:
    """Yield a line for each row: time in UTC, stream and seq, kind, fields."""
    for row in rows:
        place = f"{row.stream} {row.seq}"
        yield printable(f"{row.at}  {place:<28} {row.kind:<22} {_fields(row.body)}")


def fields_of(body: bytes) -> object:
    """Return a body as JSON has it; None where it is something else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _fields(body: bytes) -> str:
    content = fields_of(body)
    match content:
        case dict():
            return "  ".join(
                f"{name}={_value(value)}"
                for name, value in content.items()
                if value not in (None, "", [], {})
            )
        case None:
            return f"({len(body)} bytes)" if body else ""
        case _:
            return _value(content)


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

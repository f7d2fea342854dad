"""Statements over many rows: what the journal's writer says to SQLite.

apsw gives the interpreter's lock away in every statement, and beside busy threads each
return of it is waited for. So a group of hundreds of requests takes as many statements
as a single request does, and few different ones: each is prepared once.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice, repeat
from typing import Any, Final

import apsw
import msgspec

Columns = tuple[str | int | float | bytes | None, ...]

ROWS_MAX: Final = 256
"""Rows of one statement; SQLite takes 32,766 values in one."""

EXACT_MAX: Final = 16
"""Up to here there is a statement for each number of rows, above for powers of two."""


_FOUND: Final = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that takes rows where its text says `{rows}`."""

    text: str
    columns: int

    def run(self, connection: apsw.Connection, rows: Sequence[Columns]) -> None:
        """Write rows, in their order."""
        start = 0
        for size in sizes(len(rows)):
            some = rows[start : start + size]
            values = tuple(chain.from_iterable(some))
            connection.execute(_statement(self.text, self.columns, size), values)
            start += size


@dataclass(frozen=True, slots=True)
class LookUp:
    """A question for the rows of many keys, put where its text says `{rows}`."""

    text: str
    columns: int = 1

    def ask(
        self, connection: apsw.Connection, keys: Collection[Columns]
    ) -> Iterator[Any]:
        """Yield what there is of these keys, in any order; each row once.

        A statement with room for more keys than there are is given the last one
        several times over.
        """
        left = iter(keys)
        while some := list(islice(left, ROWS_MAX)):
            room = 1 << (len(some) - 1).bit_length()
            some.extend(repeat(some[-1], room - len(some)))
            statement = _statement(self.text, self.columns, room)
            yield from connection.execute(statement, tuple(chain.from_iterable(some)))


@dataclass(frozen=True, slots=True)
class Roll:
    """A question for a few columns of many keys, whose whole answer is one row.

    Each row of a result gives the interpreter's lock away as well. The text puts
    numbered keys where it says `{rows}`, and groups what it finds into one JSON array
    of arrays, the key's number first: a key itself may be any text.
    """

    text: str

    def ask(
        self, connection: apsw.Connection, keys: Iterable[str]
    ) -> Iterator[tuple[str, list[Any]]]:
        """Yield what there is of these keys: key and columns, perhaps repeatedly."""
        left = iter(keys)
        while some := list(islice(left, ROWS_MAX)):
            room = 1 << (len(some) - 1).bit_length()
            asked = enumerate([*some, *repeat(some[-1], room - len(some))])
            statement = _statement(self.text, 2, room)
            found = connection.execute(statement, tuple(chain.from_iterable(asked)))
            for number, *columns in _FOUND.decode(found.get):
                yield some[min(number, len(some) - 1)], columns


def sizes(count: int) -> Iterator[int]:
    """Yield of how many rows each statement is, for `count` rows in all."""
    while count > 0:
        size = count
        if count > EXACT_MAX:
            size = min(ROWS_MAX, 1 << (count.bit_length() - 1))
        yield size
        count -= size


@cache
def _statement(text: str, columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return text.replace("{rows}", ", ".join([row] * rows))


STREAMS: Final = Roll(
    "SELECT json_group_array(json_array(asked.column1, epoch, seq, hex(hash)))"
    " FROM (VALUES {rows}) AS asked CROSS JOIN stream ON stream = asked.column2"
)
REPEATS: Final = LookUp(
    "SELECT position, stream, seq, epoch, command_id, kind, version, at, body, hash"
    " FROM event WHERE (stream, command_id) IN (VALUES {rows}) ORDER BY position",
    columns=2,
)
EFFECTS: Final = Roll(
    "SELECT json_group_array(json_array(asked.column1, state))"
    " FROM (VALUES {rows}) AS asked CROSS JOIN effect ON effect_id = asked.column2"
)
CODES: Final = LookUp(
    "SELECT code, stream, person FROM code WHERE code IN (VALUES {rows})"
)
INBOUND: Final = Roll(
    "SELECT json_group_array(json_array(asked.column1, taken_by <> ''))"
    " FROM (VALUES {rows}) AS asked CROSS JOIN inbound ON key = asked.column2"
)
PLACES: Final = Roll(
    "SELECT json_group_array(json_array(asked.column1, at))"
    " FROM (VALUES {rows}) AS asked CROSS JOIN place ON person = asked.column2"
)

INTO_EVENT: Final = Write("INSERT INTO event VALUES {rows}", 10)
INTO_STREAM: Final = Write(
    "INSERT INTO stream VALUES {rows}"
    " ON CONFLICT (stream) DO UPDATE SET owner = excluded.owner,"
    " epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash,"
    " status = excluded.status, is_open = excluded.is_open,"
    " next_due = excluded.next_due, subject = excluded.subject",
    9,
)
INTO_EFFECT: Final = Write("INSERT INTO effect VALUES {rows}", 13)
OF_EFFECT: Final = Write(
    "UPDATE effect SET state = new.column2, changed_at = new.column3,"
    " attempt = coalesce(new.column4, attempt),"
    " route = coalesce(new.column5, route),"
    " reference = coalesce(new.column6, reference)"
    " FROM (VALUES {rows}) AS new WHERE effect_id = new.column1",
    6,
)
INTO_CODE: Final = Write("INSERT INTO code VALUES {rows}", 3)
INTO_INBOUND: Final = Write(
    "INSERT INTO inbound(key, source, received_at, body, taken_by) VALUES {rows}", 5
)
OF_INBOUND: Final = Write(
    "UPDATE inbound SET taken_by = new.column2"
    " FROM (VALUES {rows}) AS new WHERE key = new.column1",
    2,
)
INTO_PLACE: Final = Write(
    "INSERT INTO place(person, lat_deg, lon_deg, accuracy_m, at) VALUES {rows}"
    " ON CONFLICT (person) DO UPDATE SET lat_deg = excluded.lat_deg,"
    " lon_deg = excluded.lon_deg, accuracy_m = excluded.accuracy_m, at = excluded.at",
    5,
)
INTO_ATTENDANCE: Final = Write(
    "INSERT INTO attendance(device, at, battery_ratio) VALUES {rows}"
    " ON CONFLICT (device) DO UPDATE SET at = excluded.at,"
    " battery_ratio = excluded.battery_ratio WHERE excluded.at >= attendance.at",
    3,
)
INTO_DOUBT: Final = Write(
    "INSERT INTO doubt(person, lat_deg, lon_deg, accuracy_m, at, why) VALUES {rows}"
    " ON CONFLICT (person) DO UPDATE SET lat_deg = excluded.lat_deg,"
    " lon_deg = excluded.lon_deg, accuracy_m = excluded.accuracy_m,"
    " at = excluded.at, why = excluded.why WHERE excluded.at >= doubt.at",
    6,
)

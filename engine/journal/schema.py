"""The tables of the journal, numbered; SQLite's dialect of portable SQL.

A version, once released, never changes: a newer one is appended to `VERSIONS`.
`PRAGMA application_id` says that a file is a journal, `PRAGMA user_version` how
many of these versions it has.
"""

import re
from collections.abc import Mapping
from types import NoneType
from typing import Final

APPLICATION_ID: Final = 0x4E41544A
"""`NATJ`, so that `file` and we can tell a journal from any other database."""

_PLACE: Final = """
    CREATE TABLE place(
        person TEXT PRIMARY KEY,
        lat_deg REAL NOT NULL,
        lon_deg REAL NOT NULL,
        accuracy_m REAL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """

# By pseudonym: the number of a device is in no clear column.
_ATTENDANCE: Final = """
    CREATE TABLE attendance(
        device TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        battery_ratio REAL
    ) STRICT, WITHOUT ROWID
    """

_DOUBT: Final = """
    CREATE TABLE doubt(
        person TEXT PRIMARY KEY,
        lat_deg REAL NOT NULL,
        lon_deg REAL NOT NULL,
        accuracy_m REAL,
        at INTEGER NOT NULL,
        why TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """

_STREAM: Final = """
    CREATE TABLE stream(
        stream TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL,
        status TEXT NOT NULL,
        is_open INTEGER NOT NULL CHECK (is_open IN (0, 1)),
        next_due INTEGER,
        subject TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """

_CODE: Final = """
    CREATE TABLE code(
        code TEXT PRIMARY KEY,
        stream TEXT NOT NULL,
        person TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """

_INBOUND: Final = """
    CREATE TABLE inbound(
        key TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        received_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        taken_by TEXT NOT NULL DEFAULT ''
    ) STRICT, WITHOUT ROWID
    """

_STREAM_OPEN: Final = "CREATE INDEX stream_open ON stream(next_due) WHERE is_open = 1"

_INBOUND_UNTAKEN: Final = (
    "CREATE INDEX inbound_untaken ON inbound(received_at) WHERE taken_by = ''"
)

_EFFECT: Final = """
    CREATE TABLE effect(
        effect_id TEXT PRIMARY KEY,
        alarm TEXT NOT NULL,
        class TEXT NOT NULL CHECK (class IN ('S', 'X')),
        channel TEXT NOT NULL,
        rank INTEGER NOT NULL,
        planned_at INTEGER NOT NULL,
        body BLOB NOT NULL,
        avoid_route TEXT NOT NULL,
        state TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        route TEXT NOT NULL,
        reference TEXT NOT NULL,
        changed_at INTEGER
    ) STRICT, WITHOUT ROWID
    """

_EFFECT_QUEUE: Final = "CREATE INDEX effect_queue ON effect(state, rank, planned_at)"

_EFFECT_ALARM: Final = "CREATE INDEX effect_alarm ON effect(alarm)"

JOURNAL: Final = """
    CREATE TABLE journal(
        id INTEGER PRIMARY KEY CHECK (id = 1),
        epoch INTEGER NOT NULL,
        position INTEGER NOT NULL,
        head BLOB NOT NULL,
        at INTEGER
    ) STRICT
    """
"""One row: where the journal stands. `epoch` grows at every opening."""

_FIRST: Final = (
    JOURNAL,
    "INSERT INTO journal VALUES (1, 0, 0, zeroblob(32), NULL)",
    _STREAM,
    _STREAM_OPEN,
    """
    CREATE TABLE event(
        position INTEGER PRIMARY KEY,
        stream TEXT NOT NULL,
        seq INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        command_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        version INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body BLOB NOT NULL,
        hash BLOB NOT NULL CHECK (length(hash) = 32),
        UNIQUE (stream, seq)
    ) STRICT
    """,
    "CREATE INDEX event_command ON event(stream, command_id)",
    """
    CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    # A REPLACE would delete without the trigger above where a connection leaves
    # `recursive_triggers` off; this one looks before.
    """
    CREATE TRIGGER event_is_never_replaced BEFORE INSERT ON event
    WHEN EXISTS (
        SELECT 1 FROM event
        WHERE position = NEW.position OR (stream = NEW.stream AND seq = NEW.seq)
    )
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    _EFFECT,
    _EFFECT_QUEUE,
    _EFFECT_ALARM,
    _CODE,
    _INBOUND,
    _INBOUND_UNTAKEN,
    _PLACE,
)

VERSIONS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, (_ATTENDANCE,), (_DOUBT,))
"""What each version adds, one statement a string (apsw runs one at a time)."""

LATEST: Final[Mapping[str, str]] = {
    "place": _PLACE,
    "attendance": _ATTENDANCE,
    "doubt": _DOUBT,
}
"""The tables whose rows are overwritten: in no chain, and a fact in none of them."""

REPLACED: Final = {
    "stream": (_STREAM, _STREAM_OPEN),
    "effect": (_EFFECT, _EFFECT_QUEUE, _EFFECT_ALARM),
    "inbound": (_INBOUND, _INBOUND_UNTAKEN),
    "code": (_CODE,),
}
"""Tables of clear columns: what of them is lost comes back by events, or not at all."""

TABLES: Final[Mapping[str, tuple[str, ...]]] = REPLACED | {
    table: (statement,) for table, statement in LATEST.items()
}
"""What may begin anew, each with the statements that make it."""

_COLUMN: Final = re.compile(
    r"^ +(\w+) (TEXT|INTEGER|REAL|BLOB)( NOT NULL| PRIMARY KEY)?", re.MULTILINE
)
_TYPE: Final = {"TEXT": str, "INTEGER": int, "REAL": float, "BLOB": bytes}

Types = tuple[tuple[type, ...], ...]

TYPES: Final[Mapping[str, Mapping[str, tuple[type, ...]]]] = {
    table: {
        name: (_TYPE[kind],) if is_set else (_TYPE[kind], NoneType)
        for name, kind, is_set in _COLUMN.findall(statements[0])
    }
    for table, statements in TABLES.items()
}
"""Of which types the columns of these tables are; a changed bit makes others."""

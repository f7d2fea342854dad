"""A read-only view of the SQLite journal, and what `verify` needs beside it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import apsw

from engine.errors import JournalError
from engine.journal import rows
from engine.journal.connection import open_reader
from engine.journal.mishap import explained, lost
from engine.journal.verify import Kept
from engine.ports.journal import (
    Begun,
    Code,
    EffectRow,
    EffectState,
    HeadRow,
    InboundRow,
    Place,
    StoredEvent,
)
from engine.ports.latest import Doubt, Seen
from engine.values import EffectId, Instant, Keys, PersonId

T = TypeVar("T")

_EARLIEST_MS: Final = -(1 << 63)


class SqliteReader:
    """A connection of its own, `mode=ro`; used from one thread at a time.

    Each answer is of one moment: a single SELECT, read to its end.

    Raises:
        JournalError: from every call, where the file cannot be read.

    """

    def __init__(self, path: Path, *, vfs: str | None = None) -> None:
        self._path = path
        self._connection = open_reader(path, vfs)

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        """Return the rows of a stream in order of seq."""
        return self._read(
            rows.EVENTS + " WHERE stream = ? AND seq > ? ORDER BY seq",
            (stream, after_seq),
            rows.events,
        )

    def salvaged(self, stream: str, last_seq: int) -> Sequence[StoredEvent]:
        """Return the rows of a stream that can be read, for damage alone.

        All of them, past an index of which a page is damaged; else one by one.
        `last_seq` is what its head says: which are missing shows by their seq.
        """
        found: list[StoredEvent] = []
        with suppress(JournalError):
            wanted = " NOT INDEXED WHERE stream = ? ORDER BY position"
            return self._read(rows.EVENTS + wanted, (stream,), rows.events)
        for seq in range(1, last_seq + 1):
            with suppress(JournalError):
                wanted = " WHERE stream = ? AND seq = ?"
                found += self._read(rows.EVENTS + wanted, (stream, seq), rows.events)
        return found

    def after(
        self, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        """Return up to `limit` rows behind a position, of streams of that prefix."""
        return self._read(
            rows.EVENTS
            + " WHERE position > ? AND substr(stream, 1, ?) = ?"
            + " ORDER BY position LIMIT ?",
            (position, len(prefix), prefix, limit),
            rows.events,
        )

    def position(self) -> int:
        """Return the last journal position; 0 where there is none."""
        found = self._read("SELECT position FROM journal", (), _integers)
        return found[0] or 0

    def last_at(self) -> Instant | None:
        """Return the wall time of the last commit."""
        at = self._read("SELECT at FROM journal", (), _integers)[0]
        return None if at is None else Instant(at)

    def heads(self, prefix: str, *, open_only: bool) -> Sequence[HeadRow]:
        """Return the heads of streams that begin with `prefix`, soonest due first."""
        return self._read(
            rows.HEADS
            + " WHERE substr(stream, 1, ?) = ?"
            + (" AND is_open = 1" if open_only else "")
            + " ORDER BY next_due IS NULL, next_due, stream",
            (len(prefix), prefix),
            rows.heads,
        )

    def names(self, prefix: str) -> Sequence[str]:
        """Return the streams of that prefix that have rows; for damaged heads alone.

        They come from the index of the rows, which lies on pages of its own.
        """
        behind = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        wanted = "SELECT DISTINCT stream FROM event WHERE stream >= ? AND stream < ?"
        return self._read(wanted, (prefix, behind), _texts)

    def check_found(self) -> None:
        """Look for alarms, messages and signals that nobody would find, at a start.

        Raises:
            JournalError: there are some, by a changed bit in a name or in an index.

        """
        for wanted in (rows.HEADLESS, *rows.UNLISTED):
            if self._read(wanted, (), _integers) != [0]:
                raise lost(self._path, "a row in it is not found")

    def began(self, prefix: str) -> Mapping[str, Begun]:
        """Return each open stream of that prefix, as `Begun` says it."""
        return self._read(rows.BEGAN, (len(prefix), prefix), rows.begun)

    def told(self, prefix: str) -> frozenset[str]:
        """Return the open streams of that prefix of which somebody was told."""
        return frozenset(self._read(rows.TOLD_OF, (len(prefix), prefix), _texts))

    def head(self, stream: str) -> HeadRow | None:
        """Return one head."""
        found = self._read(rows.HEADS + " WHERE stream = ?", (stream,), rows.heads)
        return found[0] if found else None

    def effects(
        self, states: frozenset[EffectState], alarm: str | None = None
    ) -> Sequence[EffectRow]:
        """Return effects in these states, by rank, then age."""
        statement = rows.EFFECTS_IN_STATES
        if alarm is not None:
            statement += " AND alarm = ?"
        return self._read(
            statement + " ORDER BY rank, planned_at, effect_id",
            (json.dumps(sorted(states)), *(() if alarm is None else (alarm,))),
            rows.effects,
        )

    def effect(self, effect_id: EffectId) -> EffectRow | None:
        """Return one effect."""
        found = self._read(
            rows.EFFECTS + " WHERE effect_id = ?", (effect_id,), rows.effects
        )
        return found[0] if found else None

    def code(self, code: str) -> Code | None:
        """Return whom a reply code belongs to."""
        found = self._read(
            "SELECT code, stream, person FROM code WHERE code = ?", (code,), _codes
        )
        return found[0] if found else None

    def codes_of(self, person: PersonId) -> Sequence[Code]:
        """Return a person's codes of streams that stand open, by code."""
        return self._read(rows.OPEN_CODES, (person,), _codes)

    def codes_in_use(self, codes: Sequence[str]) -> frozenset[str]:
        """Return which of these reply codes belong to somebody."""
        wanted = "SELECT code FROM code WHERE code IN (SELECT value FROM json_each(?))"
        return frozenset(self._read(wanted, (json.dumps(codes),), _texts))

    def places(self) -> Sequence[Place]:
        """Return everybody's last fix, by person."""
        return self._read(rows.PLACES + " ORDER BY person", (), rows.places)

    def doubts(self) -> Sequence[Doubt]:
        """Return everybody's last position that was not believed, by person."""
        return self._read(rows.DOUBTS + " ORDER BY person", (), rows.doubts)

    def attendance(self) -> Sequence[Seen]:
        """Return when each device was heard last, by its pseudonym."""
        return self._read(rows.ATTENDANCE + " ORDER BY device", (), rows.attendance)

    def inbound(
        self, *, untaken_only: bool, since: Instant | None = None, keys: Keys = None
    ) -> Sequence[InboundRow]:
        """Return recorded signals, oldest first."""
        return self._read(
            rows.INBOUND  # noqa: S608 - constants
            + " WHERE received_at >= ?"
            + (" AND taken_by = ''" if untaken_only else "")
            + ("" if keys is None else " AND key IN (SELECT value FROM json_each(?))")
            + " ORDER BY received_at, key",
            (
                _EARLIEST_MS if since is None else since.ms,
                *(() if keys is None else (json.dumps(list(keys)),)),
            ),
            rows.inbound,
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Have every answer within the block be of one and the same moment.

        Keep it short where the engine runs: its log cannot begin anew meanwhile.
        """
        self._read("BEGIN", (), apsw.Cursor.fetchall)
        try:
            yield
        finally:
            # Nothing was written; a damaged page is told once, by who met it.
            with suppress(apsw.Error):
                self._connection.execute("ROLLBACK")

    def kept(self) -> Kept:
        """Return what the journal says of itself, for `verify` to compare."""
        own = self._read("SELECT position, head FROM journal", (), _state)
        if own is None:
            raise lost(self._path, "what it keeps of itself is gone")
        position, head = own
        streams = self._read(
            "SELECT stream, seq, hash FROM stream",
            (),
            lambda cursor: {stream: (seq, digest) for stream, seq, digest in cursor},
        )
        return Kept(position=position, head=head, streams=streams)

    def page_faults(self) -> Sequence[str]:
        """Return what SQLite's own check finds wrong with the file; none is good."""
        found = self._read("PRAGMA integrity_check(10)", (), _texts)
        return () if found == ["ok"] else found

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _read(
        self,
        statement: str,
        bindings: tuple[str | int, ...],
        take: Callable[[apsw.Cursor], T],
    ) -> T:
        try:
            return take(self._connection.execute(statement, bindings))
        except (apsw.Error, OSError) as error:
            raise explained(self._path, "read", error) from error
        except (ValueError, TypeError):
            # Pages have no sum: in one that SQLite takes for whole a bit may have
            # changed. What it said of somebody is not repeated.
            pass
        raise lost(self._path, "a row in it is damaged")


def _integers(cursor: apsw.Cursor) -> list[int | None]:
    return [value for (value,) in cursor]


def _state(cursor: apsw.Cursor) -> tuple[int, bytes] | None:
    for position, head in cursor:
        return position, head
    return None


def _texts(cursor: apsw.Cursor) -> list[str]:
    return [value for (value,) in cursor]


def _codes(cursor: apsw.Cursor) -> list[Code]:
    return [
        Code(code=code, stream=stream, person=PersonId(person))
        for code, stream, person in cursor
    ]

"""One group inside one SQLite transaction: the rules, request by request.

Each request that may write more than one row has a savepoint of its own, so that
one that breaks a rule leaves nothing behind and the rest of the group goes on.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Final, assert_never

import apsw

from engine.journal import rows
from engine.journal.chain import GENESIS, next_head, sealed
from engine.journal.rules import flaw
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Code,
    Conflict,
    EffectChange,
    EffectRow,
    EffectState,
    Fenced,
    Place,
    Placed,
    Record,
    Recorded,
    Request,
    StoredEvent,
)
from engine.values import CommandId, Instant

Columns = tuple[str | int | bytes | None, ...]

ROWS_MAX: Final = 16
"""Rows of one insert: more statements in the cache would not pay."""


@dataclass(frozen=True, slots=True)
class _Into:
    """An insert into a table, for any number of rows up to `ROWS_MAX`."""

    table: str
    columns: int
    tail: str = ""

    def statement(self, rows: int) -> str:
        """Return the statement for so many rows."""
        return _statement(self, rows)


@cache
def _statement(into: _Into, rows: int) -> str:
    row = f"({', '.join('?' * into.columns)})"
    values = ", ".join([row] * rows)
    return f"INSERT INTO {into.table} VALUES {values}{into.tail}"  # noqa: S608 - constants


_INTO_EVENT: Final = _Into("event", 10)
_INTO_EFFECT: Final = _Into("effect", 13, " ON CONFLICT (effect_id) DO NOTHING")
_INTO_CODE: Final = _Into("code", 3, " ON CONFLICT (code) DO NOTHING")
_CODES: Final = (
    "SELECT code, stream, person FROM code"
    " WHERE code IN (SELECT value FROM json_each(?))"
)


class RefusedError(Exception):
    """An append breaks a rule in its middle; what it wrote is taken back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Group:
    """The open transaction of one group.

    Args:
        connection: the writer, inside BEGIN IMMEDIATE.
        now: the wall time of every row in this group.

    """

    def __init__(self, connection: apsw.Connection, now: Instant) -> None:
        self._connection, self._now = connection, now
        ((self.position, self._head),) = connection.execute(
            "SELECT position, head FROM journal"
        )

    def apply(self, request: Request) -> Answer:
        """Do what a request asks, or leave no trace and say why not.

        Raises:
            apsw.Error: the medium failed; the whole group must be rolled back.

        """
        problem = flaw(request)
        if problem is not None:
            return Conflict(seq=0, reason=problem)
        match request:
            case Append():
                return self._append(request)
            case Record():
                return self._record(request)
            case Place():
                return self._place(request)
            case _:
                assert_never(request)

    def close(self) -> None:
        """Write where the journal stands behind this group."""
        self._connection.execute(
            "UPDATE journal SET position = ?, head = ?, at = ?",
            (self.position, self._head, self._now.ms),
        )

    def _append(self, append: Append) -> Answer:
        standing = self._connection.execute(
            "SELECT epoch, seq, hash FROM stream WHERE stream = ?", (append.stream,)
        ).fetchone()
        epoch, seq, digest = standing or (0, 0, GENESIS)
        if append.epoch < epoch:
            return Fenced(epoch=epoch)
        if seq:
            first = self._events_of(append.stream, append.command_id)
            if first:
                return Appended(events=tuple(first), repeated=True)
        if append.expected_seq != seq:
            return Conflict(seq=seq, reason="the stream has moved")
        before = self.position, self._head
        try:
            with self._connection:
                answer = self._write(append, seq, digest)
        except RefusedError as refusal:
            self.position, self._head = before
            return Conflict(seq=seq, reason=refusal.reason)
        except apsw.ConstraintError:
            self.position, self._head = before
            return Conflict(seq=seq, reason="a row breaks a constraint of its table")
        return answer

    def _events_of(self, stream: str, command_id: CommandId) -> list[StoredEvent]:
        return rows.events(
            self._connection.execute(
                rows.EVENTS + " WHERE stream = ? AND command_id = ? ORDER BY seq",
                (stream, command_id),
            )
        )

    def _write(self, append: Append, seq: int, digest: bytes) -> Appended:
        stored: list[StoredEvent] = []
        for new in append.events:
            seq += 1
            self.position += 1
            unsealed = StoredEvent(
                position=self.position,
                stream=append.stream,
                seq=seq,
                epoch=append.epoch,
                command_id=append.command_id,
                kind=new.kind,
                version=new.version,
                at=self._now,
                body=new.body,
                hash=b"",
            )
            row = sealed(digest, unsealed)
            digest = row.hash
            self._head = next_head(self._head, digest)
            stored.append(row)
        self._insert(_INTO_EVENT, [_event_columns(row) for row in stored])
        self._keep_head(append, seq, digest)
        self._apply_effects(append)
        return Appended(events=tuple(stored))

    def _insert(self, into: _Into, rows: Sequence[Columns]) -> None:
        """Insert rows of one table, many in a statement.

        apsw gives the interpreter's lock away in every statement, and beside busy
        threads each return of it is waited for: few statements are quick ones.
        """
        for start in range(0, len(rows), ROWS_MAX):
            some = rows[start : start + ROWS_MAX]
            values = tuple(chain.from_iterable(some))
            self._connection.execute(into.statement(len(some)), values)

    def _keep_head(self, append: Append, seq: int, digest: bytes) -> None:
        head = append.head
        self._connection.execute(
            "INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (stream) DO UPDATE SET owner = excluded.owner,"
            " epoch = excluded.epoch, seq = excluded.seq, hash = excluded.hash,"
            " status = excluded.status, is_open = excluded.is_open,"
            " next_due = excluded.next_due, subject = excluded.subject",
            (
                append.stream,
                append.owner,
                append.epoch,
                seq,
                digest,
                head.status,
                int(head.is_open),
                None if head.next_due is None else head.next_due.ms,
                head.subject,
            ),
        )

    def _apply_effects(self, append: Append) -> None:
        execute = self._connection.execute
        self._insert(_INTO_EFFECT, [_effect_columns(plan) for plan in append.plans])
        for change in append.changes:
            self._change(change)
        for effect_id in append.withdraws:
            execute(
                "UPDATE effect SET state = ?, changed_at = ?"
                " WHERE effect_id = ? AND state = ?",
                (
                    EffectState.WITHDRAWN.value,
                    self._now.ms,
                    effect_id,
                    EffectState.PLANNED.value,
                ),
            )
        for key in append.takes:
            execute(
                "UPDATE inbound SET taken_by = ? WHERE key = ? AND taken_by = ''",
                (append.stream, key),
            )
        if append.codes:
            self._claim(append.codes)

    def _change(self, change: EffectChange) -> None:
        found = self._connection.execute(
            "SELECT state FROM effect WHERE effect_id = ?", (change.effect_id,)
        ).get
        if found not in change.requires:
            state = "not there" if found is None else found
            reason = f"an effect that must change is {state}"
            raise RefusedError(reason)
        self._connection.execute(
            "UPDATE effect SET state = ?, changed_at = ?,"
            " attempt = coalesce(?, attempt), route = coalesce(?, route),"
            " reference = coalesce(?, reference) WHERE effect_id = ?",
            (
                change.state.value,
                self._now.ms,
                change.attempt,
                change.route,
                change.reference,
                change.effect_id,
            ),
        )

    def _claim(self, codes: Sequence[Code]) -> None:
        self._insert(_INTO_CODE, [(c.code, c.stream, c.person) for c in codes])
        wanted = json.dumps([code.code for code in codes])
        owners = {
            code: (stream, person)
            for code, stream, person in self._connection.execute(_CODES, (wanted,))
        }
        for code in codes:
            if owners[code.code] != (code.stream, code.person):
                reason = "a reply code is in use"
                raise RefusedError(reason)

    def _record(self, record: Record) -> Answer:
        self._connection.execute(
            "INSERT INTO inbound(key, source, received_at, body, taken_by)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (
                record.key,
                record.source,
                record.received_at.ms,
                record.body,
                record.taken_by,
            ),
        )
        return Recorded(key=record.key, repeated=not self._connection.changes())

    def _place(self, place: Place) -> Answer:
        fix = place.fix
        self._connection.execute(
            "INSERT INTO place(person, lat_deg, lon_deg, accuracy_m, at)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (person) DO UPDATE"
            " SET lat_deg = excluded.lat_deg, lon_deg = excluded.lon_deg,"
            " accuracy_m = excluded.accuracy_m, at = excluded.at"
            " WHERE excluded.at >= place.at",
            (place.person, fix.lat_deg, fix.lon_deg, fix.accuracy_m, fix.at.ms),
        )
        return Placed(kept_newer=not self._connection.changes())


def _event_columns(row: StoredEvent) -> Columns:
    return (
        row.position,
        row.stream,
        row.seq,
        row.epoch,
        row.command_id,
        row.kind,
        row.version,
        row.at.ms,
        row.body,
        row.hash,
    )


def _effect_columns(plan: EffectRow) -> Columns:
    return (
        plan.effect_id,
        plan.alarm,
        plan.effect_class.value,
        plan.channel,
        plan.rank,
        plan.planned_at.ms,
        plan.body,
        plan.avoid_route,
        plan.state.value,
        plan.attempt,
        plan.route,
        plan.reference,
        None if plan.changed_at is None else plan.changed_at.ms,
    )

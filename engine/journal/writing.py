"""One group inside one SQLite transaction: the rules, request by request.

First everything that the group names is looked up, then each request is answered from
that, and last all rows are written. What a rule refuses has left nothing behind, since
nothing is written until all is decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never

import apsw

from engine.journal import tables
from engine.journal.chain import next_head, sealed
from engine.journal.columns import (
    attendance_columns,
    doubt_columns,
    effect_columns,
    event_columns,
    stream_columns,
)
from engine.journal.rules import flaw
from engine.journal.standing import NO_STREAM, Standing, StreamEnd, standing_of
from engine.journal.tables import Columns
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Conflict,
    EffectState,
    Fenced,
    Place,
    Placed,
    Record,
    Recorded,
    Request,
    StoredEvent,
)
from engine.ports.latest import Attend, Attended, Doubt
from engine.values import EffectId, Instant, PersonId, ReportKey

_OF_A_TABLE: Final = "a row breaks a constraint of its table"


def answers_of(
    connection: apsw.Connection, group: Sequence[Request], now: Instant
) -> tuple[list[Answer], int]:
    """Do what a group asks; return the answers, and the position behind it.

    Where a table refuses a row, no rule of ours has found what is wrong with it: the
    requests are then done one by one, and only that one fails.

    Args:
        connection: the writer, inside BEGIN IMMEDIATE.
        group: what is asked.
        now: the wall time of every row in this group.

    Raises:
        apsw.Error: the medium failed; the whole group must be rolled back.

    """
    ((position, head),) = connection.execute("SELECT position, head FROM journal")
    whole = Group(connection, group, now, position, head)
    if not _is_written(connection, whole):
        return _one_by_one(connection, group, now, position, head)
    return whole.answers, whole.position


def _is_written(connection: apsw.Connection, group: "Group") -> bool:
    """Write a group; False where a table refuses a row, and nothing is written.

    Not by apsw's `with`: an error at which SQLite ends the transaction by itself would
    come as one about the savepoint that went with it, and a bad sector as no such.
    """
    connection.execute("SAVEPOINT part")
    try:
        group.write()
        is_written = True
    except apsw.ConstraintError:
        connection.execute("ROLLBACK TO part")
        is_written = False
    connection.execute("RELEASE part")
    return is_written


def _one_by_one(
    connection: apsw.Connection,
    group: Sequence[Request],
    now: Instant,
    position: int,
    head: bytes,
) -> tuple[list[Answer], int]:
    answers: list[Answer] = []
    for request in group:
        alone = Group(connection, (request,), now, position, head)
        if _is_written(connection, alone):
            answers += alone.answers
            position, head = alone.position, alone.head
        else:
            seq = alone.seq_before(request)
            answers.append(Conflict(seq=seq, reason=_OF_A_TABLE))
    return answers, position


@dataclass(slots=True)
class _Change:
    """What becomes of an effect; None leaves a column as it is."""

    state: EffectState
    attempt: int | None = None
    route: str | None = None
    reference: str | None = None

    def then(self, later: "_Change") -> "_Change":
        """Return what both come to."""
        return _Change(
            later.state,
            self.attempt if later.attempt is None else later.attempt,
            self.route if later.route is None else later.route,
            self.reference if later.reference is None else later.reference,
        )


@dataclass(slots=True)
class _Pending:
    """The rows that a group will write; where a key says so, the last word on it."""

    events: list[Columns] = field(default_factory=list)
    streams: dict[str, Columns] = field(default_factory=dict)
    effects: list[Columns] = field(default_factory=list)
    changes: dict[EffectId, _Change] = field(default_factory=dict)
    codes: list[Columns] = field(default_factory=list)
    inbound: list[Columns] = field(default_factory=list)
    takers: dict[ReportKey, str] = field(default_factory=dict)
    places: dict[PersonId, Columns] = field(default_factory=dict)
    attendance: list[Columns] = field(default_factory=list)
    doubts: list[Columns] = field(default_factory=list)


class _Effects:
    """The effects of one append over those that stand: kept all, or none."""

    def __init__(self, standing: Standing, pending: _Pending) -> None:
        self._standing, self._pending = standing, pending
        self._states: dict[EffectId, str] = {}
        self._changes: dict[EffectId, _Change] = {}
        self._plans: list[Columns] = []

    def apply(self, append: Append) -> str | None:
        """Plan, change and withdraw; return why an effect cannot be changed."""
        for plan in append.plans:
            if self._state(plan.effect_id) is None:
                self._states[plan.effect_id] = plan.state.value
                self._plans.append(effect_columns(plan))
        for change in append.changes:
            state = self._state(change.effect_id)
            if state not in change.requires:
                found = "not there" if state is None else state
                return f"an effect that must change is {found}"
            new = change.state, change.attempt, change.route, change.reference
            self._change(change.effect_id, _Change(*new))
        for effect in append.withdraws:
            if self._state(effect) == EffectState.PLANNED:
                self._change(effect, _Change(EffectState.WITHDRAWN))
        return None

    def keep(self) -> None:
        """Let it stand, and be written."""
        self._standing.effects.update(self._states)
        self._pending.changes.update(self._changes)
        self._pending.effects += self._plans

    def _state(self, effect: EffectId) -> str | None:
        return self._states.get(effect) or self._standing.effects.get(effect)

    def _change(self, effect: EffectId, change: _Change) -> None:
        self._states[effect] = change.state.value
        before = self._changes.get(effect) or self._pending.changes.get(effect)
        self._changes[effect] = change if before is None else before.then(change)


class Group:
    """A group that is decided, and not yet written.

    `answers` has one for each request, `position` and `head` say where the journal
    stands behind the group.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        group: Sequence[Request],
        now: Instant,
        position: int,
        head: bytes,
    ) -> None:
        """Look up what the group names, and decide each request in order."""
        self._connection, self._now = connection, now
        self.position, self.head = position, head
        self._pending = _Pending()
        flaws = [flaw(request) for request in group]
        sound = [
            request
            for request, problem in zip(group, flaws, strict=True)
            if problem is None
        ]
        self._standing: Standing = standing_of(connection, sound)
        self._seqs = {name: end.seq for name, end in self._standing.streams.items()}
        self.answers: list[Answer] = [
            self._answer(request)
            if problem is None
            else Conflict(seq=0, reason=problem)
            for request, problem in zip(group, flaws, strict=True)
        ]

    def seq_before(self, request: Request) -> int:
        """Return the last seq that a request's stream had before the group."""
        return self._seqs.get(request.stream, 0) if isinstance(request, Append) else 0

    def write(self) -> None:
        """Write all rows, and where the journal stands behind them.

        Raises:
            apsw.ConstraintError: a table refuses a row; nothing may be kept then.
            apsw.Error: the medium failed.

        """
        connection, pending = self._connection, self._pending
        tables.INTO_EVENT.run(connection, pending.events)
        tables.INTO_STREAM.run(connection, list(pending.streams.values()))
        tables.INTO_EFFECT.run(connection, pending.effects)
        tables.OF_EFFECT.run(connection, self._changes())
        tables.INTO_CODE.run(connection, pending.codes)
        tables.INTO_INBOUND.run(connection, pending.inbound)
        tables.OF_INBOUND.run(connection, list(pending.takers.items()))
        tables.INTO_PLACE.run(connection, list(pending.places.values()))
        tables.INTO_ATTENDANCE.run(connection, pending.attendance)
        tables.INTO_DOUBT.run(connection, pending.doubts)
        connection.execute(
            "UPDATE journal SET position = ?, head = ?, at = ?",
            (self.position, self.head, self._now.ms),
        )

    def _changes(self) -> list[Columns]:
        return [
            (
                effect,
                change.state.value,
                self._now.ms,
                change.attempt,
                change.route,
                change.reference,
            )
            for effect, change in self._pending.changes.items()
        ]

    def _answer(self, request: Request) -> Answer:
        match request:
            case Append():
                return self._append(request)
            case Record():
                return self._record(request)
            case Place():
                return self._place(request)
            case Doubt():
                self._pending.doubts.append(doubt_columns(request))
                return Placed()
            case Attend():
                self._pending.attendance += map(attendance_columns, request.seen)
                return Attended()
            case _:
                assert_never(request)

    def _append(self, append: Append) -> Answer:
        end = self._standing.streams.get(append.stream, NO_STREAM)
        if append.epoch < end.epoch:
            return Fenced(epoch=end.epoch)
        first = self._standing.commands.get((append.stream, append.command_id))
        if first:
            return Appended(events=tuple(first), repeated=True)
        if end.is_unread:
            return Conflict(seq=end.seq, reason="its last row cannot be read")
        if append.expected_seq != end.seq:
            return Conflict(seq=end.seq, reason="the stream has moved")
        reason = self._apply(append)
        if reason is not None:
            return Conflict(seq=end.seq, reason=reason)
        stored = self._store(append, end)
        for record in append.records:
            self._record(record)
        self._take(append)
        return Appended(events=stored)

    def _apply(self, append: Append) -> str | None:
        """Apply effects and codes; return why one of them cannot be, all undone."""
        effects = _Effects(self._standing, self._pending)
        reason = effects.apply(append)
        if reason is not None:
            return reason
        fresh: dict[str, tuple[str, PersonId]] = {}
        for code in append.codes:
            owner = code.stream, code.person
            holder = self._standing.codes.get(code.code)
            if (holder or fresh.setdefault(code.code, owner)) != owner:
                return "a reply code is in use"
        effects.keep()
        self._standing.codes.update(fresh)
        self._pending.codes += [(code, *owner) for code, owner in fresh.items()]
        return None

    def _store(self, append: Append, end: StreamEnd) -> tuple[StoredEvent, ...]:
        standing, pending = self._standing, self._pending
        seq, digest = end.seq, end.hash
        stored: list[StoredEvent] = []
        for new in append.events:
            seq += 1
            self.position += 1
            row = sealed(
                digest, append, new, position=self.position, seq=seq, at=self._now
            )
            digest = row.hash
            self.head = next_head(self.head, digest)
            stored.append(row)
            pending.events.append(event_columns(row))
        standing.streams[append.stream] = StreamEnd(append.epoch, seq, digest)
        standing.commands[append.stream, append.command_id] = stored
        pending.streams[append.stream] = stream_columns(append, seq, digest)
        return tuple(stored)

    def _take(self, append: Append) -> None:
        for key in append.takes:
            if self._standing.takers.get(key) == "":
                self._standing.takers[key] = append.stream
                self._pending.takers[key] = append.stream

    def _record(self, record: Record) -> Answer:
        takers = self._standing.takers
        if record.key in takers:
            return Recorded(key=record.key, repeated=True)
        takers[record.key] = record.taken_by
        self._pending.inbound.append(
            (
                record.key,
                record.source,
                record.received_at.ms,
                record.body,
                record.taken_by,
            )
        )
        return Recorded(key=record.key)

    def _place(self, place: Place) -> Answer:
        fix, fixed_ms = place.fix, self._standing.fixed_ms
        at_ms = fix.at.ms
        if fixed_ms.get(place.person, at_ms) > at_ms:
            return Placed(kept_newer=True)
        fixed_ms[place.person] = at_ms
        self._pending.places[place.person] = (
            place.person,
            fix.lat_deg,
            fix.lon_deg,
            fix.accuracy_m,
            at_ms,
        )
        return Placed()

"""The journal in memory: for tests and the simulator, by the same contract.

A `Medium` is what a disk is: it outlives the store, so that a simulated crash is
another store on the same medium. Written apart from the SQLite one on purpose;
the contract suite and a state machine hold the two together.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, assert_never

from msgspec.structs import replace

from engine.journal.chain import GENESIS, next_head, sealed
from engine.journal.rules import flaw
from engine.journal.verify import Kept
from engine.ports.journal import (
    TOLD,
    Answer,
    Append,
    Appended,
    Begun,
    Code,
    Conflict,
    EffectRow,
    EffectState,
    Fenced,
    Head,
    HeadRow,
    InboundRow,
    Place,
    Placed,
    Record,
    Recorded,
    Request,
    StoredEvent,
)
from engine.ports.latest import Attend, Attended, Doubt, Seen
from engine.values import EffectId, Instant, Keys, PersonId, ReportKey

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Stream:
    """The rows of one stream and its clear columns."""

    owner: str
    epoch: int
    head: Head
    events: list[StoredEvent] = field(default_factory=list)
    commands: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Medium:
    """All that is durable. `lock` lets readers on other threads see whole groups."""

    epoch: int = 0
    at: Instant | None = None
    head: bytes = GENESIS
    events: list[StoredEvent] = field(default_factory=list)
    streams: dict[str, Stream] = field(default_factory=dict)
    effects: dict[EffectId, EffectRow] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    inbound: dict[ReportKey, InboundRow] = field(default_factory=dict)
    places: dict[PersonId, Place] = field(default_factory=dict)
    doubts: dict[PersonId, Doubt] = field(default_factory=dict)
    attendance: dict[str, Seen] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class MemoryStore:
    """Implements `engine.ports.journal.JournalStore`; opening takes the next epoch."""

    def __init__(self, medium: Medium | None = None) -> None:
        self._medium = Medium() if medium is None else medium
        self.begun_anew: dict[str, int] = {}
        with self._medium.lock:
            self._medium.epoch += 1
            self.epoch = self._medium.epoch

    @property
    def position(self) -> int:
        """The last durable journal position."""
        return len(self._medium.events)

    @property
    def size_bytes(self) -> int:
        """Nothing: it takes no disk."""
        return 0

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Apply a group; nobody sees half of it."""
        with self._medium.lock:
            answers = [self._apply(request, now) for request in group]
            self._medium.at = now
        return answers

    def tidy(self, *, is_hurried: bool = False) -> None:
        """Do nothing: memory has no log."""

    def reserve_lacks(self) -> None:
        """Return None: memory is never full."""

    def reader(self) -> "MemoryReader":
        """Open another view; from any thread."""
        return MemoryReader(self._medium)

    def close(self) -> None:
        """Do nothing: the medium stays."""

    def _apply(self, request: Request, now: Instant) -> Answer:
        if (problem := flaw(request)) is not None:
            return Conflict(seq=0, reason=problem)
        match request:
            case Append():
                return self._append(request, now)
            case Record():
                return self._record(request)
            case Place():
                return self._place(request)
            case Doubt():
                return self._doubt(request)
            case Attend():
                return self._attend(request)
            case _:
                assert_never(request)

    def _append(self, append: Append, now: Instant) -> Answer:
        known = self._medium.streams.get(append.stream)
        stream = known or Stream(append.owner, append.epoch, append.head)
        events = stream.events
        if append.epoch < stream.epoch:
            return Fenced(epoch=stream.epoch)
        if append.command_id in stream.commands:
            first = [row for row in events if row.command_id == append.command_id]
            return Appended(events=tuple(first), repeated=True)
        if append.expected_seq != len(events):
            return Conflict(seq=len(events), reason="the stream has moved")
        effects = _standing(self._medium.effects, _effects_of(append))
        codes = _standing(self._medium.codes, [code.code for code in append.codes])
        reason = _effects_conflict(append, effects, now)
        reason = reason or _codes_conflict(append, codes)
        if reason is not None:
            return Conflict(seq=len(events), reason=reason)
        self._medium.effects.update(effects)
        self._medium.codes.update(codes)
        for record in append.records:
            self._record(record)
        self._take(append)
        self._medium.streams[append.stream] = stream
        stream.owner, stream.epoch = append.owner, append.epoch
        stream.head = append.head
        return Appended(events=self._store(append, stream, now))

    def _store(
        self, append: Append, stream: Stream, now: Instant
    ) -> tuple[StoredEvent, ...]:
        medium = self._medium
        for new in append.events:
            row = sealed(
                stream.events[-1].hash if stream.events else GENESIS,
                append,
                new,
                position=len(medium.events) + 1,
                seq=len(stream.events) + 1,
                at=now,
            )
            medium.events.append(row)
            medium.head = next_head(medium.head, row.hash)
            stream.events.append(row)
            stream.commands.add(append.command_id)
        return tuple(stream.events[append.expected_seq :])

    def _take(self, append: Append) -> None:
        for key in append.takes:
            row = self._medium.inbound.get(key)
            if row is not None and not row.taken_by:
                self._medium.inbound[key] = replace(row, taken_by=append.stream)

    def _record(self, record: Record) -> Recorded:
        inbound = self._medium.inbound
        if record.key in inbound:
            return Recorded(key=record.key, repeated=True)
        inbound[record.key] = InboundRow(
            key=record.key,
            source=record.source,
            received_at=record.received_at,
            body=record.body,
            taken_by=record.taken_by,
        )
        return Recorded(key=record.key)

    def _place(self, place: Place) -> Placed:
        places = self._medium.places
        kept = places.get(place.person)
        if kept is not None and kept.fix.at > place.fix.at:
            return Placed(kept_newer=True)
        places[place.person] = place
        return Placed()

    def _doubt(self, doubt: Doubt) -> Placed:
        kept = self._medium.doubts.get(doubt.person)
        if kept is None or kept.fix.at <= doubt.fix.at:
            self._medium.doubts[doubt.person] = doubt
        return Placed()

    def _attend(self, attend: Attend) -> Attended:
        for seen in attend.seen:
            kept = self._medium.attendance.get(seen.device)
            if kept is None or kept.at <= seen.at:
                self._medium.attendance[seen.device] = seen
        return Attended()


class MemoryReader:
    """A view of a medium; each answer is of one moment."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        """Return the rows of a stream in order of seq."""
        with self._medium.lock:
            found = self._medium.streams.get(stream)
            return () if found is None else tuple(found.events[after_seq:])

    def after(
        self, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        """Return up to `limit` rows behind a position, of streams of that prefix."""
        with self._medium.lock:
            rows = self._medium.events[position:]
        return tuple(row for row in rows if row.stream.startswith(prefix))[:limit]

    def position(self) -> int:
        """Return the last journal position; 0 where there is none."""
        return len(self._medium.events)

    def last_at(self) -> Instant | None:
        """Return the wall time of the last commit."""
        return self._medium.at

    def heads(self, prefix: str, *, open_only: bool) -> Sequence[HeadRow]:
        """Return the heads of streams that begin with `prefix`, soonest due first."""
        with self._medium.lock:
            rows = [
                _head_row(name, stream)
                for name, stream in self._medium.streams.items()
                if name.startswith(prefix) and (stream.head.is_open or not open_only)
            ]
        return sorted(rows, key=_by_due)

    def began(self, prefix: str) -> Mapping[str, Begun]:
        """Return each open stream of that prefix, as `Begun` says it."""
        with self._medium.lock:
            return {
                name: (stream.head.status, stream.events[0].at, stream.head.subject)
                for name, stream in self._medium.streams.items()
                if name.startswith(prefix) and stream.head.is_open and stream.events
            }

    def told(self, prefix: str) -> frozenset[str]:
        """Return the open streams of that prefix of which somebody was told."""
        with self._medium.lock:
            told = {e.alarm for e in self._medium.effects.values() if e.state in TOLD}
            is_open = {row.stream for row in self.heads(prefix, open_only=True)}
        return frozenset(told & is_open)

    def head(self, stream: str) -> HeadRow | None:
        """Return one head."""
        with self._medium.lock:
            found = self._medium.streams.get(stream)
            return None if found is None else _head_row(stream, found)

    def effects(
        self, states: frozenset[EffectState], alarm: str | None = None
    ) -> Sequence[EffectRow]:
        """Return effects in these states, by rank, then age."""
        with self._medium.lock:
            rows = self._medium.effects.values()
            found = [r for r in rows if r.state in states and alarm in (None, r.alarm)]
        return sorted(found, key=lambda row: (row.rank, row.planned_at, row.effect_id))

    def effect(self, effect_id: EffectId) -> EffectRow | None:
        """Return one effect."""
        return self._medium.effects.get(effect_id)

    def code(self, code: str) -> Code | None:
        """Return whom a reply code belongs to."""
        return self._medium.codes.get(code)

    def codes_of(self, person: PersonId) -> Sequence[Code]:
        """Return a person's codes of streams that stand open, by code."""
        with self._medium.lock:
            is_open = {n for n, one in self._medium.streams.items() if one.head.is_open}
            codes = [c for c in self._medium.codes.values() if c.stream in is_open]
        return sorted((c for c in codes if c.person == person), key=lambda c: c.code)

    def codes_in_use(self, codes: Sequence[str]) -> frozenset[str]:
        """Return which of these reply codes belong to somebody."""
        return frozenset(filter(self._medium.codes.__contains__, codes))

    def places(self) -> Sequence[Place]:
        """Return everybody's last fix, by person."""
        with self._medium.lock:
            return sorted(self._medium.places.values(), key=lambda place: place.person)

    def doubts(self) -> Sequence[Doubt]:
        """Return everybody's last position that was not believed."""
        with self._medium.lock:
            return sorted(self._medium.doubts.values(), key=lambda one: one.person)

    def attendance(self) -> Sequence[Seen]:
        """Return when each device was heard last."""
        with self._medium.lock:
            return sorted(self._medium.attendance.values(), key=lambda one: one.device)

    def inbound(
        self, *, untaken_only: bool, since: Instant | None = None, keys: Keys = None
    ) -> Sequence[InboundRow]:
        """Return recorded signals, oldest first."""
        with self._medium.lock:
            rows = [
                row
                for row in self._medium.inbound.values()
                if not (untaken_only and row.taken_by)
                and (since is None or row.received_at >= since)
                and (keys is None or row.key in keys)
            ]
        return sorted(rows, key=lambda row: (row.received_at, row.key))

    def kept(self) -> Kept:
        """Return what the journal says of itself, for `verify` to compare."""
        with self._medium.lock:
            streams = {
                name: (len(stream.events), stream.events[-1].hash)
                for name, stream in self._medium.streams.items()
                if stream.events
            }
            position, head = len(self._medium.events), self._medium.head
            return Kept(position=position, head=head, streams=streams)

    def close(self) -> None:
        """Do nothing: there is no connection."""


def _standing(rows: Mapping[K, V], keys: Iterable[K]) -> dict[K, V]:
    """Return the rows of these keys that there are, to be changed apart from them."""
    return {key: rows[key] for key in keys if key in rows}


def _effects_of(append: Append) -> list[EffectId]:
    changed = [change.effect_id for change in append.changes]
    return [plan.effect_id for plan in append.plans] + changed + [*append.withdraws]


def _effects_conflict(
    append: Append, effects: dict[EffectId, EffectRow], now: Instant
) -> str | None:
    """Apply plans, changes and withdraws in turn; return why one cannot be."""
    for plan in append.plans:
        effects.setdefault(plan.effect_id, plan)
    for change in append.changes:
        row = effects.get(change.effect_id)
        if row is None or row.state not in change.requires:
            return f"an effect that must change is {row.state if row else 'not there'}"
        effects[change.effect_id] = replace(
            row,
            state=change.state,
            changed_at=now,
            attempt=row.attempt if change.attempt is None else change.attempt,
            route=row.route if change.route is None else change.route,
            reference=row.reference if change.reference is None else change.reference,
        )
    for key in append.withdraws:
        row = effects.get(key)
        if row is not None and row.state is EffectState.PLANNED:
            effects[key] = replace(row, state=EffectState.WITHDRAWN, changed_at=now)
    return None


def _codes_conflict(append: Append, codes: dict[str, Code]) -> str | None:
    """Claim codes in turn; return why one cannot be had."""
    for code in append.codes:
        if codes.setdefault(code.code, code) != code:
            return "a reply code is in use"
    return None


def _head_row(name: str, one: Stream) -> HeadRow:
    seq, head = len(one.events), one.head
    return HeadRow(stream=name, owner=one.owner, epoch=one.epoch, seq=seq, head=head)


def _by_due(row: HeadRow) -> tuple[bool, Instant, str]:
    return row.head.next_due is None, row.head.next_due or Instant(0), row.stream

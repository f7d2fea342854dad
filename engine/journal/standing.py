"""What the tables hold of all that a group names, looked up at once.

The group goes on from here without asking again: what one of its requests changes, the
next one finds changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

import apsw

from engine.journal import rows, tables
from engine.journal.chain import GENESIS
from engine.ports.journal import (
    Append,
    Place,
    Record,
    Request,
    StoredEvent,
)
from engine.ports.latest import Attend, Doubt
from engine.values import CommandId, EffectId, PersonId, ReportKey


class StreamEnd(NamedTuple):
    """Where a stream stands: whose epoch, its last seq and hash."""

    epoch: int
    seq: int
    hash: bytes

    @property
    def is_unread(self) -> bool:
        """Whether its head was made anew where its last row could not be read."""
        return self.seq > 0 and self.hash == GENESIS


TAKEN = "taken"
"""By whom does not matter to whoever comes later."""
NO_STREAM = StreamEnd(0, 0, GENESIS)


@dataclass(frozen=True, slots=True)
class Standing:
    """The clear columns that decide a group's answers, by key; absent: no such row."""

    streams: dict[str, StreamEnd] = field(default_factory=dict)
    commands: dict[tuple[str, CommandId], list[StoredEvent]] = field(
        default_factory=dict
    )
    effects: dict[EffectId, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, PersonId]] = field(default_factory=dict)
    takers: dict[ReportKey, str] = field(default_factory=dict)
    fixed_ms: dict[PersonId, int] = field(default_factory=dict)


def standing_of(connection: apsw.Connection, group: Sequence[Request]) -> Standing:
    """Look up all that a group names, a few statements for each table."""
    names = _Names()
    for request in group:
        names.add(request)

    streams = {
        stream: StreamEnd(epoch, seq, bytes.fromhex(digest))
        for stream, (epoch, seq, digest) in tables.STREAMS.ask(
            connection, names.streams
        )
    }
    for stream, end in streams.items():
        if end.is_unread:
            streams[stream] = _by_its_row(connection, stream, end)
    standing = Standing(
        streams=streams,
        effects={
            EffectId(effect): state
            for effect, (state,) in tables.EFFECTS.ask(connection, names.effects)
        },
        codes={
            code: (stream, PersonId(person))
            for code, stream, person in tables.CODES.ask(
                connection, [(code,) for code in names.codes]
            )
        },
        takers={
            ReportKey(key): TAKEN if is_taken else ""
            for key, (is_taken,) in tables.INBOUND.ask(connection, names.inbound)
        },
        fixed_ms={
            PersonId(person): at
            for person, (at,) in tables.PLACES.ask(connection, names.people)
        },
    )
    told = [pair for pair in names.commands if pair[0] in streams]
    for event in rows.events(tables.REPEATS.ask(connection, told)):
        key = event.stream, event.command_id
        standing.commands.setdefault(key, []).append(event)
    return standing


def _by_its_row(connection: apsw.Connection, stream: str, end: StreamEnd) -> StreamEnd:
    """Look again at a row that could not be read when the stream's head was made.

    Where it still cannot, SQLite takes no write in this transaction any more.
    """
    wanted = "SELECT epoch, hash FROM event WHERE stream = ? AND seq = ?"
    for epoch, digest in connection.execute(wanted, (stream, end.seq)):
        return StreamEnd(epoch, end.seq, digest)
    return end


@dataclass(frozen=True, slots=True)
class _Names:
    """The keys that a group names; a dict each, whose order is the group's."""

    streams: dict[str, None] = field(default_factory=dict)
    commands: dict[tuple[str, str], None] = field(default_factory=dict)
    effects: dict[str, None] = field(default_factory=dict)
    codes: dict[str, None] = field(default_factory=dict)
    inbound: dict[str, None] = field(default_factory=dict)
    people: dict[str, None] = field(default_factory=dict)

    def add(self, request: Request) -> None:
        match request:
            case Append():
                self.streams[request.stream] = None
                self.commands[request.stream, request.command_id] = None
                self.effects.update(dict.fromkeys(_effects_of(request)))
                self.codes.update(dict.fromkeys(code.code for code in request.codes))
                self.inbound.update(dict.fromkeys(request.takes))
                self.inbound.update((record.key, None) for record in request.records)
            case Record(key=key):
                self.inbound[key] = None
            case Place(person=person):
                self.people[person] = None
            case Doubt() | Attend():
                pass  # their statements compare by themselves
            case _:
                assert_never(request)


def _effects_of(append: Append) -> Iterable[EffectId]:
    yield from (plan.effect_id for plan in append.plans)
    yield from (change.effect_id for change in append.changes)
    yield from append.withdraws

"""What a journal must be: the durable log, its clear columns and its readers.

Facts are rows of streams, hash-chained; beside them lie clear columns (heads,
effects, codes, inbound signals, last fixes) that restart, dispatcher, console and
auditor read without folding a stream and without keys. Bodies are opaque bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from engine.ports.latest import Attend, Attended, Doubt, Seen
from engine.values import CommandId, EffectId, Fix, Instant, Keys, PersonId, ReportKey


class NewEvent(Struct, frozen=True, kw_only=True, gc=False):
    """A fact to be appended; `version` is the schema of `body`."""

    kind: str
    body: bytes
    version: int = 1


class StoredEvent(Struct, frozen=True, kw_only=True, gc=False):
    """A row. `position` is global and gap-free, `seq` counts within the stream from 1.

    `hash` is SHA-256 over the stream's previous hash and every other column.
    """

    position: int
    stream: str
    seq: int
    epoch: int
    command_id: CommandId
    kind: str
    version: int
    at: Instant
    body: bytes
    hash: bytes


class Head(Struct, frozen=True, kw_only=True, gc=False):
    """The clear columns of a stream: what an auditor may see.

    `next_due` is when the owner must look again; None with `is_open` means that
    it waits for an effect or a person alone. `subject` is by what an open stream is
    found without folding it (a pseudonym); empty where it is not looked for.
    """

    status: str
    is_open: bool
    next_due: Instant | None = None
    subject: str = ""


class HeadRow(Struct, frozen=True, kw_only=True, gc=False):
    """A stream with its owner, fencing epoch and head."""

    stream: str
    owner: str
    epoch: int
    seq: int
    head: Head


class EffectClass(StrEnum):
    """S tells people and is repeated on unknown; X is exclusive and never is."""

    SAFETY = "S"
    EXCLUSIVE = "X"


class EffectState(StrEnum):
    """An effect's life (design: planned, attempting, then one true outcome)."""

    PLANNED = "planned"
    ATTEMPTING = "attempting"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


TOLD = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
"""Where an effect of an alarm stands so, somebody has been told of it."""


class EffectRow(Struct, frozen=True, kw_only=True, gc=False):
    """One effect: the outside act, its state, its latest attempt and route.

    `alarm` is the alarm's stream. `rank` orders the queue: lower first. `body`
    holds address and text, opaque here.
    """

    effect_id: EffectId
    alarm: str
    effect_class: EffectClass
    channel: str
    rank: int
    planned_at: Instant
    body: bytes
    avoid_route: str = ""
    state: EffectState = EffectState.PLANNED
    attempt: int = 0
    route: str = ""
    reference: str = ""
    changed_at: Instant | None = None


class EffectChange(Struct, frozen=True, kw_only=True, gc=False):
    """A change of an effect's row, refused unless its state is one of `requires`."""

    effect_id: EffectId
    state: EffectState
    requires: frozenset[EffectState]
    attempt: int | None = None
    route: str | None = None
    reference: str | None = None


class Code(Struct, frozen=True, kw_only=True, gc=False):
    """A reply code: belongs to one stream and one person for ever."""

    code: str
    stream: str
    person: PersonId


class Record(Struct, frozen=True, kw_only=True, gc=False):
    """Record an inbound signal; idempotent by `key`.

    `taken_by` is set where nobody has to take it up: it is kept, and that is all.
    """

    key: ReportKey
    source: str
    received_at: Instant
    body: bytes
    taken_by: str = ""


class Append(Struct, frozen=True, kw_only=True, gc=False):
    """Append `events` to `stream` if its last seq is `expected_seq`; all or nothing.

    A repeated `command_id` of the same stream answers with the rows of the first
    time. `plans` insert effect rows (an existing id is left alone), `withdraws`
    turn those still planned into withdrawn, `takes` mark recorded signals as
    taken up by this stream, `codes` claim reply codes (a code in use: conflict).
    `records` are recorded with it, as each would be alone: a deadline that has passed,
    and the signal that it has.

    Looked at in this order: epoch (fenced), repeat, seq (conflict); then plans,
    changes, withdraws, records, takes and codes are applied. A smaller epoch is
    fenced even if it repeats. A signal that another stream took stays with it; one
    that was never recorded is passed over. Without events only the clear columns
    change, and a repeat is then not known as one.
    """

    stream: str
    expected_seq: int
    epoch: int
    command_id: CommandId
    events: tuple[NewEvent, ...]
    head: Head
    owner: str = "engine"
    plans: tuple[EffectRow, ...] = ()
    changes: tuple[EffectChange, ...] = ()
    withdraws: tuple[EffectId, ...] = ()
    takes: tuple[ReportKey, ...] = ()
    codes: tuple[Code, ...] = ()
    records: tuple[Record, ...] = ()


class Place(Struct, frozen=True, kw_only=True, gc=False):
    """Overwrite a person's last fix, unless the one kept is newer."""

    person: PersonId
    fix: Fix


Request = Append | Record | Place | Doubt | Attend


class Appended(Struct, frozen=True, kw_only=True, gc=False):
    """Durable: the events as stored (`repeated`: by an earlier append)."""

    events: tuple[StoredEvent, ...]
    repeated: bool = False


class Recorded(Struct, frozen=True, kw_only=True, gc=False):
    """Durable: the signal (`repeated`: it had been there already)."""

    key: ReportKey
    repeated: bool = False


class Placed(Struct, frozen=True, kw_only=True, gc=False):
    """Durable: the last fix (`kept_newer`: the one there was newer and stays)."""

    kept_newer: bool = False


class Conflict(Struct, frozen=True, kw_only=True, gc=False):
    """Refused: the stream moved, a code is taken or an effect is in another state."""

    seq: int
    reason: str


class Fenced(Struct, frozen=True, kw_only=True, gc=False):
    """Refused for ever: somebody with a newer epoch owns the stream."""

    epoch: int


class Unknown(Struct, frozen=True, kw_only=True, gc=False):
    """No answer in time: it may or may not be durable; reload and ask again.

    `is_full`, or `is_damaged` (a page cannot be read): certainly nothing was written.
    """

    reason: str
    is_full: bool = False
    is_damaged: bool = False

    @property
    def is_unwritten(self) -> bool:
        """Whether certainly nothing was written, and who asks again need not wait."""
        return self.is_full or self.is_damaged


Begun = tuple[str, Instant, str]
"""An open stream's status, when its first row was written, and its subject."""
Answer = Appended | Recorded | Placed | Attended | Conflict | Fenced | Unknown
Reply = Callable[[Answer], None]

SOURCE_DAMAGED = "damaged"
"""Where a recorded signal came from of which nothing can be read any more."""


class InboundRow(Struct, frozen=True, kw_only=True, gc=False):
    """A recorded signal and the stream that took it up ("" while none has)."""

    key: ReportKey
    source: str
    received_at: Instant
    body: bytes
    taken_by: str


class JournalReader(Protocol):
    """A read-only view; its own connection, used from one thread at a time."""

    def stream(self, stream: str, after_seq: int = 0) -> Sequence[StoredEvent]:
        """Return the rows of a stream in order of seq."""

    def after(
        self, position: int, limit: int, *, prefix: str = ""
    ) -> Sequence[StoredEvent]:
        """Return up to `limit` rows behind a position, of streams of that prefix."""

    def position(self) -> int:
        """Return the last journal position; 0 where there is none."""

    def last_at(self) -> Instant | None:
        """Return the wall time of the last commit; None where there was none."""

    def heads(self, prefix: str, *, open_only: bool) -> Sequence[HeadRow]:
        """Return the heads of streams that begin with `prefix`, soonest due first."""

    def began(self, prefix: str) -> Mapping[str, Begun]:
        """Return each open stream of that prefix, as `Begun` says it."""

    def told(self, prefix: str) -> frozenset[str]:
        """Return the open streams of that prefix of which somebody was `TOLD`."""

    def head(self, stream: str) -> HeadRow | None:
        """Return one head."""

    def effects(
        self, states: frozenset[EffectState], alarm: str | None = None
    ) -> Sequence[EffectRow]:
        """Return effects in these states, by rank, then age."""

    def effect(self, effect_id: EffectId) -> EffectRow | None:
        """Return one effect."""

    def code(self, code: str) -> Code | None:
        """Return whom a reply code belongs to."""

    def codes_of(self, person: PersonId) -> Sequence[Code]:
        """Return a person's codes of streams that stand open, by code."""

    def codes_in_use(self, codes: Sequence[str]) -> frozenset[str]:
        """Return which of these reply codes belong to somebody."""

    def places(self) -> Sequence[Place]:
        """Return everybody's last fix."""

    def doubts(self) -> Sequence[Doubt]:
        """Return everybody's last position that was not believed."""

    def attendance(self) -> Sequence[Seen]:
        """Return when each device was heard last, by its pseudonym."""

    def inbound(
        self, *, untaken_only: bool, since: Instant | None = None, keys: Keys = None
    ) -> Sequence[InboundRow]:
        """Return recorded signals, oldest first; received at `since` or later.

        Only those that nobody took up have an index, beside that by their `keys`.
        """

    def close(self) -> None:
        """Give the connection back."""


class JournalStore(Protocol):
    """What lies under the journal's actor; one thread writes.

    `epoch` is this opening's own, larger than any before it.
    """

    epoch: int

    @property
    def position(self) -> int:
        """The last durable journal position."""

    @property
    def size_bytes(self) -> int:
        """What the journal takes on its medium."""

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Make a group durable in one commit and answer each request in order.

        Who breaks a rule, or meets a page that stays unread (`Unknown`), fails alone.

        Raises:
            JournalFullError, JournalDamagedError: nothing was written; it stays usable.
            JournalError: the medium failed; the engine must end. Never retried.

        """

    def tidy(self, *, is_hurried: bool = False) -> None:
        """Do what can wait until the replies are out; fails as `commit` does.

        Args:
            is_hurried: one commit follows another; what can wait longer, should.

        """

    def reserve_lacks(self) -> str | None:
        """Hold space back for a full medium; return why there is none, if so."""

    @property
    def begun_anew(self) -> Mapping[str, int]:
        """Tables and indices that were damaged in this life, with the rows left."""

    def reader(self) -> JournalReader:
        """Open another read-only view; from any thread."""

    def close(self) -> None:
        """Checkpoint and close; safe to call twice."""


class JournalAccess(Protocol):
    """The journal as an actor holds it; from any thread."""

    @property
    def epoch(self) -> int:
        """The epoch of this opening, for every append of this process."""

    def submit(self, request: Request, reply: Reply) -> None:
        """Tell the request; `reply` is called once, in another thread."""

    def submit_all(self, parts: Sequence[tuple[Request, Reply]]) -> None:
        """Tell some dozens of requests in one message: they share a commit."""

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Block for the answer; `Unknown` after `timeout_s` seconds."""

    def ask_all(
        self, requests: Sequence[Request], timeout_s: float
    ) -> Sequence[Answer]:
        """Block for the answers to a few requests, which share a commit."""


class ReaderLender(Protocol):
    """Lends read-only views for a moment; from any thread."""

    def reader(self) -> AbstractContextManager[JournalReader]:
        """Lend a view for the length of a `with` block."""

"""The cases that the fallback has begun, until the journal has their rows."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from engine.alarm.commands import AddNote, Raise, TakeReply
from engine.alarm.desk import Desk
from engine.alarm.rows import append_of
from engine.alarm.state import Alarm
from engine.dispatch.outcomes import Outcome, begun_append, settled_append
from engine.intake.answers import (
    Sms,
    code_by_word,
    code_in,
    messages_of,
    read_sms,
    told_in,
)
from engine.intake.beside import Message as Said
from engine.intake.codes import new_codes
from engine.intake.judge import Judge
from engine.intake.shouter import memory_case
from engine.intake.shouter.memory_case import MemoryCase, Message
from engine.intake.shouter.unheard import Notice
from engine.journal.memory import MemoryStore
from engine.journal.pool import ReaderPool
from engine.ports.clock import Clock
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Conflict,
    EffectRow,
    EffectState,
    InboundRow,
    ReaderLender,
    Record,
    Reply,
    Request,
    Unknown,
)
from engine.values import AlarmId, Instant, ReportKey

RESENT = timedelta(minutes=10)
"""So long a device repeats to this process what the one before may have told of."""
CASES_MAX = 500
"""Beyond so many HQ alone hears of a press: a roster has hundreds, not thousands."""

AT_ONCE = 8
"""So many cases share a commit: on a full disk all that is tried is tried in vain."""

Part = tuple[Request, Reply]

TAKEN = Outcome(state=EffectState.ACCEPTED)
NOT_SENT = Outcome(state=EffectState.REJECTED, reason="not sent", retry=True)
UNKNOWN = Outcome(state=EffectState.UNKNOWN, reason="journal silent")


@dataclass(slots=True, kw_only=True)
class _Held:
    """A case, its notices, and the rows that were made of it last."""

    case: MemoryCase
    notices: tuple[Notice, ...] = ()
    made_of: object = None
    parts: tuple[Part, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Left:
    """A message of which the journal has the plan, and not yet what became of it."""

    row: EffectRow
    route: str = ""
    """By which it was begun in rows; empty before."""


class MemoryCases:
    """Begins cases, takes answers to them, and says what of them is owed to rows.

    The shouter's thread begins and answers; the journal's asks what is owed. Nothing
    here waits for a disk: codes are looked up among those given here alone.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        clock: Clock,
        recorded: Callable[[Alarm, Iterable[ReportKey]], None],
        has_predecessor: bool,
        codes: Callable[[ReaderLender, int], Sequence[str]] = new_codes,
    ) -> None:
        """Take what look-ups are answered from.

        Args:
            desk: as alarms have it; its codes and its floods are not asked for.
            clock: the engine's.
            recorded: told each case that has become durable, in the journal's thread.
            has_predecessor: whether an earlier process may have told the same people.
            codes: returns so many reply codes that are not among those given here.

        """
        self._store = MemoryStore()
        self._readers = ReaderPool(self._store.reader)
        self._desk = replace(
            desk,
            codes=partial(codes, self._readers),
            is_flooded=lambda: False,
            was_flooded=lambda: False,
        )
        self._clock, self._recorded = clock, recorded
        self._repeats_until = clock.now().plus(RESENT) if has_predecessor else None
        self._lock = threading.Lock()
        self._held: dict[AlarmId, _Held] = {}
        self._left: dict[Notice, _Left] = {}
        self._late: list[Record] = []
        self.is_closed = False
        """Whether another process takes over: nobody is told any more."""

    def begin(self, command: Raise, records: tuple[Record, ...]) -> Sequence[Message]:
        """Return whom to tell of a press; nobody where its case has told them."""
        now = self._clock.now()
        if not memory_case.tells_colleagues(command):
            return ()
        known = self._case_of(command)
        if known is not None:
            if command.press.key not in known.case.presses:
                with self._lock:
                    known.case = memory_case.joined(known.case, command, records, now)
            return ()
        if len(self._held) >= CASES_MAX:
            return ()
        case = memory_case.begin(command, records, self._desk, now)
        if case is None:
            return ()
        self._store.commit((_claims(case),), now)
        with self._lock:
            self._held[case.alarm.id] = _Held(case=case)
        told = memory_case.messages_of(case, now)
        if self._repeats_until is None or now >= self._repeats_until:
            return told
        return [replace(message, body=message.again) for message in told]

    def told_by(self, press: ReportKey, notices: tuple[Notice, ...]) -> None:
        """Keep who is told of a press, for the rows that say what became of it."""
        with self._lock:
            for held in self._held.values():
                if press in held.case.presses:
                    held.notices += notices

    def read(self, record: Record, judge: Judge) -> tuple[Said, ...]:
        """Return what a short message comes to, by the codes that were given here."""
        row = InboundRow(
            key=record.key,
            source=record.source,
            received_at=record.received_at,
            body=record.body,
            taken_by="",
        )
        message = read_sms(row)
        if message is None:
            return ()
        sender, text = message
        named = code_in(text, judge)
        with self._readers.reader() as reader:
            if named is None:
                code = code_by_word(sender, text, judge, reader)
            else:
                code = reader.code(named)
            cases = () if code else told_in(sender, judge, reader)
        sms = Sms(row=row, sender=sender, text=text, code=code, told_in=cases)
        return messages_of(sms, judge)

    def hear(
        self, alarm: AlarmId, command: TakeReply | AddNote, record: Record
    ) -> MemoryCase | None:
        """Take an answer into its case, once; None where none is here."""
        with self._lock:
            held = self._held.get(alarm)
            if held is None:
                return None
            if record not in held.case.records:
                at = record.received_at
                held.case = memory_case.heard(held.case, command, record, at)
            return held.case

    def look(self, there: Callable[[str], object]) -> bool:
        """Note whose route has ended meanwhile; say whether one has something still."""
        with self._lock:
            waiting = [one for one in self._left if one.is_in_hand]
            for notice in waiting:
                for way in notice.ways:
                    way.is_due(there(way.worker))
            return bool(waiting)

    def is_sending(self) -> bool:
        """Say whether a route has a message in hand; any thread."""
        with self._lock:
            held = (one for held in self._held.values() for one in held.notices)
            return any(notice.is_in_hand for notice in (*held, *self._left))

    def close(self, *, is_over: bool) -> None:
        """Begin no more, since another process takes over, or go on after all."""
        self.is_closed = is_over

    def owed(self, epoch: int) -> Sequence[Part]:
        """Return what the journal is to write before anything else; any thread.

        Else the device's repeat would raise the case anew, and everybody be told again.
        """
        now = self._clock.now()
        with self._lock:
            if self._left and (ends := list(self._ends(epoch))):
                return ends
            first = list(self._held.values())[:AT_ONCE]
            return [part for held in first for part in self._parts(held, epoch, now)]

    def _parts(self, held: _Held, epoch: int, now: Instant) -> Sequence[Part]:
        """Return a case's rows; on a full disk they are asked for at each try."""
        if held.made_of != (held.case, epoch):
            whole, *codes = memory_case.appends_of(held.case, epoch, now)
            kept = partial(self._kept, held, held.case)
            held.parts = ((whole, kept), *((one, _nobody_waits) for one in codes))
            held.made_of = held.case, epoch
        return held.parts

    def _kept(self, held: _Held, case: MemoryCase, answer: Answer) -> None:
        if not isinstance(answer, Appended | Conflict):
            return  # no room for it yet
        with self._lock:
            self._held.pop(case.alarm.id, None)
            self._late += held.case.records[len(case.records) :]
            rows = memory_case.rows_of(case)
            for notice in held.notices:
                notice.is_left = True
                if notice.way in rows:
                    self._left[notice] = _Left(row=rows[notice.way])
        self._recorded(held.case.alarm, tuple(held.case.presses))

    def _ends(self, epoch: int) -> Iterator[Part]:
        """Yield what became of each message, and signals that came meanwhile.

        What nobody has sent stays planned. A row that a dispatcher has taken as well is
        begun behind these, and refused.
        """
        for record in self._late:
            yield record, partial(self._heard_of, record)
        for notice, left in list(self._left.items()):
            sent = _sent(notice)
            if sent is None and not left.route:
                del self._left[notice]
                continue
            route, outcome = sent or (left.route, NOT_SENT)
            if not left.route:
                begun = begun_append(left.row, route, epoch)
                yield begun, partial(self._begun, left, route)
            if outcome is not None:
                settled = settled_append(left.row, route, outcome, epoch)
                yield settled, partial(self._settled, notice)

    def _heard_of(self, record: Record, answer: Answer) -> None:
        if not isinstance(answer, Unknown):
            self._late.remove(record)

    def _begun(self, left: _Left, route: str, answer: Answer) -> None:
        if not isinstance(answer, Unknown):
            left.route = route

    def _settled(self, notice: Notice, answer: Answer) -> None:
        if not isinstance(answer, Unknown):
            with self._lock:
                self._left.pop(notice, None)

    def _case_of(self, command: Raise) -> _Held | None:
        """Return the case that a press joins: its defender's of that kind."""
        for held in self._held.values():
            alarm = held.case.alarm
            is_theirs = (alarm.kind, alarm.subject) == (command.kind, command.subject)
            if is_theirs or command.press.key in held.case.presses:
                return held
        return None


def _sent(notice: Notice) -> tuple[str, Outcome | None] | None:
    """Return by which route it went, and what became of it: None while under way.

    None as well where nobody has sent it.
    """
    for way in notice.ways:
        if way.is_taken:
            return way.worker, TAKEN
    for way in notice.ways:
        if way.holder is not None:
            return way.worker, None
    for way in notice.ways:
        if way.may_have_sent:
            return way.worker, UNKNOWN
    return None


def _claims(case: MemoryCase) -> Append:
    """Return the append by which answers find the case, in memory alone."""
    return append_of(None, case.alarm, case.events, case.command_id, 1, None)


def _nobody_waits(answer: Answer) -> None:
    del answer

"""The cases as the console knows them: folded from the journal, never from actors."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from engine.alarm.codec import UnreadableEventError, decode, replay
from engine.alarm.events import AlarmEvent, AlarmRaised
from engine.alarm.evolve import fold
from engine.alarm.rows import key_of, look_in
from engine.alarm.state import Alarm, Kind, alarm_of, stream_of
from engine.alarm.strangers import DEVICE, MESSAGE, SHARED
from engine.console.behind import PAGE, PREFIX, Behind, lacking
from engine.console.hidden import hidden
from engine.console.outlook import upcoming
from engine.errors import JournalError, JournalUnopenedError
from engine.intake.checkins.timer import PREFIX as TIMERS
from engine.intake.checkins.timer import person_of
from engine.ports.journal import Head, JournalReader, ReaderLender, StoredEvent
from engine.supervision.failure import Failure
from engine.values import AlarmId, CommandId, Instant, PersonId

logger = logging.getLogger(__name__)

CLOSED_KEPT = 200
RECENT_ROWS = 5_000
AGAIN_MAX = 10
"""So many that could not be read are tried again with each look at what is new."""
TYPED = "typed:"
"""Before the id of a command of the command line; no operator has a colon."""
_NEVER = Instant(2**62)
_RAISED = AlarmRaised.__name__


class Unread(StrEnum):
    """Why a case cannot be read, and what to do about it: words for HQ."""

    DAMAGED = (
        "its rows in the journal are damaged; run it by hand, and restore a backup"
    )
    NEWER = (
        "another engine wrote rows of it that this one cannot read; run it by hand,"
        " and start that engine again"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a case's time line; `typed` where it came by the command line."""

    position: int
    at: Instant
    event: AlarmEvent | None
    kind: str
    typed: bool = False


class Cases:
    """Follows the journal; lives in the web's event loop.

    `unread` are open cases of which nothing can be read. Those that have `stopped` are
    here as they were before a row that cannot be: what it says may be a word of force,
    or an end in appearance, and without it all that follows may be wrong.
    """

    def __init__(self, readers: ReaderLender) -> None:
        """Fold what is open, and the last that were closed."""
        self._readers = readers
        self._alarms: dict[AlarmId, Alarm] = {}
        self._seqs: dict[AlarmId, int] = {}
        self._closed, self._met = set[AlarmId](), set[AlarmId]()
        self.unread, self.stopped = dict[AlarmId, Unread](), dict[AlarmId, Unread]()
        self._failed: dict[AlarmId, None] = {}
        """Those whose rows could not be read, which a disk may do for a moment."""
        self.position, self._behind = 0, Behind()
        self.is_behind = True
        """Whether the last look at what is new failed; in the loop's thread alone."""
        self.healed = 0
        """How many of them could be read again: no row of theirs has told of that."""
        self._heads: dict[AlarmId, Head] = {}
        with suppress(JournalUnopenedError), readers.reader() as reader:
            self.position = reader.position()
            heads = reader.heads(PREFIX, open_only=True)
            self._heads = {alarm_of(row.stream): row.head for row in heads}
            closed = _recent(reader, self.position) - self._heads.keys()
            for alarm_id in (*closed, *self._heads):
                self._fold_anew(alarm_id, reader)
            self._leave_out(closed)
            self.is_behind = False
        self._forget()

    def follow(self) -> list[StoredEvent]:
        """Fold what has been committed since, and return those rows of alarms."""
        self.is_behind, self._met = True, set()
        with self._readers.reader() as reader:
            new, position, is_past = self._behind.read(reader, self.position)
            self._fold(new, reader)
            for alarm_id in lacking(reader, self._seqs) if is_past else ():
                self._fold_anew(alarm_id, reader)
            for alarm_id in list(self._failed)[:AGAIN_MAX]:
                self._fold_anew(alarm_id, reader)
            is_behind = is_past and position < reader.position()
        # Where a read failed they are read again: what is folded twice counts once.
        self.position, self.is_behind = position, is_behind
        self._forget()
        return new

    def since(self, position: int) -> list[StoredEvent]:
        """Return the rows of alarms behind a journal position, as far as is folded."""
        found: list[StoredEvent] = []
        if position >= self.position:
            return found
        with self._readers.reader() as reader:
            while rows := reader.after(position, PAGE, prefix=PREFIX):
                kept = [row for row in rows if row.position <= self.position]
                found += kept
                if len(kept) < len(rows):
                    break
                position = rows[-1].position
        return found

    def all(self, now: Instant) -> list[Alarm]:
        """Return every case in the order in which HQ has to look at them.

        First those that have stopped. Then those that wait for an acknowledgement, the
        longest wait first, and strangers' behind those of people in the roster: anybody
        can be a thousand strangers. Then the open ones, the soonest next step first;
        then the latest closed.
        """
        return sorted(
            self._alarms.values(),
            key=lambda alarm: (alarm.id not in self.stopped, _order(alarm, now)),
        )

    def hidden(self, now: Instant) -> list[AlarmId]:
        """Return whom nobody looks at in time, by the clear columns of the start.

        Rows are read after the columns: what an alarm has decided since, in an engine
        that runs, is written in its newer ones.
        """
        heads, self._heads = self._heads, {}
        whole = [one for one in self._alarms.values() if one.id not in self.stopped]
        found = hidden(whole, heads, now)
        if not found:
            return []
        with self._readers.reader() as reader:
            anew = {one: self._shown(one, reader) for one in found}
        return hidden([self._alarms[one] for one in found], anew, now)

    def _shown(self, alarm_id: AlarmId, reader: JournalReader) -> Head | None:
        """Return a case's clear columns, with its rows folded as far as they go."""
        stream = stream_of(alarm_id)
        with suppress(JournalError):
            shown = reader.head(stream)
            for row in reader.stream(stream, self._seqs[alarm_id]):
                self._take(alarm_id, row)
            return shown.head if shown is not None and shown.head.is_open else None
        return None  # whoever looks at it meets the damage

    def wait_for_hq(self) -> bool:
        """Say whether any open case has not been acknowledged."""
        cases = list(self._alarms.values())
        return any(one.is_open and one.acknowledged is None for one in cases)

    def waited_for(self) -> set[PersonId]:
        """Return who has a real case that is open, or a timer."""
        with self._readers.reader() as reader:
            timers = reader.heads(TIMERS, open_only=True)
        return self.attacked() | {person_of(row.stream) for row in timers}

    def attacked(self) -> set[PersonId]:
        """Return who has a real case that is open."""
        people = {
            alarm.defender
            for alarm in self._alarms.values()
            if alarm.is_open and alarm.kind is Kind.REAL and alarm.defender is not None
        }
        return people | self.real_unread().keys()

    def real_unread(self) -> dict[PersonId, AlarmId]:
        """Return who has a real case that is open, and not whole, by its clear columns.

        One that has stopped may stand as closed: the row that cannot be read may have
        opened it again.
        """
        if not self._has_flaws():
            return {}
        with self._readers.reader() as reader:
            found = {_person_in(said): case for case, said in self._flawed(reader)}
        return {who: case for who, case in found.items() if who is not None}

    def told(self, among: Iterable[PersonId]) -> set[PersonId]:
        """Return who was told of a real case that is open, by what is folded.

        One that has stopped counts as open, as it is shown. Whom it told behind the row
        that cannot be read, or one of which nothing can be, has a code of it: `among`
        these they are looked for.
        """
        folded = {
            PersonId(who)
            for alarm in self._alarms.values()
            if alarm.is_open or alarm.id in self.stopped
            if alarm.kind is Kind.REAL
            for who in alarm.told
        }
        if not self._has_flaws():
            return folded
        with self._readers.reader() as reader:
            flawed = self._flawed(reader)
            real = {stream_of(case) for case, said in flawed if _is_real(said)}
            return folded | {
                who
                for who in among
                if any(code.stream in real for code in reader.codes_of(who))
            }

    def _has_flaws(self) -> bool:
        return bool(self.unread or self.stopped)

    def _flawed(self, reader: JournalReader) -> list[tuple[AlarmId, str]]:
        """Return each open case that is not whole, and what its clear column says."""
        return [
            (alarm_of(row.stream), row.head.subject)
            for row in reader.heads(PREFIX, open_only=True)
            if alarm_of(row.stream) in self.unread.keys() | self.stopped.keys()
        ]

    def get(self, alarm_id: AlarmId) -> Alarm | None:
        """Return one case, however long ago it was closed; None where it is unread."""
        return self.found(alarm_id)[0]

    def why_unread(self, alarm_id: AlarmId) -> Unread | None:
        """Return why a case is not here, or not whole; None where nothing is wrong."""
        return self.found(alarm_id)[1]

    def found(self, alarm_id: AlarmId) -> tuple[Alarm | None, Unread | None]:
        """Return one case as far as it is known, and why that is not all of it.

        One read says both: with neither there is none, and not just for a moment.
        """
        known = self._alarms.get(alarm_id)
        why = self.unread.get(alarm_id) or self.stopped.get(alarm_id)
        if known is not None or why is not None:
            return known, why
        try:
            return replay(alarm_id, None, self._rows(alarm_id)), None
        except UnreadableEventError as error:
            return None, _why(error)
        except JournalError:
            return None, Unread.DAMAGED

    def lines(self, alarm_id: AlarmId) -> list[Line]:
        """Return a case's time line, read from the rows."""
        return [
            Line(
                position=row.position,
                at=row.at,
                event=_event(row),
                kind=row.kind,
                typed=row.command_id.startswith(TYPED),
            )
            for row in self._rows(alarm_id)
        ]

    def came_of(self, alarm_id: AlarmId, command_id: CommandId) -> list[AlarmEvent]:
        """Return what a command came to, from its rows."""
        rows = (row for row in self._rows(alarm_id) if row.command_id == command_id)
        return [event for event in map(_event, rows) if event is not None]

    def _rows(self, alarm_id: AlarmId) -> Iterable[StoredEvent]:
        with self._readers.reader() as reader:
            return reader.stream(stream_of(alarm_id))

    def _fold(self, rows: Iterable[StoredEvent], reader: JournalReader) -> None:
        for row in rows:
            alarm_id = alarm_of(row.stream)
            seq = self._seqs.get(alarm_id, 0)
            is_known = alarm_id in self._alarms or row.kind == _RAISED
            if not is_known or row.seq > seq + 1:
                # Closed long ago and not kept, or a row before this one cannot be
                # read: its own rows say what it was.
                self._fold_anew(alarm_id, reader)
            elif row.seq > seq:
                self._take(alarm_id, row)

    def _fold_anew(self, alarm_id: AlarmId, reader: JournalReader) -> None:
        """Fold a case from its rows, once a look if in vain; it costs HQ no other."""
        if alarm_id in self._met:
            return
        try:
            rows = reader.stream(stream_of(alarm_id))
        except JournalError as error:
            self._met.add(alarm_id)
            flawed = self.stopped if alarm_id in self._alarms else self.unread
            if alarm_id not in flawed:
                logger.error("a case cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            flawed[alarm_id] = Unread.DAMAGED
            self._failed.pop(alarm_id, None)
            self._failed[alarm_id] = None  # the last to be tried again
            return
        if alarm_id in self._failed:
            del self._failed[alarm_id]
            self.healed += 1
        for known in (self.unread, self.stopped, self._alarms, self._seqs):
            known.pop(alarm_id, None)
        self._closed.discard(alarm_id)
        for row in rows:
            self._take(alarm_id, row)
        if alarm_id not in self._alarms:
            # Its rows are there, and no raise among them.
            self.unread.setdefault(alarm_id, Unread.DAMAGED)

    def _take(self, alarm_id: AlarmId, row: StoredEvent) -> None:
        """Fold a row, but none behind one that cannot be read."""
        self._seqs[alarm_id] = row.seq
        if alarm_id in self.unread or alarm_id in self.stopped:
            return
        try:
            event = decode(row)
        except UnreadableEventError as error:
            flawed = self.stopped if alarm_id in self._alarms else self.unread
            flawed[alarm_id] = _why(error)
            said = {"alarm": alarm_id}
            logger.error("%s: %s", alarm_id, error, extra=said)  # noqa: TRY400 - it says which row
            return
        alarm = fold(alarm_id, self._alarms.get(alarm_id), event)
        if alarm is not None:
            self._alarms[alarm_id] = alarm
            note = self._closed.discard if alarm.is_open else self._closed.add
            note(alarm_id)

    def _leave_out(self, closed: set[AlarmId]) -> None:
        """Leave out the closed ones that are not whole: they would stand as open."""
        for alarm_id in closed & (self.unread.keys() | self.stopped.keys()):
            self.unread.pop(alarm_id, None)
            self._failed.pop(alarm_id, None)
            if self.stopped.pop(alarm_id, None) is not None:
                self._drop(alarm_id)

    def _forget(self) -> None:
        """Let go of what was closed longest ago, twice as many at a time as needed."""
        if len(self._closed) <= 2 * CLOSED_KEPT:
            return
        closed = [self._alarms[one] for one in self._closed - self.stopped.keys()]
        closed.sort(key=_closed_at)
        for alarm in closed[:-CLOSED_KEPT]:
            self._drop(alarm.id)

    def _drop(self, alarm_id: AlarmId) -> None:
        del self._alarms[alarm_id], self._seqs[alarm_id]
        self._closed.discard(alarm_id)


def _recent(reader: JournalReader, position: int) -> set[AlarmId]:
    """Return whose rows are among the journal's last ones."""
    found: set[AlarmId] = set()
    for behind in range(max(0, position - RECENT_ROWS), position, PAGE):
        try:
            rows = reader.after(behind, PAGE)
        except JournalError as error:
            logger.error("rows cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            continue
        found |= {alarm_of(one.stream) for one in rows if one.stream.startswith(PREFIX)}
    return found


def _person_in(standing: str) -> PersonId | None:
    """Return of a real case's clear column whose it is; None where a stranger's."""
    subject = look_in(standing)[1].partition(":")[2]
    is_strangers = subject == MESSAGE or subject.startswith((DEVICE, SHARED))
    return None if is_strangers or not _is_real(standing) else PersonId(subject)


def _is_real(standing: str) -> bool:
    return look_in(standing)[1].startswith(key_of(Kind.REAL, ""))


def _event(row: StoredEvent) -> AlarmEvent | None:
    try:
        return decode(row)
    except UnreadableEventError:
        return None


def _why(error: UnreadableEventError) -> Unread:
    return Unread.DAMAGED if error.is_damaged else Unread.NEWER


def _closed_at(alarm: Alarm) -> int:
    return 0 if alarm.closed is None else alarm.closed.at.ms


def _order(alarm: Alarm, now: Instant) -> tuple[int, bool, bool, int, int]:
    raised_ms = alarm.raised_at.ms
    if not alarm.is_open:
        return (2, False, False, -_closed_at(alarm), -raised_ms)
    if alarm.acknowledged is None:
        is_less, is_stranger = alarm.kind is not Kind.REAL, alarm.defender is None
        return (0, is_less, is_stranger, alarm.urgent_since.ms, raised_ms)
    following = upcoming(alarm, now)
    due = _NEVER if following is None else following[1]
    return (1, False, False, due.ms, -raised_ms)

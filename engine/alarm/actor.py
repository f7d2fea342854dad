"""The alarm's actor: receive, decide, append, and only then evolve and tell."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from engine.alarm.asking import Questions
from engine.alarm.cases import CaseStanding, standing_of
from engine.alarm.codec import decode, events_of, replay
from engine.alarm.commands import (
    AddNote,
    AlarmCommand,
    LeaveOut,
    Raise,
    RequestCancel,
    Settle,
    TakeReply,
    Tick,
)
from engine.alarm.decide import Decision, Events
from engine.alarm.desk import Desk
from engine.alarm.following import followed
from engine.alarm.handing import pass_on
from engine.alarm.lease import with_shift
from engine.alarm.left_out import to_leave_out
from engine.alarm.messages import Do, Done
from engine.alarm.outlets import Outlets
from engine.alarm.overdue import is_behind, may_be_behind
from engine.alarm.refused import FencedError, RefusedError
from engine.alarm.rows import (
    Plans,
    append_of,
    is_outdated,
    is_unlooked,
    plans_of,
    withdrawn_by,
)
from engine.alarm.schedule import UNSETTLED, WATCH, next_due
from engine.alarm.state import Alarm, stream_of
from engine.alarm.unheard import unheard
from engine.errors import JournalError
from engine.journal.handle import asked
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Conflict,
    Fenced,
    Head,
    JournalAccess,
    JournalReader,
    ReaderLender,
    StoredEvent,
    Unknown,
)
from engine.supervision.crew import Steps
from engine.supervision.link import Link
from engine.supervision.on_demand import OnDemandActor
from engine.values import AlarmId, CommandId, Instant

APPEND_TIMEOUT_S = 10.0
TRIES_MAX = 6
LOOK = timedelta(seconds=5)

_BY_SUBJECT = (Raise, RequestCancel, AddNote)
"""What the directory finds a case for; it notes by itself what it has passed on."""


class AlarmActor(OnDemandActor[Do]):
    """One open case. Blocks on the journal, never on another actor."""

    bound: ClassVar[int] = 500

    def __init__(
        self,
        *,
        link: Link,
        alarm_id: AlarmId,
        journal: JournalAccess,
        readers: ReaderLender,
        desk: Desk,
        outlets: Outlets,
    ) -> None:
        """Take what it works with; reads its rows in `started`."""
        super().__init__(link=link)
        self._id = alarm_id
        self._journal, self._readers = journal, readers
        self._desk, self._outlets = desk, outlets
        self._asking = Questions(desk=desk)
        self._alarm: Alarm | None = None
        self._shown: Head | None = None
        self._told = 0
        self._standing: CaseStanding | None = None
        self._again: Instant | None = None
        self._in_doubt = False

    def started(self) -> None:
        """Fold the rows, and arm what falls due: an earlier instance may have died."""
        with self._outlets.watched(self._id):
            rows = self._reload()
        self._told = rows[-1].seq if rows else 0
        if self._alarm is not None:
            self._outlets.found(self._alarm)
        self._arm()

    def handle(self, message: Do) -> Steps:
        """Decide one command; a tick first catches up with the effects' rows."""
        if not isinstance(message.command, Tick):
            if isinstance(message.command, TakeReply):
                yield from self._leave_out()
            yield from self._decide(message)
            return
        with self._outlets.watched(f"{self._id} when due"):
            for settle in self._unheard():
                yield from self._execute(settle)
            follow = followed(self._alarm, self._desk.place_of, self.clock.now())
            if follow is not None:
                yield from self._execute(follow)
            yield from self._leave_out()
            yield from self._decide(message)

    def _leave_out(self) -> Steps:
        """Leave out whoever of those who were told is under attack by now."""
        if self._alarm is None or not self._alarm.is_open:
            return
        people = to_leave_out(self._alarm, self._desk.attacked)
        if people:
            key = CommandId(f"left-out/{self._alarm.seq}")
            yield from self._execute(LeaveOut(command_id=key, people=people))

    def _decide(self, message: Do) -> Steps:
        command = message.command
        if self._alarm is None and message.otherwise is not None:
            command = message.otherwise
        command = with_shift(command, self._desk.off_at)
        if isinstance(command, _BY_SUBJECT):
            self._standing = None
        done: Done = yield from self._execute(command)
        if message.answered is not None:
            message.answered(done)
        names = self.link.tree.names
        if not done.failed:  # else each would answer the other, until it can be written
            pass_on(self._alarm, command, lambda one: names.tell("alarms", one))

    def rescan(self) -> Steps:  # type: ignore[override] # runs as a handler's steps do
        """Catch up with the rows, since hints were dropped."""
        seq = 0 if self._alarm is None else self._alarm.seq
        return self.handle(Do(command=Tick(command_id=CommandId(f"tick/{seq}"))))

    def _execute(self, command: AlarmCommand) -> Steps:
        in_doubt = False
        if may_be_behind(self._alarm, command, in_doubt=self._in_doubt):
            self._catch_up()
        for _ in range(TRIES_MAX):
            now = self.clock.now()
            decision = self._asking.considered(self._id, self._alarm, command, now)
            append = self._append(command, decision, now)
            if append is None:
                self._arm()
                return Done(alarm=self._alarm)
            answer: Answer = yield asked(self._journal, append, APPEND_TIMEOUT_S)
            self.beat()
            # Asked in turn, answered in turn: nothing from before is on its way then.
            self._in_doubt = isinstance(answer, Unknown) and not answer.is_unwritten
            match answer:
                case Appended():
                    events = self._adopt(answer, decision, append)
                    return Done(events=events, alarm=self._alarm)
                case Unknown():
                    in_doubt = True
                    if mine := events_of(self._catch_up(), command.command_id):
                        return Done(events=mine, alarm=self._alarm)
                    if answer.is_unwritten:
                        return self._given_up(command, in_doubt=True, why=answer)
                case Conflict():
                    self._catch_up()
                case Fenced():
                    raise FencedError(self._id)
                case _:
                    message = "the journal answered another kind of request"
                    raise RefusedError(message)
        return self._given_up(command, in_doubt=in_doubt)

    def _given_up(
        self, command: AlarmCommand, *, in_doubt: bool, why: Unknown | None = None
    ) -> Done:
        if not in_doubt:
            message = "the journal refuses a decision again and again"
            raise RefusedError(message)
        # Not the command's fault, and no reason to put it away: rows bring it back.
        if self._alarm is not None:
            self._outlets.due(self._id, self.clock.now().plus(LOOK))
        self._outlets.unkept(command, self._id)
        if why is None:
            return Done(failed=True)
        return Done(failed=True, is_full=why.is_full, is_damaged=why.is_damaged)

    def _append(
        self, command: AlarmCommand, decision: Decision, now: Instant
    ) -> Append | None:
        after, events = decision.alarm, decision.events
        if after is None:
            return None
        due = self._soonest(decision.due)
        if not events:
            if not isinstance(command, Tick):
                return None
            # In doubt, that nothing is due may be wrong: the journal's answer tells.
            if not (self._in_doubt or is_outdated(self._shown, after, due, now)):
                return None
        if not isinstance(command, Tick) and is_unlooked(self._shown, after, now):
            due = now
        key, epoch = command.command_id, self._journal.epoch
        return append_of(self._alarm, after, events, key, epoch, due)

    def _adopt(self, answer: Appended, decision: Decision, append: Append) -> Events:
        """Go on from the rows as stored, and tell the others; return what they say."""
        if answer.repeated:
            # This command acted before: what it came to then is in the rows.
            self._catch_up()
            self._arm()
            return tuple(decode(row) for row in answer.events)
        self._alarm, self._shown = decision.alarm, append.head
        if self._alarm is not None:
            due = append.head.next_due
            self._tell(self._alarm, decision.events, append.plans, due)
        return decision.events

    def _catch_up(self) -> Sequence[StoredEvent]:
        """Read the rows again, and tell the others what they have not heard of.

        What was given up as unknown may have become durable since.
        """
        rows = self._reload()
        news = tuple(decode(row) for row in rows if row.seq > self._told)
        if news and self._alarm is not None:
            plans = plans_of(self._alarm, news)
            self._tell(self._alarm, news, plans, self._next_due())
        return rows

    def _tell(
        self, alarm: Alarm, events: Events, plans: Plans, due: Instant | None
    ) -> None:
        if plans:
            self._outlets.planned(plans)
        if gone := withdrawn_by(events):
            self._outlets.withdrawn(gone)
        self._outlets.due(self._id, self._asking.armed(due, self.clock.now()))
        if (now := standing_of(alarm)) != self._standing:
            self._standing = now
            self._outlets.stands(now)
        self._outlets.changed(alarm, events)
        self._told = alarm.seq

    def _arm(self) -> None:
        if self._alarm is not None:
            self._outlets.due(self._id, self._next_due())

    def _next_due(self) -> Instant | None:
        now = self.clock.now()
        if self._in_doubt:
            # Whatever falls due by the rows. At once, a sick journal would be asked
            # without a pause.
            return now.plus(LOOK)
        due = None if self._alarm is None else next_due(self._alarm, now)
        return self._asking.armed(self._soonest(due), now)

    def _soonest(self, due: Instant | None) -> Instant | None:
        return min((at for at in (due, self._again) if at is not None), default=None)

    def _reload(self) -> Sequence[StoredEvent]:
        with self._readers.reader() as reader:
            rows = self._rows(reader)
            # Without rows there is none: a raise is not to wait for two questions.
            head = reader.head(stream_of(self._id)) if rows else None
        self._alarm = replay(self._id, None, rows)
        self._shown = None if head is None else head.head
        return rows

    def _rows(self, reader: JournalReader) -> Sequence[StoredEvent]:
        """Return its rows: none of one that begins, also where none can be looked for.

        Writing its first mends an index that leads nowhere, or is refused, and HQ is
        told. Of an actor that ended here nobody would hear.
        """
        try:
            return reader.stream(stream_of(self._id))
        except JournalError:
            if reader.head(stream_of(self._id)) is not None:
                raise
            return ()

    def _unheard(self) -> list[Settle]:
        """Return outcomes that are news, after what an earlier instance asked for.

        As long as something is being sent, they are to be looked at again: also what
        was taken back, of which the alarm knows nothing until it is out.
        """
        with self._readers.reader() as reader:
            if is_behind(self._alarm, reader.head(stream_of(self._id))):
                self._catch_up()
            news = [] if self._alarm is None else unheard(self._alarm, reader)
        is_sending = any(settle.state in UNSETTLED for settle in news)
        self._again = self.clock.now().plus(WATCH) if is_sending else None
        return news

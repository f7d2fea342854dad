"""The alarm's actor: receive, decide, append, and only then evolve and tell.

Also the directory of all alarms, which wakes one for each message and lets the
idle ones go. Nobody else keeps an alarm's ref.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

from engine.alarm.codec import replay
from engine.alarm.commands import (
    AlarmCommand,
    Found,
    Raise,
    Recipient,
    RequestCancel,
    Settle,
    Tick,
)
from engine.alarm.decide import Events, decide, lookups
from engine.alarm.desk import Desk
from engine.alarm.evolve import fold
from engine.alarm.outlets import Outlets
from engine.alarm.rows import append_of, plans_of, subject_of, withdrawn_by
from engine.alarm.schedule import next_due
from engine.alarm.state import Alarm, Kind, alarm_of, stream_of
from engine.errors import EngineError, JournalError
from engine.ports.journal import (
    Appended,
    Conflict,
    EffectState,
    Fenced,
    JournalAccess,
    ReaderLender,
    StoredEvent,
    Unknown,
)
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, OnDown, Restart
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.supervisor import Supervisor
from engine.values import AlarmId, CommandId, StepId

APPEND_TIMEOUT_S = 10.0
TRIES_MAX = 6
IDLE = timedelta(minutes=1)
LIVE_MAX = 1_000
LOOK = timedelta(seconds=5)

_STATES = frozenset(EffectState) - {EffectState.PLANNED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to: the facts, and the alarm after them.

    `alarm` is None where the command met no alarm; `failed` where it was never
    handled and has to be given again.
    """

    events: Events = ()
    alarm: Alarm | None = None
    failed: bool = False


Answered = Callable[[Done], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """A command for one alarm; `answered` is called in the alarm's thread."""

    command: AlarmCommand
    answered: Answered | None = None

    @property
    def urgent(self) -> bool:
        """A press overtakes everything."""
        return isinstance(self.command, Raise)

    @property
    def command_id(self) -> CommandId:
        """By which supervision knows a command that crashes whoever handles it."""
        return self.command.command_id

    def refuse(self, reason: Exception) -> None:
        """Tell whoever waits that nothing was done; hints are dropped."""
        del reason
        if self.answered is not None:
            self.answered(Done(failed=True))


class FencedError(EngineError):
    """Somebody with a newer epoch owns this alarm."""


class AlarmActor(SupervisedActor[Do]):
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
        self._alarm: Alarm | None = None

    def started(self) -> None:
        """Fold the rows."""
        self._reload()

    def handle(self, message: Do) -> None:
        """Decide one command; a tick first catches up with the effects' rows."""
        if isinstance(message.command, Tick):
            for settle in self._unheard():
                self._execute(settle)
        events = self._execute(message.command)
        if message.answered is not None:
            message.answered(Done(events=events, alarm=self._alarm))

    def rescan(self) -> None:
        """Catch up with the rows, since hints were dropped."""
        self.handle(Do(command=Tick(command_id=self._tick_id())))

    def _execute(self, command: AlarmCommand) -> Events:
        for _ in range(TRIES_MAX):
            now = self.clock.now()
            found = self._look_up(command)
            events = decide(self._id, self._alarm, command, found, now)
            if not events:
                self._arm()
                return ()
            before, after = self._alarm, self._alarm
            for event in events:
                after = fold(self._id, after, event)
            if after is None:
                return ()
            append = append_of(
                before, after, events, command.command_id, self._journal.epoch, now
            )
            answer = self._journal.ask(append, APPEND_TIMEOUT_S)
            self.beat()
            match answer:
                case Appended():
                    return self._adopt(answer, events)
                case Conflict() | Unknown():
                    self._reload()
                case Fenced():
                    raise FencedError(self._id)
                case _:
                    message = "the journal answered another kind of request"
                    raise JournalError(message)
        message = "the journal has not taken a decision after several tries"
        raise JournalError(message)

    def _adopt(self, answer: Appended, events: Events) -> Events:
        """Fold the rows as stored, and tell the others."""
        if answer.repeated:
            # This command acted before: what it came to then is in the rows.
            self._reload()
            self._arm()
            return ()
        self._alarm = replay(self._id, self._alarm, answer.events)
        if self._alarm is not None:
            self._tell(self._alarm, events)
        return events

    def _tell(self, alarm: Alarm, events: Events) -> None:
        plans = plans_of(alarm, events)
        if plans:
            self._outlets.planned(plans)
        gone = withdrawn_by(events)
        if gone:
            self._outlets.withdrawn(gone)
        self._arm()
        self._outlets.changed(alarm, events)

    def _arm(self) -> None:
        if self._alarm is not None:
            self._outlets.due(self._id, next_due(self._alarm, self.clock.now()))

    def _look_up(self, command: AlarmCommand) -> Found:
        found: dict[tuple[StepId, int], tuple[Recipient, ...]] = {}
        now = self.clock.now()
        # Each pass may let further steps run: at most one more for each step.
        while asked := lookups(self._id, self._alarm, command, found, now):
            for lookup in asked:
                found[lookup.step, lookup.round] = self._desk.answer(lookup)
        return found

    def _reload(self) -> None:
        with self._readers.reader() as reader:
            rows: list[StoredEvent] = list(reader.stream(stream_of(self._id)))
        self._alarm = replay(self._id, None, rows)

    def _unheard(self) -> list[Settle]:
        """Return the outcomes whose hints were lost."""
        alarm = self._alarm
        if alarm is None:
            return []
        with self._readers.reader() as reader:
            rows = reader.effects(_STATES, stream_of(self._id))
        return [
            Settle(
                command_id=CommandId(f"{row.effect_id}/{row.state}"),
                effect=row.effect_id,
                state=row.state,
                attempt=row.attempt,
                route=row.route,
                reference=row.reference,
            )
            for row in rows
            if row.effect_id in alarm.effects
            and alarm.effects[row.effect_id].state is not row.state
        ]

    def _tick_id(self) -> CommandId:
        seq = 0 if self._alarm is None else self._alarm.seq
        return CommandId(f"tick/{seq}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A command for a known alarm."""

    alarm_id: AlarmId
    command: AlarmCommand
    answered: Answered | None = None

    @property
    def urgent(self) -> bool:
        """A press overtakes everything."""
        return isinstance(self.command, Raise)

    def refuse(self, reason: Exception) -> None:
        """Tell whoever waits that nothing was done; hints are dropped."""
        del reason
        if self.answered is not None:
            self.answered(Done(failed=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Distress:
    """A press: joins the subject's open case of its kind, else raises `alarm_id`."""

    alarm_id: AlarmId
    command: Raise
    answered: Answered | None = None
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ToOpen:
    """A command for whatever real case a subject has open; dropped without one.

    What it came from is recorded and offered again, so a case that opens a moment
    later gets it.
    """

    subject: str
    command: RequestCancel


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An alarm's own news for the directory."""

    alarm: Alarm
    urgent: ClassVar[bool] = True


class Alarms(Supervisor[Forward | Distress | ToOpen | Changed]):
    """The directory: who is awake, and which case a subject has open.

    Starts no alarm by itself; rows and deadlines wake them. At most `LIVE_MAX`
    live at once: above that the longest idle goes, and a raise is never refused.
    """

    def __init__(
        self,
        *,
        link: Link,
        journal: JournalAccess,
        readers: ReaderLender,
        desk: Desk,
        outlets: Outlets,
    ) -> None:
        """Take what every alarm's actor is given."""
        super().__init__(link=link)
        self._shared = {
            "journal": journal,
            "readers": readers,
            "desk": desk,
            "outlets": outlets,
        }
        self._readers, self._outlets = readers, outlets
        self._open: dict[str, AlarmId] = {}
        self._idle_since_s: OrderedDict[AlarmId, float] = OrderedDict()

    def started(self) -> None:
        """Read the heads: whose case is open, and what falls due when."""
        with self._readers.reader() as reader:
            heads = reader.heads("alarm/", open_only=True)
        for row in heads:
            alarm_id = alarm_of(row.stream)
            if row.head.subject:
                self._open[row.head.subject] = alarm_id
            self._outlets.due(alarm_id, row.head.next_due)
        self.wake_at(self.clock.now().plus(LOOK))
        super().started()

    def handle(self, message: Forward | Distress | ToOpen | Changed) -> None:
        """Wake whoever it is for, and pass it on."""
        match message:
            case Forward():
                self._pass_on(message.alarm_id, message.command, message.answered)
            case Distress():
                command = message.command
                key = f"{command.kind.value}:{command.subject}"
                alarm_id = self._open.setdefault(key, message.alarm_id)
                self._pass_on(alarm_id, command, message.answered)
            case ToOpen():
                open_id = self._open.get(f"{Kind.REAL.value}:{message.subject}")
                if open_id is not None:
                    self._pass_on(open_id, message.command, None)
            case Changed():
                self._note(message.alarm)
            case _:
                assert_never(message)

    def woke(self) -> None:
        """Let those go who had no message for a minute."""
        before_s = self.clock.boottime_s() - IDLE.total_seconds()
        while self._idle_since_s:
            alarm_id, since_s = next(iter(self._idle_since_s.items()))
            if since_s > before_s:
                break
            self._let_go(alarm_id)
        self.wake_at(self.clock.now().plus(LOOK))

    def _pass_on(
        self, alarm_id: AlarmId, command: AlarmCommand, answered: Answered | None
    ) -> None:
        if alarm_id not in self._idle_since_s:
            while len(self._idle_since_s) >= LIVE_MAX:
                self._let_go(next(iter(self._idle_since_s)))
        self._idle_since_s[alarm_id] = self.clock.boottime_s()
        self._idle_since_s.move_to_end(alarm_id)
        message = Do(command=command, answered=answered)
        ref = self.start_child(self._spec(alarm_id))
        if ref is None:
            message.refuse(EngineError("the alarm cannot be woken"))
        else:
            ref.tell(message)

    def child_ended(self, name: str, failure: Failure | None) -> None:
        """Forget an alarm's actor that has stopped by itself."""
        if failure is None:
            self._idle_since_s.pop(AlarmId(name.removeprefix("alarm/")), None)

    def _let_go(self, alarm_id: AlarmId) -> None:
        del self._idle_since_s[alarm_id]
        self.stop_child(_name(alarm_id))

    def _note(self, alarm: Alarm) -> None:
        key = subject_of(alarm)
        if alarm.is_open:
            self._open[key] = alarm.id
        elif self._open.get(key) == alarm.id:
            del self._open[key]

    def _spec(self, alarm_id: AlarmId) -> ChildSpec:
        return ChildSpec(
            name=_name(alarm_id),
            label="alarm",
            actor=AlarmActor,
            arguments={"alarm_id": alarm_id, **self._shared},
            restart=Restart.TRANSIENT,
            on_down=OnDown.RETRY_FOREVER,
            heartbeat_s=APPEND_TIMEOUT_S * 2,
        )


def _name(alarm_id: AlarmId) -> str:
    return f"alarm/{alarm_id}"

"""The directory of all alarms: it wakes one for each message and lets the idle go.

Nobody else keeps an alarm's ref.
"""

from datetime import timedelta
from typing import assert_never

from msgspec import structs

from engine.alarm.actor import APPEND_TIMEOUT_S, LOOK, AlarmActor
from engine.alarm.awake import Awake
from engine.alarm.cases import OpenCases
from engine.alarm.commands import Settle, Tick
from engine.alarm.desk import Desk
from engine.alarm.directory.waiting import Joining, Left, Waiting
from engine.alarm.lease import wakes_at
from engine.alarm.messages import (
    Changed,
    Distress,
    Do,
    Done,
    Forward,
    Moved,
    News,
    ToOpen,
)
from engine.alarm.outlets import Outlets
from engine.alarm.overdue import Overdue
from engine.alarm.state import alarm_of, stream_of
from engine.errors import JournalError
from engine.journal.began import began
from engine.ports.journal import JournalAccess, ReaderLender
from engine.supervision.child import ChildSpec, OnDown, Restart
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.supervision.names import reaches
from engine.supervision.supervisor import Supervisor
from engine.values import AlarmId, CommandId, PersonId

IDLE = timedelta(minutes=1)
LIVE_MAX = 1_000
AT_ONCE = 32
"""So many of what was kept back in a flood are passed on in one go."""
SETTLING = timedelta(milliseconds=250)
"""What fell due while no engine ran waits until those who start after the alarms are
up: a hundred that wake at once keep them from it for a second and more."""


class Alarms(Supervisor[Forward | News | Distress | ToOpen | Moved | Changed]):
    """The directory: who is awake, and which case a subject has open.

    Starts no alarm by itself; rows and deadlines wake them. At most `LIVE_MAX` live at
    once, more while they are busy: then the longest idle goes, and no raise is refused.
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
        self._readers, self._outlets = readers, outlets
        shared = {"journal": journal, "readers": readers, "desk": desk}
        self._shared = {**shared, "outlets": outlets}
        self._cases, self._desk = OpenCases(desk.attacked), desk
        self._woken: dict[PersonId, AlarmId] = {}
        self._overdue = Overdue(readers, outlets, link.clock.now())
        self._awake = Awake(self._may_go)
        self._waiting = Waiting()

    def started(self) -> None:
        """Read the heads: whose case is open, and what falls due when."""
        self._read_heads(SETTLING)
        self.wake_at(self.clock.now().plus(LOOK))
        super().started()

    def rescan(self) -> None:
        """Read the heads again: a deadline may be among the hints that were dropped."""
        self._read_heads()

    def _read_heads(self, settling: timedelta = timedelta(0)) -> None:
        with self._readers.reader() as reader:
            heads = reader.heads("alarm/", open_only=True)
            now = self.clock.now()
            if self._cases.read(heads, {}, now):
                # Of ten thousand it takes a tenth of a second: only where it matters.
                since = {stream: at for stream, (_, at, _) in began(reader).items()}
                self._cases.read(heads, since, now)
        soonest = self.clock.now().plus(settling)
        dues = ((alarm_of(row.stream), wakes_at(row.head, now)) for row in heads)
        self._outlets.due_all(
            (alarm_id, due and max(due, soonest)) for alarm_id, due in dues
        )

    def handle(
        self, message: Forward | News | Distress | ToOpen | Moved | Changed
    ) -> None:
        """Wake whoever it is for, and pass it on."""
        match message:
            case Forward():
                given = Do(command=message.command, answered=message.answered)
                self._give(message.alarm_id, given)
            case News():
                self._take(message)
            case Distress():
                self._distress(message)
            case ToOpen():
                self._to_open(message)
            case Moved():
                self._moved(message)
            case Changed():
                self._waiting.has_news(message.now.alarm)
                self._cases.note(message.now)
                if message.now.is_detained:
                    subject = message.now.key.partition(":")[2]
                    self._wake_helped(PersonId(subject))
            case _:
                assert_never(message)

    def woke(self) -> None:
        """Let those go who had no message for a minute."""
        before_s = self.clock.boottime_s() - IDLE.total_seconds()
        for alarm_id in self._awake.idle(before_s):
            self._let_go(alarm_id)
        if self.inbox.empty():  # a press does not wait for that
            self._overdue.look(self.clock.now())
        self.wake_at(self.clock.now().plus(LOOK))

    def _take(self, news: News) -> None:
        """Pass some of it on; a press that has come meanwhile goes before the rest."""
        kept = news.take()
        for one in kept[:AT_ONCE]:
            self.handle(one)
        if rest := kept[AT_ONCE:]:
            self.actor_ref.tell(News(take=lambda: rest))

    def _distress(self, message: Distress) -> None:
        alarm_id, command = self._cases.join(message.command, message.alarm_id)
        given = Do(command=command, answered=message.answered)
        own = structs.replace(message, command=command)
        if not self._pass_on(alarm_id, given, own):
            if alarm_id != own.alarm_id:
                self._begin(own)
            else:
                self._outlets.unbegun(command)
        if command.defender is not None:
            self._wake_helped(command.defender)

    def _wake_helped(self, person: PersonId) -> None:
        """Have each case that has told somebody under attack leave them out.

        A case that is not woken here looks for itself before it takes an answer, and
        when something falls due: soon enough for an attack that nobody may see.
        """
        attack = self._desk.attacked.get(person)
        if (
            attack is None
            or not attack.is_seen
            or self._woken.get(person) == attack.case
        ):
            return
        self._woken[person] = attack.case
        try:
            with self._readers.reader() as reader:
                codes = reader.codes_of(person)
        except JournalError:
            return
        for stream in {code.stream for code in codes} - {stream_of(attack.case)}:
            look = CommandId(f"look/{alarm_of(stream)}/{self.clock.now().ms}")
            self._pass_on(alarm_of(stream), Do(command=Tick(command_id=look)))

    def _begin(self, own: Distress) -> None:
        self._cases.begin(own.command, own.alarm_id)
        given = Do(command=own.command, answered=own.answered)
        if not self._pass_on(own.alarm_id, given):
            self._outlets.unbegun(own.command)

    def _to_open(self, message: ToOpen) -> None:
        """Pass it to the open case; where nobody takes it, it may be a raise.

        One whose actor died on its way has no alarm, and nobody to be forced either.
        """
        open_id = self._cases.of(message.subject)
        raising, own = message.otherwise, None
        if raising is not None:
            begun = self._cases.begun_by(raising.command, raising.alarm_id)
            own = structs.replace(raising, command=begun)
        instead = None if own is None else own.command
        given = Do(command=message.command, otherwise=instead)
        if raising is None:
            if open_id is not None:
                self._give(open_id, given)
        elif open_id is None or not self._pass_on(open_id, given, own):
            self._distress(raising)

    def _moved(self, message: Moved) -> None:
        """Have each open case of these people look at where they are now."""
        for open_id in self._cases.of_all(message.people):
            look = CommandId(f"look/{open_id}/{self.clock.now().ms}")
            self._pass_on(open_id, Do(command=Tick(command_id=look)))

    def _give(self, alarm_id: AlarmId, do: Do) -> None:
        """Pass on what begins no case; HQ hears of a word that nobody there takes."""
        self._pass_on(alarm_id, do)
        name = stream_of(alarm_id)
        if isinstance(do.command, Tick | Settle):
            return  # the engine's own, which come again from rows
        if self.live_child(name) is None:
            self._outlets.untaken(do.command, alarm_id)
        else:
            is_begun = self.is_begun(name)
            self._waiting.waits(alarm_id, do, is_begun=is_begun)

    def _pass_on(self, alarm_id: AlarmId, do: Do, own: Distress | None = None) -> bool:
        if alarm_id not in self._awake:
            while (other := self._awake.surplus(LIVE_MAX)) is not None:
                self._let_go(other)
        self._awake.note(alarm_id, self.clock.boottime_s())
        ref = self.live_child(stream_of(alarm_id))
        ref = ref or self.start_child(self._spec(alarm_id))
        if ref is None or not reaches(ref, do):
            if do.answered is not None:
                do.answered(Done(failed=True))
            return False
        if own is not None and own.alarm_id != alarm_id:
            is_begun = self.is_begun(stream_of(alarm_id))
            self._waiting.joins(alarm_id, Joining(do, own), is_begun=is_begun)
        return True

    def child_began(self, name: str) -> None:
        """Give a case again what came before a start at which it read no rows."""
        alarm_id = alarm_of(name)
        for given in self._waiting.begun(alarm_id):
            self._pass_on(alarm_id, given)

    def child_ended(self, name: str, failure: Failure | None) -> None:
        """Forget who has stopped; go on with what waits where none reads its rows."""
        alarm_id = alarm_of(name)
        if failure is None:
            self._waiting.forget(alarm_id)
            self._awake.forget(alarm_id)
            return
        is_begun, is_down = self.is_begun(name), self.is_down(name)
        left = self._waiting.failed(
            alarm_id, failure, is_begun=is_begun, is_down=is_down
        )
        self._go_on(alarm_id, left)

    def _go_on(self, alarm_id: AlarmId, left: Left) -> None:
        """Begin one case for all presses that waited for one, and tell HQ of words."""
        for word in left.words:
            self._outlets.untaken(word, alarm_id)
        if not left.presses:
            return
        first, *others = left.presses
        self._begin(first.own)
        for one in others:
            if not self._pass_on(first.own.alarm_id, one.given):
                self._outlets.unbegun(one.own.command)

    def _may_go(self, alarm_id: AlarmId) -> bool:
        """Say whether nobody misses a case: one that backs off may be waited for."""
        name = stream_of(alarm_id)
        if not self.is_at_rest(name):
            return False
        is_begun = self.is_begun(name)
        return not self._waiting.is_waited_for(alarm_id, is_begun=is_begun)

    def _let_go(self, alarm_id: AlarmId) -> None:
        name = stream_of(alarm_id)
        left = self._waiting.let_go(alarm_id, is_begun=self.is_begun(name))
        self._awake.forget(alarm_id)
        if self.live_child(name) is None or not self.is_at_rest(name):
            # It has armed nothing for what it does: who would start it again?
            self._outlets.due(alarm_id, self.clock.now().plus(LOOK))
        self.stop_child(name)
        self._go_on(alarm_id, left)

    def _spec(self, alarm_id: AlarmId) -> ChildSpec:
        return ChildSpec(
            name=stream_of(alarm_id),
            label="alarm",
            actor=AlarmActor,
            arguments={"alarm_id": alarm_id, **self._shared},
            restart=Restart.TRANSIENT,
            on_down=OnDown.RETRY_FOREVER,
            heartbeat_s=APPEND_TIMEOUT_S * 2,
        )

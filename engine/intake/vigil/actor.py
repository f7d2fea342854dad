"""The vigil: notices what does not come, and records it like any other signal.

One actor for all devices; their deadlines are the clear columns of rows, so that a
restart takes them up without starting anybody. It never waits for the journal.
"""

from collections import deque
from datetime import timedelta
from typing import ClassVar

from msgspec import structs

from engine.intake.absence import Absence, record_of
from engine.intake.actor import Noticed
from engine.intake.vigil.attendance import Attendance
from engine.intake.vigil.silence import (
    DEAF_MIN,
    PREFIX,
    Overdue,
    Stage,
    Watch,
    after_deafness,
    after_hearing,
    head_of,
    is_worth_a_row,
    look,
    stream_of,
    watch_of,
)
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Head,
    JournalAccess,
    ReaderLender,
)
from engine.ports.telemetry import Telemetry
from engine.roster.board import Board
from engine.roster.model import Device, Person
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import CommandId, DeviceId, Instant, Signal

LOOK = timedelta(seconds=2)


class Vigil(SupervisedActor[None]):
    """Looks round every few seconds; late by that much, and by no more."""

    bound: ClassVar[int] = 100

    def __init__(
        self,
        *,
        link: Link,
        board: Board,
        attendance: Attendance,
        journal: JournalAccess,
        readers: ReaderLender,
        telemetry: Telemetry,
    ) -> None:
        """Take who was heard when, and the roster's agreements."""
        super().__init__(link=link)
        self._board, self._attendance = board, attendance
        self._journal, self._readers = journal, readers
        self._telemetry = telemetry
        self._watches: dict[str, Watch] = {}
        self._kept: dict[str, Watch] = {}
        self._unkept: deque[str] = deque()
        self._unrecorded: deque[tuple[str, Watch]] = deque()
        self._deaf_from: Instant | None = None
        self._spared: set[str] = set()
        self._began_at = link.clock.now()

    def started(self) -> None:
        """Take the deadlines up from their rows."""
        with self._readers.reader() as reader:
            rows = reader.heads(PREFIX, open_only=True)
        kept = {row.stream: watch_of(row) for row in rows}
        self._kept = {stream: watch for stream, watch in kept.items() if watch}
        self._watches = dict(self._kept)
        self._look_round()

    def handle(self, message: None) -> None:
        """Take no messages: doors note in memory whom they hear."""

    def woke(self) -> None:
        """Look round."""
        self._look_round()

    def _look_round(self) -> None:
        now = self.clock.now()
        self._take_back()
        alive = self._attendance.alive(now)
        deaf = now.since(alive)
        if deaf >= DEAF_MIN:
            # Somebody listened at most until another look was due. What was heard
            # later came after the sleep: whoever reads it may go on before we do.
            deaf_from = alive.plus(LOOK * 2)
            self._take_in(deaf_from)
            self._deaf_from = deaf_from
        self._put_off(deaf)
        roster = self._board.roster()
        watched: set[str] = set()
        overdue: set[DeviceId] = set()
        for device in roster.devices:
            person = roster.person(device.person)
            if device.heartbeat is None or person is None:
                continue
            stream = stream_of(device.device)
            watched.add(stream)
            watch = self._look_at(stream, device, person, now)
            if watch.stage is not Stage.HEARD:
                overdue.add(device.device)
        for stream in self._watches.keys() - watched:
            self._let_go(stream)
        self._attendance.overdue = frozenset(overdue)
        self._telemetry.gauge("heartbeats_overdue", float(len(overdue)))
        self.wake_at(now.plus(LOOK))

    def _take_in(self, deaf_from: Instant) -> None:
        """Take in who was heard before nobody listened, and since the last look."""
        for device in self._board.roster().devices:
            stream, agreed = stream_of(device.device), device.heartbeat
            heard_at = self._heard_since_deaf(device.device)
            watch = self._watches.get(stream)
            if watch is None or agreed is None or heard_at is None:
                continue
            if heard_at < deaf_from:
                self._spared.discard(stream)
                self._watches[stream] = after_hearing(
                    watch, agreed, heard_at, deaf_from, self._began_at
                )

    def _put_off(self, deaf: timedelta) -> None:
        """Put off deadlines by what nobody could hear; once by more, until a word.

        On a machine that sleeps again and again nobody would be silent ever.
        """
        for stream, watch in self._watches.items():
            after = after_deafness(watch, deaf, is_spared=stream in self._spared)
            if after is not watch:
                self._spared.add(stream)
                self._watches[stream] = after

    def _look_at(
        self, stream: str, device: Device, person: Person, now: Instant
    ) -> Watch:
        """Look at one as of `now`: what passes amid a look is the next one's to judge.

        The machine may sleep meanwhile, and no deadline is put off for that yet.
        """
        before = self._watches.get(stream)
        heard_at = self._heard_since_deaf(device.device)
        if heard_at is not None:
            self._spared.discard(stream)
        began_at = self._began_at
        after, overdue = look(
            before, device, person, heard_at=heard_at, now=now, since=began_at
        )
        self._watches[stream] = after
        agreed = device.heartbeat or timedelta(0)
        if overdue is not None:
            self._report(stream, before or after, after, device, overdue)
        elif is_worth_a_row(self._kept.get(stream), after, agreed):
            self._keep(stream, after, head_of(after))
        return after

    def _heard_since_deaf(self, device: DeviceId) -> Instant | None:
        """Return when it was heard; None where that was before nobody listened.

        The deadline was put off by as long, and an earlier word says nothing of it.
        """
        heard_at, deaf_from = self._attendance.last(device), self._deaf_from
        is_older = heard_at is None or (deaf_from is not None and heard_at < deaf_from)
        return None if is_older else heard_at

    def _report(
        self, stream: str, before: Watch, after: Watch, device: Device, overdue: Overdue
    ) -> None:
        """Record the silence, and in the same commit that it was reported."""
        last = overdue.last_heard_at or self._attendance.last(device.device)
        agreed_s = (device.heartbeat or timedelta(0)).total_seconds()
        said = "never heard yet" if last is None else f"heard {last}"
        absence = Absence(
            person=device.person,
            signal=Signal.SILENT,
            device=device.device,
            text=f"Heartbeat overdue: {said}, agreed every {agreed_s:.0f} s",
        )
        record = record_of(absence, overdue.key, self.clock.now())

        def replied(answer: Answer) -> None:
            if isinstance(answer, Appended):
                self.link.tree.names.tell("intake", Noticed(key=record.key))
            else:
                self._unkept.append(stream)
                self._unrecorded.append((stream, before))

        self._kept[stream] = after
        row = self._row(stream, after, head_of(after))
        append = structs.replace(row, records=(record,))
        self._journal.submit(append, replied)

    def _keep(self, stream: str, watch: Watch, head: Head) -> None:
        self._kept[stream] = watch

        def replied(answer: Answer) -> None:
            if not isinstance(answer, Appended):
                self._unkept.append(stream)

        self._journal.submit(self._row(stream, watch, head), replied)

    def _row(self, stream: str, watch: Watch, head: Head) -> Append:
        return Append(
            stream=stream,
            expected_seq=0,
            epoch=self._journal.epoch,
            command_id=CommandId(f"{watch.stage}/{watch.due}"),
            events=(),
            head=head,
        )

    def _let_go(self, stream: str) -> None:
        """Watch a device no more that has left the roster, or agreed on nothing."""
        watch = self._watches.pop(stream)
        self._spared.discard(stream)
        self._keep(stream, watch, Head(status="let_go", is_open=False))
        self._kept.pop(stream, None)

    def _take_back(self) -> None:
        """Do again what the journal has not taken; replies came in its thread."""
        while self._unkept:
            self._kept.pop(self._unkept.popleft(), None)
        while self._unrecorded:
            stream, before = self._unrecorded.popleft()
            self._watches[stream] = before

"""What must hold after every step, and how it is counted: I1 to I17.

The watcher folds the journal by itself, apart from any actor, and hears of every
contact with the outside. What it finds is a `Violation`: the invariant's number and
words, never the state itself, so that a shrunk plan can be told to fail alike.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    AlarmReopened,
    AlarmVerified,
    NotificationSettled,
    PublicationApproved,
    ReplyReceived,
    StepFired,
)
from engine.alarm.evolve import fold
from engine.alarm.lease import is_held_for_good
from engine.alarm.state import Alarm, alarm_of, is_alarms
from engine.dispatch.body import decode_body
from engine.intake.replies import CODE
from engine.journal.memory import MemoryReader
from engine.journal.verify import verify
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    EffectClass,
    EffectRow,
    EffectState,
    Request,
    StoredEvent,
)
from engine.values import AlarmId, EffectId, Instant, ReportKey, StepId
from tests.simulation.after import AfterCare
from tests.simulation.agreed import breaks, may_be_public
from tests.simulation.answers import Answers
from tests.simulation.attention import Attention, is_past_shift
from tests.simulation.belongs import beside_another, without_receipt
from tests.simulation.disk import Disk
from tests.simulation.freedom import Freedom
from tests.simulation.from_memory import FromMemory, Told
from tests.simulation.labels import wrong_in
from tests.simulation.pressed_again import TOLD_S, PressesAgain
from tests.simulation.remembered import Remembered
from tests.simulation.retired import Retired
from tests.simulation.rings import Rings
from tests.simulation.runtime import Life
from tests.simulation.timed import Timed
from tests.simulation.told import has_given_up, is_left_alone, is_not_told_of_end

OVERDUE_S = 60.0
ATTEMPTING_S = 240.0
FIRST_TOLD_S = 10.0
NEARBY_S = 12.0
BEGUN_S = 300.0
PAGES = re.compile(r"(\d+) x ")
"""How a message begins that is of the pages of several cases."""
SENT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_HEARS = ("alarm/", "check-in/")


class ViolationError(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant, self.what = invariant, what


class Watching:
    """Sees every commit and every contact; keeps the first violation.

    `given` are the commands that people at HQ have really given, as
    (command, alarm, operator).
    """

    def __init__(self, disk: Disk, secrets: frozenset[str]) -> None:
        self.disk, self.secrets = disk, secrets
        self.rows = Remembered()
        self.violation: ViolationError | None = None
        self.alarms: dict[AlarmId, Alarm] = {}
        self.acknowledged: dict[ReportKey, float] = {}
        self.given: set[tuple[str, AlarmId, str]] = set()
        self.confirmed: dict[EffectId, set[str]] = {}
        self.sent: Counter[EffectId] = Counter()
        self.unsent: Counter[EffectId] = Counter()
        self.arrived: dict[str, int] = {}
        self.freedom, self.attention = Freedom(), Attention()
        self.from_memory = FromMemory()
        self.answers, self.after_care = Answers(), AfterCare()
        self.pressed_again = PressesAgain()
        self.crashes, self.calm_since_s = 0, 0.0
        self.now_s: Callable[[], float] = float
        self.fired: list[tuple[float, AlarmId, StepId]] = []
        """Which steps ran, at what true time."""
        self.raised_s: dict[AlarmId, float] = {}
        self.opened_s: dict[AlarmId, float] = {}
        """When each was raised, or opened again."""
        self.first_told_s: dict[AlarmId, float] = {}
        self.timed, self.retired, self.rings = Timed(), Retired(), Rings()
        self._addresses: dict[EffectId, str] = {}
        self.epochs: dict[str, int] = {}

    def found(self, invariant: str, what: str) -> None:
        """Keep the first violation; whoever drives the world stops at it."""
        if self.violation is None:
            self.violation = ViolationError(invariant, what)

    # commits ---------------------------------------------------------------------

    def committed(self, group: Sequence[Request], answers: Sequence[Answer]) -> None:
        """Look at everything that has just become durable."""
        for request, answer in zip(group, answers, strict=True):
            if (
                isinstance(request, Append)
                and isinstance(answer, Appended)
                and not answer.repeated
            ):
                self._appended(request, answer.events)

    def _appended(self, append: Append, rows: Sequence[StoredEvent]) -> None:
        before = self.epochs.get(append.stream, 0)
        if append.epoch < before:
            self.found("I6", "an epoch smaller than the one before it")
        self.epochs[append.stream] = append.epoch
        self.rings.planned(append, self.now_s())
        if append.stream.startswith("alarm/"):
            self._of_a_case(append, rows)
        elif self.timed.is_ended_for_nothing(append, rows, self.disk):
            self.found("I8", "a timer is ended without a word")

    def _of_a_case(self, append: Append, rows: Sequence[StoredEvent]) -> None:
        alarm_id = alarm_of(append.stream)
        events = [self.rows.decode(row) for row in rows]
        before = alarm = self.alarms.get(alarm_id)
        heard = (*append.takes, ReportKey(append.command_id))
        self.freedom.hear(alarm_id, heard, self.disk)
        for event in events:
            self.freedom.listen(alarm_id, event)
            if not self.freedom.may_close(alarm, event):
                self.found("I8", "closed after a word of force by one alone")
            if isinstance(event, StepFired):
                self.fired.append((self.now_s(), alarm_id, event.step))
            self.attention.listen(alarm_id, event, self.now_s())
            self._fact(alarm_id, alarm, event)
            alarm = fold(alarm_id, alarm, event)
            if alarm and self.pressed_again.listen(alarm, event, self.now_s()):
                self.found("I14", "a press after a decision asks HQ nothing")
            if alarm and self.after_care.listen(alarm, event, self.now_s()):
                self.found("I8", "the telephone of whoever is detained is written to")
        if alarm is None:
            return
        self.alarms[alarm_id] = alarm
        found = (
            *(("I8", what) for what in self.freedom.breaks(before, alarm, events)),
            *(("I16", what) for what in without_receipt(before, alarm, events)),
            *breaks(alarm, events),
        )
        for invariant, what in found:
            self.found(invariant, what)
        self._has_a_deadline(append, alarm)

    def _opens_or_ends(
        self, alarm_id: AlarmId, alarm: Alarm | None, event: AlarmEvent
    ) -> None:
        if isinstance(event, AlarmRaised | AlarmReopened):
            self.opened_s[alarm_id] = self.now_s()
        if isinstance(event, AlarmRaised):
            others = (case for case in self.alarms.values() if case.id != alarm_id)
            if beside_another(event, others):
                self.found("I15", "a notice beside its defender's open case")
        elif isinstance(event, AlarmClosed) and alarm is not None:
            self._was_called(alarm, event.at)
            if event.into is not None:
                self.answers.merge(alarm_id, event.into)

    def _fact(self, alarm_id: AlarmId, alarm: Alarm | None, event: AlarmEvent) -> None:
        self._opens_or_ends(alarm_id, alarm, event)
        match event:
            case AlarmRaised():
                self.raised_s[alarm_id] = self.now_s()
                if alarm is not None:
                    self.found("I6", "a case is raised twice")
            case AlarmClosed():
                self._given("Close", alarm_id, event.by, "I8", "closed by nobody")
            case AlarmAcknowledged():
                self._given("Acknowledge", alarm_id, event.by, "I8", "taken by nobody")
            case AlarmVerified():
                self._given("Verify", alarm_id, event.by, "I8", "verified by nobody")
            case PublicationApproved():
                self._given("Approve", alarm_id, event.by, "I5", "approved by nobody")
            case ReplyReceived() if event.authentic:
                if not self.answers.has(alarm_id, event.person):
                    self.found("I8", "an authentic answer that nobody gave")
            case NotificationSettled() if event.state in SENT:
                self._was_confirmed(event.effect, event.state)
            case _:
                pass

    def _given(
        self, act: str, alarm: AlarmId, by: str, invariant: str, what: str
    ) -> None:
        if (act, alarm, by) not in self.given:
            self.found(invariant, what)

    def _was_called(self, alarm: Alarm, ends: Instant | None = None) -> None:
        """I3: what calls people without a condition has, where it was open so long."""
        since_s = self.opened_s[alarm.id]
        is_calm = self.calm_since_s <= since_s
        if is_calm and is_left_alone(alarm, self.now_s() - since_s, ends):
            self.found("I3", "a step that calls people is not done")

    def _was_confirmed(self, effect: EffectId, state: EffectState) -> None:
        row = self.disk.medium.effects.get(effect)
        if row is not None and self._address(row) in self.from_memory.confirmed:
            return
        if ".sms." in effect and not self.sent[effect]:
            self.found("I12", "shown as sent, and it was in no message")
        wanted = "reported" if state is EffectState.DELIVERED else "accepted"
        if wanted not in self.confirmed.get(effect, set()):
            self.found("I12", "shown as sent, and nobody has said so")

    def _has_a_deadline(self, append: Append, alarm: Alarm) -> None:
        """I2: open means a deadline or an effect on its way, also once HQ has it."""
        if not alarm.is_open or append.head.next_due is not None:
            return
        rows = self.disk.unsettled.values()
        running = any(row.alarm == append.stream for row in rows)
        if not running and not is_held_for_good(alarm):
            self.found("I2", "open, and nothing falls due")

    # live state --------------------------------------------------------------------

    def live(self, alarm: Alarm) -> None:
        """I9: compare what an actor holds right after its commit with the rows."""
        folded = self.alarms.get(alarm.id)
        if folded is None or folded.seq < alarm.seq:
            self.found("I9", "an actor tells of what is not in the journal")
        elif folded.seq == alarm.seq:
            if folded != alarm:
                self.found("I9", "an actor's state is not that of the rows")
            # Alike: with one copy of them, what no later row changes is the same
            # object next time and is not compared field by field again.
            self.alarms[alarm.id] = alarm

    # contacts ----------------------------------------------------------------------

    def contact(
        self, life: Life, route: str, when: str, address: str, text: str
    ) -> None:
        """Look whether a contact may be: attempted in the journal, and only once."""
        if when == "before":
            self.from_memory.begins(route)
        if self.freedom.is_told(text):
            self.found("I10", "a word of force is in a text of ours")
        if text.startswith(("NOT RECORDED", "NOT HANDLED")):
            self.from_memory.reaches(route, address)
            return
        told = self._attempts(route, when, address)
        memory = self.from_memory.of(text, address)
        if memory is not None and not self._is_of_a_row(told, memory, text):
            if when == "before":
                self._no_row_has(life, route, address, text)
        elif not told:
            self.found("I5", f"{when} a contact: no attempt in the journal")
        elif when == "before":
            for row in self._parts(told, text):
                self._is_first(life, row)
                self._by_row(row, address)

    def _is_of_a_row(self, told: Sequence[EffectRow], memory: Told, text: str) -> bool:
        """Say whether a contact is a row's, though memory has told the same address.

        On a full disk what was sent before may stand as under way; a code tells them
        apart, and without one a row goes first.
        """
        has_code = CODE.search(text) is not None
        return any(not has_code or alarm_of(row.alarm) == memory.alarm for row in told)

    def _attempts(self, route: str, when: str, address: str) -> list[EffectRow]:
        """Return which rows say that an address is being written to, or was."""
        mine = self.disk.attempting(route)
        told = [row for row in mine if self._address(row) == address]
        if not told and when == "after":
            mine = self.disk.given_up(route)
            told = [row for row in mine if self._address(row) == address]
        return told

    def _by_row(self, row: EffectRow, address: str) -> None:
        if is_alarms(row.alarm):  # else what a timer answers
            self._is_heard(alarm_of(row.alarm), row.effect_id)
            self._in_time(alarm_of(row.alarm))
            if self.retired.has(address, self.now_s()):
                self.found("I10", "a telephone that is in no roster is written to")
        self.sent[row.effect_id] += 1
        if self.sent[row.effect_id] - self.unsent[row.effect_id] > 1:
            self.found("I4", "one effect, two contacts")
        if row.effect_class is EffectClass.EXCLUSIVE:
            self._exclusive(self.alarms[alarm_of(row.alarm)], row.effect_id)

    def _is_first(self, life: Life, row: EffectRow) -> None:
        """I17: what was told from memory is told by no row as if it were the first."""
        if is_alarms(row.alarm) and self.from_memory.is_told_anew(
            life, alarm_of(row.alarm), row.effect_id
        ):
            self.found("I17", "what memory has told is told anew by a row")

    def _no_row_has(self, life: Life, route: str, address: str, text: str) -> None:
        """I17: what is sent by a memory case alone is sent once."""
        self.from_memory.reaches(route, address)
        told = self.from_memory.of(text, address)
        if told and not self.from_memory.contact(life, route, told, text):
            self.found("I17", "told twice from memory, and not marked as a repeat")

    def _address(self, row: EffectRow) -> str:
        """Whom an effect is for, read from its row once: no row's body ever changes."""
        address = self._addresses.get(row.effect_id)
        if address is None:
            address = decode_body(row.body).address
            self._addresses[row.effect_id] = address
        return address

    def _parts(self, told: Sequence[EffectRow], text: str) -> Sequence[EffectRow]:
        """Return what a contact is of: of one effect, or of each page that it counts.

        Attempts that have ended cannot be settled while the disk is full.
        """
        counted = PAGES.match(text)
        if counted is None:
            return told if len(told) == 1 else [self._meant(told, text)]
        noted = [row for row in told if self.disk.text_of(row) == text]
        out = self.sent - self.unsent
        least = min((out[row.effect_id] for row in noted), default=0)
        parts = [row for row in noted if out[row.effect_id] == least]
        if int(counted[1]) < len({row.alarm for row in parts}) or not parts:
            self.found("I12", "a page counts fewer cases than it is of")
        return parts

    def _meant(self, told: Sequence[EffectRow], text: str) -> EffectRow:
        """Return which of some attempts to one address a contact is.

        Its text is noted with an SMS's; else the one that was sent least often, since
        attempts that have ended cannot be settled while the disk is full.
        """
        noted = [row for row in told if text and self.disk.text_of(row) == text]
        return min(noted or told, key=lambda row: self.sent[row.effect_id])

    def _in_time(self, alarm_id: AlarmId) -> None:
        """I11: whatever else comes in, the first contact is made within its bound."""
        if alarm_id not in self.first_told_s:
            took_s = self.now_s() - self.raised_s[alarm_id]
            took_s = self.from_memory.first_told_s.get(alarm_id, took_s)
            self.first_told_s[alarm_id] = took_s
            if took_s > FIRST_TOLD_S and self.calm_since_s <= self.raised_s[alarm_id]:
                self.found("I11", "the first contact came too late")

    def _is_heard(self, alarm_id: AlarmId, effect_id: EffectId) -> None:
        """I14: HQ is told of a press after a decision within its bound."""
        alarm = self.alarms.get(alarm_id)
        effect = None if alarm is None else alarm.effects.get(effect_id)
        if effect is not None:
            since_s = self.pressed_again.told(alarm_id, effect.audience)
            if since_s is not None:
                self._has_waited(since_s)

    def _has_waited(self, since_s: float) -> None:
        if self.now_s() - since_s > TOLD_S and self.calm_since_s <= since_s:
            self.found("I14", "HQ is told of a press after a decision too late")

    def rings_at(self, when: str, route: str, there: Sequence[str]) -> None:
        """I11: no telephone rings on while a message of an alarm waits."""
        now_s = self.now_s()
        if when == "before":
            self.rings.began(route, now_s)
            return
        for since_s in self.rings.over(route, now_s, there, self.disk.unsettled):
            if self.calm_since_s <= since_s:
                self.found("I11", "a telephone rings on though an SOS waits")

    def _exclusive(self, alarm: Alarm, effect: EffectId) -> None:
        sent = (self.sent - self.unsent).items()
        if sum(times for key, times in sent if _of_step(key, effect)) > 1:
            self.found("I5", "a public post is attempted twice")
        if not may_be_public(alarm, effect):
            self.found("I5", "published before it may be")

    def told_from_memory(self, life: Life) -> None:
        """I17: of what no row takes those nearby are told from memory, and soon."""
        if self.from_memory.is_silent(life, self.now_s() - NEARBY_S):
            self.found("I17", "nobody nearby is told of a press that no row has")

    def told_the_engine(self, route: str, kind: str) -> None:
        """A far end has confirmed, or will: `accepted` or `reported`."""
        self.from_memory.confirms(route)
        for row in self.disk.attempting(route):
            self.confirmed.setdefault(row.effect_id, set()).add(kind)

    def not_sent(self, route: str) -> None:
        """A contact certainly came to nothing: the same effect may be tried again."""
        self.from_memory.not_sent(route)
        for row in self.disk.attempting(route):
            self.unsent[row.effect_id] += 1

    # people ------------------------------------------------------------------------

    def device_acknowledged(self, key: ReportKey, at_s: float, *, acts: bool) -> None:
        """I1: what a device is told to be safe is in the journal."""
        if acts:
            self.acknowledged.setdefault(key, at_s)
            if key not in self.disk.medium.inbound:
                self.found("I1", "acknowledged before it was durable")

    # at leisure --------------------------------------------------------------------

    def rows_hold(self) -> None:
        """I1 and I6 over all rows; at the end of the day."""
        kept = MemoryReader(self.disk.medium).kept()
        if verify(self.disk.medium.events, kept).bad is not None:
            self.found("I6", "a hash chain is broken")
        self.acknowledged_is_kept()

    def acknowledged_is_kept(self) -> None:
        """I1; at each end of a process."""
        for key in self.acknowledged:
            if key not in self.disk.medium.inbound:
                self.found("I1", "an acknowledged raise is gone")

    def nothing_is_overdue(self, now_s: float, now_ms: int) -> None:
        """I2 and I7, where the engine has been up and undisturbed for long enough."""
        calm_s = now_s - self.calm_since_s
        for name, stream in self.disk.medium.streams.items():
            due = stream.head.next_due
            if name.startswith("alarm/") and stream.head.is_open and due is not None:
                late_s = (now_ms - due.ms) / 1000
                if min(late_s, calm_s) > OVERDUE_S:
                    self.found("I2", "a deadline has passed and nobody looked")
        past_ms = now_ms - OVERDUE_S * 1000
        if calm_s > OVERDUE_S and is_past_shift(self.alarms.values(), past_ms):
            self.found("I3", "who has it is off duty, and nobody is called")
        for row in self.disk.unsettled.values():
            since = row.changed_at or row.planned_at
            age_s = (now_ms - since.ms) / 1000
            if (
                row.state is EffectState.ATTEMPTING
                and min(age_s, calm_s) > ATTEMPTING_S
            ):
                self.found("I7", "an attempt without an end")

    def everybody_was_heard(self) -> None:
        """I3 at the end of the day: each raise has its case, and HQ has it."""
        taken = {press.key for alarm in self.alarms.values() for press in alarm.presses}
        for key in self.acknowledged:
            row = self.disk.medium.inbound.get(key)
            if row is None or not row.taken_by:
                self.found("I1", "an acknowledged raise that no case has taken up")
            elif key not in taken and not self._was_cancel(key):
                self.found("I1", "an acknowledged raise that is in no case")
        for alarm in self.alarms.values():
            self._came_right(alarm)
        for since_s in self.pressed_again.waiting():
            self._has_waited(since_s)
        for invariant, what in self.timed.forgotten(self.alarms, self.disk):
            self.found(invariant, what)
        if self.freedom.is_lost(self.disk):
            self.found("I8", "a word of force of which no case has heard")

    def _came_right(self, alarm: Alarm) -> None:
        now_s = self.now_s()
        if alarm.is_open and now_s - self.opened_s[alarm.id] < BEGUN_S:
            return  # by an answer to after-care, say: the day is over too soon
        if self.attention.is_missing(alarm, now_s):
            self.found("I3", "nobody at HQ has it at the end of the day")
        if has_given_up(alarm):
            self.found("I3", "somebody was never told and nothing is tried")
        if alarm.is_open:
            self._was_called(alarm)
        if self.after_care.is_forgotten(alarm, now_s):
            self.found("I3", "nobody is asked after the end whether they are safe")
        if is_not_told_of_end(alarm) and not self.after_care.just_ended(alarm, now_s):
            self.found("I3", "somebody who was told hears nothing of the end")

    def _was_cancel(self, key: ReportKey) -> bool:
        """Say whether a case, or a timer, has heard that it was called off."""
        return self.disk.medium.inbound[key].taken_by.startswith(_HEARS)

    def label(self, name: str, labels: tuple[str, ...]) -> None:
        """I10: no label holds what belongs to a person; each name is declared."""
        wrong = wrong_in(name, labels, self.secrets)
        if wrong:
            self.found("I10", wrong)

    def public(self, text: str) -> None:
        """I10: the world is told no name, number or place."""
        if any(secret in text for secret in self.secrets):
            self.found("I10", "something personal in a public text")

    def logged(self, text: str) -> None:
        """I10: nor is it in the log."""
        if any(secret in text for secret in self.secrets):
            self.found("I10", "something personal in the log")


def _of_step(one: EffectId, other: EffectId) -> bool:
    return one.rpartition(".")[0] == other.rpartition(".")[0]

"""The check-ins' actor: owns their streams, warns in time, and records what is missed.

Blocks on the journal as an alarm's actor does: nobody who raises anything waits for it.
"""

from contextlib import suppress
from datetime import timedelta
from typing import ClassVar

from engine.dispatch.actor import Planned
from engine.errors import JournalError
from engine.health import Health
from engine.intake.actor import Noticed
from engine.intake.checkins.again import HeardByAlarms
from engine.intake.checkins.hearing import Hearing
from engine.intake.checkins.kept import Kept, LastWords, heard, last_order
from engine.intake.checkins.legible import LegibleTimers
from engine.intake.checkins.missed import missed
from engine.intake.checkins.promptly import Promptly
from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.telling import answer_of
from engine.intake.checkins.timer import (
    PREFIX,
    TEXT_NEAR,
    Change,
    Said,
    Timer,
    event_of,
    evolve,
    head_of,
    next_due,
    person_of,
    stream_of,
    tick,
)
from engine.intake.judge import Judge
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    EffectRow,
    JournalAccess,
    ReaderLender,
    Record,
    Recorded,
)
from engine.protocol.model import CheckInPlan
from engine.roster.model import Person, Word
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import CommandId, Instant, PersonId, ReportKey

LOOK = timedelta(seconds=5)
AGAIN = timedelta(seconds=1)
ROWS = timedelta(seconds=30)
"""How often what runs is looked for in the rows: what somebody set may be durable only
after whoever asked for it had ended, and their telephone says that it is on."""
# So long an alarm's rows of what was said before a start may be on their way.
WORDS_LAND = timedelta(minutes=3)
APPEND_TIMEOUT = timedelta(seconds=10)


class CheckIns(SupervisedActor[CheckInSaid]):
    """All running timers, by person, from the rows of their streams."""

    bound: ClassVar[int] = 1_000

    def __init__(
        self,
        *,
        link: Link,
        judge: Judge,
        journal: JournalAccess,
        readers: ReaderLender,
        health: Health,
    ) -> None:
        """Take roster and action protocols by the judge that intake has."""
        super().__init__(link=link)
        self._judge, self._journal, self._readers = judge, journal, readers
        self._legible = LegibleTimers(readers, health)
        self._kept: dict[PersonId, Kept] = {}
        self._taken = HeardByAlarms(judge)
        self._last = LastWords()
        self._promptly = Promptly()
        self._rows_at = self._words_until = now = link.clock.now()
        self._hearing = Hearing(now, now)
        # Words that the journal did not take, as they were said.
        self._unheard: dict[ReportKey, CheckInSaid] = {}
        self._hear_at: Instant | None = None

    def started(self) -> None:
        """Take up what runs, from the rows."""
        now = self.clock.now()
        self._hearing, self._kept = Hearing(now, now), {}
        self._taken = HeardByAlarms(self._judge)
        self._read_running()
        self._take_up_again()
        self._look_again()

    def handle(self, message: CheckInSaid) -> None:
        """Take what somebody says of their timer."""
        self._hearing.goes_on(self.clock.now())
        self._take(message)
        self._look_again()

    def _take(self, message: CheckInSaid) -> bool:
        """Hear it, and what was said behind it; return as `_hear` does."""
        self._last.note(message)
        is_done = self._hear(message)
        if self._until(message) is not None:
            self._look_behind(message, is_done=is_done)
        return is_done

    def _look_behind(self, order: CheckInSaid, *, is_done: bool) -> None:
        """Hear the word that was said behind an order, when none ran yet."""
        if order.is_late(self.clock.now().plus(-AGAIN)):
            # An alarm alone may have it.
            self._look_for_words(self.clock.now())
        if is_done:
            # A word that still waits was about the time before, if it was said before.
            others = self._unheard.items()
            self._unheard = {k: v for k, v in others if not v.is_before(order)}
            word = self._last.word_behind(order.person, self._kept.get(order.person))
            if word is not None:
                self._hear(word)

    def _hear(self, message: CheckInSaid) -> bool:
        """Return whether nothing is left to be done; else a shared word is kept."""
        person = self._judge.board.roster().person(message.person)
        if person is None:
            self._unheard.pop(message.key, None)
            return True
        try:
            kept = self._kept.get(message.person) or self._read(message.person)
        except JournalError:
            return self._not_yet(message)  # and no other's timer ends by it
        said = Said(
            until=self._until(message),
            word=message.word,
            has_words=bool(person.safe_word),
            is_press=message.is_press,
        )
        change, is_old = heard(message, said, kept, self.clock.now())
        # A word of force is the alarm's, which it raises; so is one that ends no timer,
        # which HQ reads where no case is open.
        mine = not message.is_shared or (kept.timer is not None and not is_old)
        takes = (message.key,) if mine and message.word is not Word.DURESS else ()
        if self._commit(person, kept, change, CommandId(message.key), takes):
            self._unheard.pop(message.key, None)
            return True
        return self._not_yet(message)

    def _not_yet(self, message: CheckInSaid) -> bool:
        """Keep a word that intake does not tell again; it is not heard."""
        if message.is_shared:
            # Intake falls silent as soon as an alarm takes it up.
            self._unheard[message.key] = message
            self._hear_at = self._hear_at or self.clock.now().plus(LOOK)
        return False

    def woke(self) -> None:
        """Hear what the journal did not take, warn, or record that one was missed."""
        self._hearing.goes_on(self.clock.now())
        self._look_at_rows()
        self._hear_again()
        for person_id, kept in list(self._kept.items()):
            person = self._judge.board.roster().person(person_id)
            if kept.timer is not None:
                self._tick(person_id, person, kept, kept.timer)
        self._look_again()

    def rescan(self) -> None:
        """Read what alarms took up; intake tells again what nobody has taken up."""
        self._hearing.goes_on(self.clock.now())
        self._take_up_again()
        self._look_again()

    def _look_at_rows(self) -> None:
        """Take up what has become durable with nobody waiting for it any more."""
        now = self.clock.now()
        if now < self._rows_at:
            return
        with suppress(JournalError):
            self._read_running()
            if now < max(self._hearing.since.plus(WORDS_LAND), self._words_until):
                self._take_up_again()

    def _look_for_words(self, now: Instant) -> None:
        """Have them read for a while, at once if they are not: it is a day of rows."""
        if now >= self._words_until:
            self._rows_at = now
            self.wake_at(now.plus(AGAIN))
        self._words_until = now.plus(WORDS_LAND)

    def _read_running(self) -> None:
        self._rows_at = self.clock.now().plus(ROWS)
        with self._readers.reader() as reader:
            heads = reader.heads(PREFIX, open_only=True)
        rows = {person_of(row.stream): row for row in heads}
        seqs = {whose: row.seq for whose, row in rows.items()}
        found = self._legible.read_all(seqs, self._kept)
        self._kept.update(found)
        for whose, kept in found.items():
            if kept.timer is not None:
                self._keep_due(whose, kept, kept.timer, rows[whose].head.next_due)

    def _keep_due(
        self, whose: PersonId, kept: Kept, timer: Timer, due: Instant | None
    ) -> None:
        """Write anew when the next thing is due, where another plan says so by now.

        What the auditor reads is over else, and nobody is told.
        """
        now, person = self.clock.now(), self._judge.board.roster().person(whose)
        if due is not None and due < now < next_due(timer, self._plan(person)):
            name = CommandId(f"{kept.seq}/due/{now}")
            self._commit(person, kept, Change(), name, (), whose)

    def _hear_again(self) -> None:
        """Try again what an alarm alone took up, with a pause while the journal fails.

        What nobody took up intake tells again, to the alarm as well: taken up here
        first, the alarm would not hear of it.
        """
        now = self.clock.now()
        if self._hear_at is None or now < self._hear_at:
            return
        self._hear_at = None
        with suppress(JournalError):
            with self._readers.reader() as reader:
                untaken = {row.key for row in reader.inbound(untaken_only=True)}
            for said in list(self._unheard.values()):
                if said.key not in untaken and not self._take(said):
                    break
        if self._unheard:
            self._hear_at = now.plus(LOOK)

    def _take_up_again(self) -> None:
        """Take the words, and times beside them, to which alarms alone have listened.

        One that was heard already is known by its key, and changes nothing.
        """
        running = {who: one for who, one in self._kept.items() if one.timer}
        begun_at = {who: one.words_from for who, one in running.items()}
        now = self.clock.now()
        with self._readers.reader() as reader:
            heard = self._taken.of(reader, begun_at, now)
        for said in heard:
            self._hear(said)
        if any(one.timer for who, one in self._kept.items() if who not in running):
            self._look_for_words(now)  # an alarm alone may have one behind it, too

    def _until(self, message: CheckInSaid) -> Instant | None:
        """Return the new time; a bare press starts what was agreed, or begins anew."""
        button = self._plan(self._judge.board.roster().person(message.person)).button
        if message.is_press and message.until is None and button is not None:
            return (message.said_at or self.clock.now()).plus(button)
        return message.until

    def _tick(
        self, person_id: PersonId, person: Person | None, kept: Kept, timer: Timer
    ) -> None:
        now = self.clock.now()
        change = tick(timer, self._plan(person), now)
        if not change.facts:
            return
        if change.missed:
            if self._hearing.reads_first(now, kept.set_at):
                return
        elif self._has_unheard(person_id):
            return  # after a word that ends it, a warning would show which word it was
        if self._has_changed(person_id, kept):
            return
        # By the row before it: a time that is set again is warned of again.
        name = f"{timer.due}/{kept.seq}/{'missed' if change.missed else 'warned'}"
        # In one with the fact, and only where nothing has changed: that they are back
        # may lie in the journal's queue, before it.
        absence = (missed(person_id, timer.due, now),) if change.missed else ()
        done = self._commit(
            person, kept, change, CommandId(name), (), person_id, absence
        )
        if not done and self._kept.get(person_id) is kept:
            # Nor could the rows be read: no absence is kept quiet for that.
            answers = [self._ask(one) for one in absence]
            done = all(isinstance(answer, Recorded) for answer in answers)
        if done:
            for record in absence:
                self.link.tree.names.tell("intake", Noticed(key=record.key))

    def _has_unheard(self, person: PersonId) -> bool:
        return any(one.person == person for one in self._unheard.values())

    def _ask(self, request: Append | Record) -> Answer:
        """Ask the journal. That it hangs is no sleep: nobody would be missed ever."""
        self._hearing.rests(self.clock.now().plus(APPEND_TIMEOUT))
        answer = self._journal.ask(request, APPEND_TIMEOUT.total_seconds())
        self._hearing.goes_on(self.clock.now())
        self.beat()
        return answer

    def _has_changed(self, person: PersonId, kept: Kept) -> bool:
        """Look into the rows: what was given up as unknown may be durable since.

        Where they cannot be read, what is remembered holds: no absence is kept quiet.
        """
        try:
            return self._read(person).seq != kept.seq
        except JournalError:
            return False

    def _commit(
        self,
        person: Person | None,
        kept: Kept,
        change: Change,
        command_id: CommandId,
        takes: tuple[ReportKey, ...],
        person_id: PersonId | None = None,
        records: tuple[Record, ...] = (),
    ) -> bool:
        """Return whether the journal is known to have it."""
        whose = person_id or (PersonId("") if person is None else person.person)
        timer = kept.timer
        for fact, at in change.facts:
            timer = evolve(timer, fact, at)
        plan = self._plan(person)
        plans = self._answers(person, change, timer or kept.timer, command_id)
        append = Append(
            stream=stream_of(whose),
            expected_seq=kept.seq,
            epoch=self._journal.epoch,
            command_id=command_id,
            events=tuple(
                event_of(fact, at, change.sent, change.came)
                for fact, at in change.facts
            ),
            head=head_of(timer, plan, self.clock.now()),
            takes=takes,
            plans=plans,
            records=records,
        )
        answer = self._ask(append)
        if not isinstance(answer, Appended) or answer.repeated:
            # Not known, or done before: the rows say what holds, if they can be read.
            with suppress(JournalError):
                self._read(whose)
            return isinstance(answer, Appended)
        seq = kept.seq + len(append.events)
        order = last_order(answer.events) or kept.order
        self._kept[whose] = Kept(timer=timer, seq=seq, order=order)
        if plans:
            self.link.tree.names.tell("dispatcher", Planned(rows=plans))
        return True

    def _answers(
        self,
        person: Person | None,
        change: Change,
        timer: Timer | None,
        command_id: CommandId,
    ) -> tuple[EffectRow, ...]:
        """Return the SMS to their own telephone, where their plan allows one."""
        if person is None or not change.answer or not person.numbers:
            return ()
        if not self._plan(person).answers:
            return ()
        now = self.clock.now()
        first = change.first or self._legible.has_case(person.person)
        rank = self._promptly.rank(person.person, command_id, now, first=first)
        if rank is None and change.answer != TEXT_NEAR:
            return ()
        due = now if timer is None else timer.due
        return (answer_of(person, change.answer, due, command_id, rank, now),)

    def _plan(self, person: Person | None) -> CheckInPlan:
        protocol = None if person is None else person.action_protocol
        return self._judge.registry().of(protocol).check_in

    def _read(self, person: PersonId) -> Kept:
        kept = self._kept[person] = self._legible.read(person)
        return kept

    def _look_again(self) -> None:
        now, roster = self.clock.now(), self._judge.board.roster()
        dues = [
            next_due(kept.timer, self._plan(roster.person(person)))
            for person, kept in self._kept.items()
            if kept.timer is not None
        ]
        self._kept = {person: kept for person, kept in self._kept.items() if kept.timer}
        if self._hear_at is not None:
            dues.append(self._hear_at)
        soon = min(*dues, now.plus(LOOK)) if dues else self._rows_at
        soon = max(soon, now.plus(AGAIN))
        if self._wake_at is not None:
            # What is said, however often, puts no look off: nobody would be missed.
            soon = min(soon, self._wake_at)
        self._hearing.rests(max(soon, now))
        self.wake_at(soon)

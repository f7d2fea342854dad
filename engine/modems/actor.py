"""A modem's actor: owns the port, pulls effects, never gives the modem up."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import ClassVar, assert_never

from engine.dispatch.actor import (
    Away,
    Failed,
    Heard,
    Hurry,
    Idle,
    Listening,
    Planned,
    Shout,
    Take,
)
from engine.dispatch.attempts import Attempts
from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import AWAY, Outcome
from engine.errors import (
    ModemError,
    ModemGoneError,
    ModemSilentError,
    ModemWantedError,
)
from engine.health import Health
from engine.modems.arrivals import Arrivals
from engine.modems.calls import call, gave_way, was_dialled
from engine.modems.draft import draft_of, fitted
from engine.modems.gauges import Gauges
from engine.modems.inbound import Ears
from engine.modems.loopback import Loopback, SelfTest
from engine.modems.outcomes import not_sent, outcome_of
from engine.modems.pacing import LATE_S, Pacing
from engine.modems.reports import VALIDITY
from engine.modems.store import Store
from engine.modems.unanswered import Unanswered, note_of
from engine.ports.journal import EffectRow, JournalAccess, ReaderLender
from engine.ports.modem import ModemDriver, ModemHealth, SendResult, SubmitOutcome
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link

LOOK = timedelta(milliseconds=200)
HELD = timedelta(milliseconds=5)
"""How long an outcome waits for the next effect: another route may have taken it."""
VALIDITY_MIN = VALIDITY // timedelta(minutes=1)
LOOP_MIN = 5
CHANNELS = ("sms", "call")


class ModemActor(SupervisedActor[Take | Shout | Hurry]):
    """One modem. It is never given up: a dead one is tried again without end.

    While the port is closed it is away, and the dispatcher gives it nothing. A
    message without an answer is told as unknown after `LATE_S`; a modem that takes
    no command since then may still be sending it, and is listened to instead of
    used.
    """

    bound: ClassVar[int] = 100

    def __init__(
        self,
        *,
        link: Link,
        driver: ModemDriver,
        attempts: Attempts,
        journal: JournalAccess,
        readers: ReaderLender,
        telemetry: Telemetry,
        health: Health,
        ears: Ears,
        self_test: SelfTest | None = None,
    ) -> None:
        """Take the driver, and who hears of what it brings."""
        super().__init__(link=link)
        self._driver, self._attempts = driver, attempts
        self._readers = readers
        self._gauges = Gauges(link.name, telemetry, health)
        submit = partial(
            driver.submit, beat=self.beat, late_s=LATE_S, validity_min=VALIDITY_MIN
        )
        self._submit = self._gauges.noting(submit, link.clock.now)
        self._pacing, self._store = Pacing(), Store()
        self._loopback = Loopback(self_test, link.clock.boottime_s())
        self._is_open = self._is_aside = False
        self._gave_way = self._gives_way = self._is_early = False
        self._next_try = link.clock.now()
        self._seen: ModemHealth | None = None
        self._unanswered = Unanswered()
        self._arrivals = Arrivals(
            link=link,
            driver=driver,
            attempts=attempts,
            journal=journal,
            readers=readers,
            gauges=self._gauges,
            pacing=self._pacing,
            loopback=self._loopback,
            unanswered=self._unanswered,
            ears=ears,
            gives_way=self._look_gives_way,
        )
        # What waits between two commands of the modem hears of a message at once.
        self.inbox.on_put = driver.wake

    def started(self) -> None:
        """Settle what an earlier instance left; the port is opened right after."""
        self._attempts.recover()
        self._unanswered.inherit(
            self._driver, self._attempts, self._readers, self.link.name, self.clock
        )
        self.wake_at(self.clock.now())

    def stopping(self) -> None:
        """Write what is held, let the dispatcher know, and close the port."""
        self._attempts.release()
        self._tell_dispatcher(Away(worker=self.link.name))
        self._driver.close()

    def handle(self, message: Take | Shout | Hurry) -> None:
        """Send one message, or what cannot be recorded."""
        match message:
            case Take():
                self._take(message)
            case Shout():
                self._shout(message)
            case Hurry():  # to one that rings, that it lies in the inbox is enough
                self._hurry()
            case _:
                assert_never(message)
        now_s = self.clock.boottime_s()
        self._store.busy(now_s)
        self._loopback.busy(now_s)

    def rescan(self) -> None:
        """Ask for work again: a hint that was dropped may have been one."""
        self._ask_for_work()

    def _shout(self, shout: Shout) -> None:
        if not self._is_open:
            shout.answered(AWAY)
            return
        text = fitted(shout.body, self._driver, self.clock.now())
        try:
            submitted = self._submit(shout.body.address, text)
        except ModemError as error:
            shout.answered(not_sent(error))
            self._lost(error)
            return
        shout.answered(outcome_of(submitted))
        if submitted.may_follow:
            self._unanswered_by((), submitted)

    def _hurry(self) -> None:
        """End a patience that nobody can afford; nothing rings any more."""
        now = self.clock.now()
        if not self._is_open:
            self._is_early = now < self._next_try
            self.wake_at(now)
        elif self._pacing.is_quiet:
            self._pacing.heard()
            self._ask_for_work()
        elif self._pacing.is_listening:
            self._lost(ModemSilentError("no answer, and no other route is up"))

    def _take(self, take: Take) -> None:
        row = take.row
        if not self._is_open or self._pacing.is_listening:
            self._tell_dispatcher(Planned(rows=(row, *take.behind)))
            return
        rows = (row, *take.behind)
        text = draft_of(rows, self._driver, self.clock.now())
        number = self._driver.next_number()
        begun = self._attempts.begin_all(
            rows,
            self.beat,
            note_of(number, text),
            lambda: self.inbox.has_urgent,
        )
        if begun and len(begun) < len(rows):
            # A slow journal may have begun fewer: the message is of no other case.
            text = draft_of(begun, self._driver, self.clock.now())
        reached, has_dialled = "", False
        if begun and row.channel == "call":
            has_dialled = self._call(begun)
        elif begun:
            reached = self._send(begun, text, more=take.more)
        self._driver.pass_over(number)
        self._ask_for_work(reached, has_dialled=has_dialled)

    def woke(self) -> None:
        """Open the port if it is closed, else look what has come."""
        self._attempts.mend()
        self._arrivals.record_again()
        try:
            if not self._is_open:
                self._open()
            elif self._pacing.is_listening:
                self._listen()
            else:
                self._look()
        except ModemError as error:
            self._lost(error)
        else:
            self.wake_at(self.clock.now().plus(LOOK))

    def _open(self) -> None:
        health = self._driver.open(beat=self.beat)
        self._arrivals.read.clear()
        self.beat()
        if self._store.is_unread:
            self._store.busy(self.clock.boottime_s())
        else:
            self._fetch(drain=True)
        self._is_open, self._is_early = True, False
        self._pacing.opened(self.clock.boottime_s())
        self._show(health)
        self._ask_for_work()

    def _fetch(self, *, drain: bool) -> None:
        """Take in what has come; a store that hangs keeps no modem from sending."""
        try:
            self._arrivals.take_in(
                self._driver.poll(drain=drain, gives_way=self._look_gives_way)
            )
        except ModemSilentError:
            self._store.failed(self.clock.boottime_s())
            self._gauges.reads(works=False)
            if not self._driver.answers():
                raise
            return
        if drain:
            self._pacing.drained(self.clock.boottime_s())
            self._store.read()
            self._gauges.reads(works=True)

    def _read_store(self) -> None:
        """Try again what could not be read, while others send."""
        if not self._is_aside:
            self._is_aside = True  # what was given before that is known goes first
            self._tell_dispatcher(Away(worker=self.link.name))
            return
        rung = self._store.rung()
        if rung is not None:
            self._climb(rung)
            return
        self._fetch(drain=True)
        self._ask_for_work()

    def _look_gives_way(self) -> bool:
        """Say whether a look is broken off, since the modem has something to send.

        Never two in a row: what arrives may be an SOS as well.
        """
        gives_way = self.inbox.has_urgent and not self._gave_way
        self._gives_way |= gives_way
        return gives_way

    def _look(self) -> None:
        self._gave_way, self._gives_way = self._gives_way, False
        now_s = self.clock.boottime_s()
        is_unread = self._store.is_unread
        drain = self._pacing.drain_due(now_s) and not is_unread
        if drain or is_unread or self._arrivals.read or self._driver.wait(0):
            self._fetch(drain=drain)
        if self._look_gives_way():
            return
        if self._pacing.health_due(now_s):
            try:
                health = self._driver.health(gives_way=self._look_gives_way)
            except ModemWantedError:
                self._pacing.ask_soon()
                return
            self._show(health)
            rung = self._pacing.network_rung(now_s, registered=health.registered)
            if rung is not None:
                self._climb(rung)
                return
        if self.inbox.empty() and not self._pacing.is_listening:
            self._need_sign(now_s)
            if self._store.due(now_s):
                self._read_store()
                return
            self._loop_back(now_s)
        if self._pacing.work_due(now_s) and self.inbox.empty():
            # Whoever looks has nothing to do; the dispatcher may not know it.
            self._ask_for_work()

    def _need_sign(self, now_s: float) -> None:
        """Ask an idle modem whether it is still there, twice before it is given up."""
        is_due, answers = self._pacing.sign_due(now_s), self._driver.answers
        if is_due and not (answers() or answers()):
            message = "it takes no command"
            raise ModemSilentError(message)

    def _loop_back(self, now_s: float) -> None:
        """Have the SIM write to itself when that is due, and say where it failed."""
        loop = self._loopback
        text = loop.next_text(now_s)
        if text:
            submitted = self._submit(loop.number, text, validity_min=LOOP_MIN)
            if submitted.may_follow:
                self._unanswered_by((), submitted)
            elif submitted.result is SendResult.REJECTED:
                loop.refused(now_s)
        if loop.has_failed(now_s):
            self._gauges.loops(works=False)

    def _listen(self) -> None:
        """Wait for a late answer; a modem that takes commands is used again."""
        spoke = self._driver.wait(0)
        if not self._pacing.probe_due(self.clock.boottime_s(), spoke=spoke):
            return
        if self._pacing.recovers(self.clock.boottime_s(), self._driver.answers):
            self._show(self._seen)
            self._ask_for_work()
        if self._pacing.is_quiet or not self._pacing.is_listening:
            self._look()

    def _unanswered_by(
        self, rows: Sequence[EffectRow], submitted: SubmitOutcome
    ) -> None:
        """Find out whether a modem that owes an answer takes commands all the same."""
        self._unanswered.add(rows, self.clock.boottime_s(), LATE_S, submitted.number)
        try:
            takes_commands = self._driver.answers()
        except ModemError as error:
            self._lost(error)
            return
        if not takes_commands:
            self._gauges.show(None)  # what it said of itself last is kept
        if submitted.in_doubt or not takes_commands:
            self._pacing.listen(self.clock.boottime_s(), is_quiet=takes_commands)
            self._tell_dispatcher(Listening(worker=self.link.name, channels=CHANNELS))

    def _show(self, health: ModemHealth | None) -> None:
        self._seen = health
        self._gauges.show(health)

    def _lost(self, error: ModemError) -> None:
        """Close and be away; every second failure in a row climbs a rung."""
        self._gauges.lost(error)
        self._arrivals.take_in(self._driver.unstored(), frees=False)
        was_open = self._is_open
        if was_open or self._pacing.failures == 0:
            self._away()
        if self._is_early and not was_open:
            # None of the tries that climb the ladder, whose next one stays due.
            self._is_early = False
            self._driver.close()
            self.wake_at(self._next_try)
            return
        rung = self._pacing.failed(was_open=was_open)
        helped = False
        if rung is not None and not isinstance(error, ModemGoneError):
            helped = self._driver.recover(rung)
            self.beat()
            self._gauges.recovered(helped=helped)
        self._driver.close()
        wait = timedelta(0) if helped else self._pacing.next_try()
        self._next_try = self.clock.now().plus(wait)
        self.wake_at(self._next_try)

    def _climb(self, rung: int) -> None:
        """Help a modem that finds no network, or cannot read its store."""
        self._away()
        self._gauges.recovered(helped=self._driver.recover(rung))
        self.beat()
        self._driver.close()

    def _away(self) -> None:
        self._tell_dispatcher(Away(worker=self.link.name, channels=CHANNELS))
        self._show(None)
        self._is_open = False
        self._pacing.heard()

    def _call(self, rows: Sequence[EffectRow]) -> bool:
        """Ring the one telephone of some effects; say whether anybody was dialled."""
        began_s = self.clock.boottime_s()
        address = decode_body(rows[0].body).address
        lost: ModemError | None = None
        try:
            outcome = call(
                self._driver,
                address,
                self.beat,
                self._while_it_rings,
                lambda: not self.inbox.empty(),
            )
        except ModemError as error:
            outcome, lost = not_sent(error), error
        for row in rows:  # what cut it short is begun in the same commit
            is_cut = lost is None and not self.inbox.empty()
            self._settle(row, outcome, began_s, with_next=is_cut)
        if lost is not None:
            self._lost(lost)
        return lost is None and was_dialled(outcome)

    def _send(self, rows: Sequence[EffectRow], text: str, *, more: bool) -> str:
        """Send one message for some effects, journal the outcome of each.

        Return the number that was reached, if one was.
        Where `more` waits, the outcome of what was sent is written with its beginning.
        """
        began_s = self.clock.boottime_s()
        address = decode_body(rows[0].body).address
        try:
            submitted = self._submit(address, text)
        except ModemError as error:
            # The driver raises only before the message was handed over.
            for row in rows:
                self._settle(row, not_sent(error), began_s)
            self._lost(error)
            return ""
        outcome = outcome_of(submitted)
        is_sent = submitted.result is SendResult.SENT
        for row in rows:
            self._settle(row, outcome, began_s, with_next=more and is_sent)
        if is_sent:
            self._arrivals.sent.add(rows, address, outcome.reference, self.clock.now())
            return address
        has_no_answer = submitted.may_follow and not submitted.in_doubt
        if has_no_answer or (submitted.retry and submitted.code is not None):
            self._tell_dispatcher(Failed(worker=self.link.name, address=address))
        if submitted.may_follow:
            self._unanswered_by(rows, submitted)
        return ""

    def _settle(
        self,
        row: EffectRow,
        outcome: Outcome,
        began_s: float,
        *,
        with_next: bool = False,
    ) -> None:
        self.beat()
        if with_next:
            self._attempts.settle_with_next(row, outcome)
            self._wake_soon()
        else:
            self._attempts.settle(row, outcome)
        if not gave_way(outcome):
            took_s = self.clock.boottime_s() - began_s
            self._gauges.attempted(row.channel, outcome, took_s)

    def _wake_soon(self) -> None:
        """Write soon what is held; a look that is due is put off by nothing.

        Else nothing that arrives were read as long as one message follows another.
        """
        soon_s = self.clock.boottime_s() + HELD.total_seconds()
        due_s = self.inbox.wake_at_s
        if due_s is None or due_s > soon_s:
            self.wake_at(self.clock.now().plus(HELD))

    def _while_it_rings(self) -> None:
        """Read what arrives."""
        self.beat()
        if self._driver.wait(0):
            self._fetch(drain=False)

    def _ask_for_work(self, reached: str = "", *, has_dialled: bool = False) -> None:
        seen, self._is_aside = self._seen, False
        if self._is_open and seen is not None and not self._pacing.is_listening:
            idle = Idle(
                worker=self.link.name,
                channels=CHANNELS,
                operator=seen.operator or "",
                is_registered=seen.registered,
                reached=reached,
                has_dialled=has_dialled,
            )
            self._pacing.asked_for_work(self.clock.boottime_s())
            self._tell_dispatcher(idle)

    def _tell_dispatcher(self, message: Heard) -> None:
        self.link.tree.names.tell("dispatcher", message)

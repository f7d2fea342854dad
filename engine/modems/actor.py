"""A modem's actor: owns the port, pulls effects, never gives the modem up."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

from engine.dispatch.actor import Away, Hurry, Idle, Planned, Shout, Take
from engine.dispatch.attempts import Attempts, Outcome
from engine.dispatch.body import EffectBody, decode_body
from engine.errors import ModemError, ModemGoneError
from engine.health import Health
from engine.modems.pacing import Pacing
from engine.ports.journal import (
    EffectRow,
    EffectState,
    JournalAccess,
    ReaderLender,
    Record,
    Recorded,
)
from engine.ports.modem import (
    InboundSms,
    IncomingCall,
    LateAnswer,
    ModemDriver,
    ModemEvent,
    ModemHealth,
    SendResult,
    StatusReport,
    SubmitOutcome,
)
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import ReportKey

JOURNAL_TIMEOUT_S = 10.0
LOOK = timedelta(milliseconds=200)
LATE_S = 25.0
RING_S = 20.0
VALIDITY_MIN = 30
UNANSWERED_MAX = 16
CHANNELS = ("sms", "call")
_DELIVERY = {
    "delivered": EffectState.DELIVERED,
    "failed": EffectState.UNDELIVERED,
}
_RESULTS = {
    SendResult.SENT: EffectState.ACCEPTED,
    SendResult.REJECTED: EffectState.REJECTED,
    SendResult.UNKNOWN: EffectState.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A short message that the journal has; to intake, a hint."""

    key: ReportKey


class _HurryError(Exception):
    """Something more urgent waits than a telephone that rings."""


class ModemActor(SupervisedActor[Take | Shout | Hurry]):
    """One modem. It is never given up: a dead one is tried again without end.

    While the port is closed it is away, and the dispatcher gives it nothing. What
    arrives is deleted from the SIM only after the journal has it.
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
        heard: Callable[[Inbound], None],
    ) -> None:
        """Take the driver; `heard` tells intake of an inbound message."""
        super().__init__(link=link)
        self._driver, self._attempts = driver, attempts
        self._journal, self._readers = journal, readers
        self._telemetry, self._health, self._heard = telemetry, health, heard
        self._pacing = Pacing()
        self._is_open = False
        self._unanswered: deque[EffectRow] = deque(maxlen=UNANSWERED_MAX)

    def started(self) -> None:
        """Settle what an earlier instance left; the port is opened right after."""
        self._attempts.recover()
        self.wake_at(self.clock.now())

    def stopping(self) -> None:
        """Let the dispatcher know, and close the port."""
        self._tell_dispatcher(Away(worker=self.link.name))
        self._driver.close()

    def handle(self, message: Take | Shout | Hurry) -> None:
        """Send one effect, or what cannot be recorded."""
        match message:
            case Take():
                self._take(message.row)
            case Shout():
                self._shout(message.body)
            case Hurry():
                return  # too late to be needed: nothing rings any more
            case _:
                assert_never(message)

    def rescan(self) -> None:
        """Ask for work again: a hint that was dropped may have been one."""
        if self._is_open:
            self._ask_for_work()

    def _shout(self, body: EffectBody) -> None:
        if not self._is_open:
            return
        try:
            self._submit(body)
        except ModemError as error:
            self._lost(error)

    def _take(self, row: EffectRow) -> None:
        if not self._is_open:
            self._tell_dispatcher(Planned(rows=(row,)))
            return
        if self._attempts.begin(row):
            self._attempt(row)
        if self._is_open:
            self._ask_for_work()

    def woke(self) -> None:
        """Open the port if it is closed, else look what has come."""
        self._attempts.mend()
        try:
            if self._is_open:
                self._look()
            else:
                self._open()
        except ModemError as error:
            self._lost(error)
        wait = LOOK if self._is_open else self._pacing.next_try()
        self.wake_at(self.clock.now().plus(wait))

    def _open(self) -> None:
        health = self._driver.open(beat=self.beat)
        self.beat()
        self._is_open = True
        self._pacing.opened(self.clock.boottime_s())
        self._show(health)
        self._take_in(self._driver.poll(drain=True))
        self._ask_for_work()

    def _look(self) -> None:
        now_s = self.clock.boottime_s()
        drain = self._pacing.drain_due(now_s)
        if drain or self._driver.wait(0):
            self._take_in(self._driver.poll(drain=drain))
        if self._pacing.health_due(now_s):
            self._show(self._driver.health())
        if self._pacing.work_due(now_s):
            # Whoever looks has nothing to do; the dispatcher may not know it.
            self._ask_for_work()

    def _lost(self, error: ModemError) -> None:
        """Close and be away; every second failure in a row climbs a rung."""
        if self._is_open or self._pacing.failures == 0:
            self._tell_dispatcher(Away(worker=self.link.name))
            self._show(None)
        was_open, self._is_open = self._is_open, False
        rung = self._pacing.failed(was_open=was_open)
        if rung is not None and not isinstance(error, ModemGoneError):
            recovered = self._driver.recover(rung)
            self.beat()
            self._telemetry.count(
                "modem_recoveries_total",
                modem=self.link.name,
                result="recovered" if recovered else "failed",
            )
        self._driver.close()

    def _attempt(self, row: EffectRow) -> None:
        began_s = self.clock.boottime_s()
        body = decode_body(row.body)
        try:
            if row.channel == "call":
                outcome = self._call(body)
            else:
                submitted = self._submit(body)
                outcome = _outcome_of(submitted)
                if submitted.may_follow:
                    self._unanswered.append(row)
        except ModemError as error:
            # The driver raises only before the message was handed over.
            outcome = Outcome(
                state=EffectState.REJECTED, reason=type(error).__name__, retry=True
            )
            self._lost(error)
            self.wake_at(self.clock.now().plus(self._pacing.next_try()))
        self.beat()
        self._attempts.settle(row, outcome)
        self._measure(row.channel, outcome, self.clock.boottime_s() - began_s)

    def _submit(self, body: EffectBody) -> SubmitOutcome:
        pieces = [(s.priority, s.text) for s in body.finished(self.clock.now())]
        return self._driver.submit(
            body.address,
            self._driver.fit(pieces),
            validity_min=VALIDITY_MIN,
            beat=self.beat,
            late_s=LATE_S,
        )

    def _call(self, body: EffectBody) -> Outcome:
        try:
            rang = self._driver.ring(
                body.address,
                seconds=RING_S,
                beat=self.beat,
                between=self._while_it_rings,
            )
        except _HurryError:
            return Outcome(state=EffectState.ACCEPTED, reason="rang, cut short")
        except ValueError:
            return Outcome(state=EffectState.REJECTED, reason="no number to dial")
        if rang:
            return Outcome(state=EffectState.ACCEPTED, reason="rang")
        return Outcome(state=EffectState.REJECTED, reason="call refused", retry=True)

    def _while_it_rings(self) -> None:
        """Read what arrives; give way to a message that waits."""
        self.beat()
        if self._driver.wait(0):
            self._take_in(self._driver.poll(drain=False))
        if not self.inbox.empty():
            raise _HurryError

    def _take_in(self, events: Sequence[ModemEvent]) -> None:
        for event in events:
            match event:
                case InboundSms():
                    self._record(event)
                case StatusReport():
                    self._report(event)
                case LateAnswer():
                    self._late(event)
                case IncomingCall():
                    self._telemetry.count("modem_calls_total", modem=self.link.name)
                case _:
                    assert_never(event)

    def _record(self, sms: InboundSms) -> None:
        """Make a message durable, then free its place on the SIM."""
        text = f"{sms.sender}|{sms.sent_at}|{sms.pdu}|{sms.slot}"
        raw = text.encode(errors="replace")
        key = ReportKey("sms-" + hashlib.sha256(raw).hexdigest()[:28])
        body = {
            "sender": sms.sender,
            "text": sms.text,
            "sent_at": None if sms.sent_at is None else sms.sent_at.ms,
            "flags": list(sms.flags),
        }
        record = Record(
            key=key,
            source="sms",
            received_at=self.clock.now(),
            # Half a character (a lone surrogate of UCS-2) must not cost the rest.
            body=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        )
        answer = self._journal.ask(record, JOURNAL_TIMEOUT_S)
        self.beat()
        if isinstance(answer, Recorded):
            self._telemetry.count("modem_messages_total", modem=self.link.name)
            self._heard(Inbound(key=key))
            self._driver.delete(sms.slot)

    def _late(self, late: LateAnswer) -> None:
        """Record what became of the oldest message that had no answer in time."""
        if self._unanswered:
            row = self._unanswered.popleft()
            self._attempts.settle_late(row, _outcome_of(late.outcome))

    def _report(self, report: StatusReport) -> None:
        """Match a status report by (modem, TP-MR), newest first, then number."""
        if report.slot is not None:
            self._driver.delete(report.slot)
        state = _DELIVERY.get(report.outcome)
        if state is None:
            return  # it is still on its way, the network says
        with self._readers.reader() as reader:
            accepted = reader.effects(frozenset({EffectState.ACCEPTED}))
        mine = [
            row
            for row in accepted
            if row.route == self.link.name
            and row.reference == str(report.reference)
            and _same_number(decode_body(row.body).address, report.recipient)
        ]
        if mine:
            newest = max(mine, key=lambda row: row.planned_at)
            outcome = Outcome(state=state, reference=newest.reference)
            self._attempts.settle_late(newest, outcome)
            self._telemetry.count(
                "deliveries_total", channel="sms", outcome=state.value
            )

    def _measure(self, channel: str, outcome: Outcome, took_s: float) -> None:
        telemetry, name = self._telemetry, self.link.name
        result = {
            EffectState.ACCEPTED: "sent",
            EffectState.REJECTED: "rejected",
        }.get(outcome.state, "unknown")
        telemetry.count("delivery_attempts_total", channel=channel, result=result)
        telemetry.count(
            "deliveries_total", channel=channel, outcome=outcome.state.value
        )
        telemetry.observe("delivery_seconds", took_s, channel=channel)
        if channel == "sms":
            telemetry.count("modem_submits_total", modem=name, result=result)
            telemetry.observe("modem_submit_seconds", took_s, modem=name)

    def _show(self, health: ModemHealth | None) -> None:
        name, telemetry = self.link.name, self._telemetry
        is_up = health is not None
        telemetry.gauge("modem_up", float(is_up), modem=name)
        registered = health is not None and health.registered
        telemetry.gauge("modem_registered", float(registered), modem=name)
        if health is not None and health.signal_dbm is not None:
            telemetry.gauge("modem_signal_dbm", health.signal_dbm, modem=name)
        if health is not None and health.storage_size:
            used = (health.storage_used or 0) / health.storage_size
            telemetry.gauge("modem_storage_used_ratio", used, modem=name)
        self._health.route(name, "modem_down", is_up=is_up)

    def _ask_for_work(self) -> None:
        self._tell_dispatcher(Idle(worker=self.link.name, channels=CHANNELS))

    def _tell_dispatcher(self, message: Idle | Away | Planned) -> None:
        self.link.tree.names.tell("dispatcher", message)


def _outcome_of(submitted: SubmitOutcome) -> Outcome:
    reference = "" if submitted.reference is None else str(submitted.reference)
    reason = submitted.reason or (submitted.code or "")
    return Outcome(
        state=_RESULTS[submitted.result],
        reference=reference,
        reason=reason,
        retry=submitted.retry,
    )


def _same_number(sent_to: str, reported: str) -> bool:
    """Compare by trailing digits: networks rewrite the prefix."""
    digits = "".join(char for char in sent_to if char.isdigit())
    theirs = "".join(char for char in reported if char.isdigit())
    length = min(len(digits), len(theirs), 7)
    return length > 0 and digits[-length:] == theirs[-length:]

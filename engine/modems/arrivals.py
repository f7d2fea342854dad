"""What arrives at a modem: recorded, or matched to what was sent."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import assert_never

from engine.dispatch.actor import Failed
from engine.dispatch.attempts import Attempts
from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import Outcome
from engine.dispatch.patience import JOURNAL_TIMEOUT_S
from engine.errors import ModemError
from engine.modems.gauges import Gauges
from engine.modems.inbound import Ears, Inbound, Turns
from engine.modems.loopback import Loopback
from engine.modems.outcomes import outcome_of
from engine.modems.pacing import Pacing
from engine.modems.refused import Received, Refused
from engine.modems.reports import Sent, state_of
from engine.modems.unanswered import Unanswered
from engine.modems.unstamped import Unstamped
from engine.ports.journal import EffectState, JournalAccess, ReaderLender, Recorded
from engine.ports.modem import (
    CALL,
    InboundSms,
    IncomingCall,
    LateAnswer,
    ModemDriver,
    ModemEvent,
    StatusReport,
)
from engine.supervision.link import Link

FREED_AT_ONCE = 4
"""So many places are freed at one look: an SOS waits to be sent for no more."""
CALLED = "(a call, which was hung up)"
WITHHELD = "(a call without a number, which was hung up)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Takes in what one modem brings, in the thread of its actor.

    A message is deleted from the SIM only after the journal has it; its
    ears hear then.
    """

    link: Link
    driver: ModemDriver
    attempts: Attempts
    journal: JournalAccess
    readers: ReaderLender
    gauges: Gauges
    pacing: Pacing
    loopback: Loopback
    unanswered: Unanswered
    ears: Ears
    gives_way: Callable[[], bool]
    sent: Sent = field(default_factory=Sent)
    refused: Refused = field(default_factory=Refused)
    unstamped: Unstamped = field(default_factory=Unstamped)
    turns: Turns = field(default_factory=Turns)
    read: dict[str, None] = field(default_factory=dict)
    """Places that nobody needs any more, in the order in which they are freed."""

    def take_in(self, events: Sequence[ModemEvent], *, frees: bool = True) -> None:
        """Deal with each event: messages first, since some lie nowhere else.

        Whoever fails over another event, a row that cannot be read, would take them
        along: a message that the modem has handed on directly comes no second time.
        Places are freed last, since a late answer or a report comes no second time;
        of a modem that is lost none is.

        Raises:
            ModemError: a place could not be freed; what lies there is read again.

        """
        messages = [one for one in events if isinstance(one, InboundSms)]
        needless = self._record([*messages, *self._calls(events)])
        for sms in messages:
            # What is queued under its place may be another SIM's, long since recorded.
            self.read.pop(sms.slot, None)
        self.read.update((sms.slot, None) for sms in needless if sms.slot)
        for event in events:
            match event:
                case InboundSms():
                    pass  # recorded before all else
                case StatusReport():
                    self._settle_by(event)
                    if event.slot:
                        self.read[event.slot] = None
                case LateAnswer():
                    self._late(event)
                case IncomingCall():
                    self.gauges.came_in("modem_calls_total")
                case _:
                    assert_never(event)
        if frees:
            self._free()

    def _free(self) -> None:
        """Free some places; what is read there again is no other message by then.

        Where one cannot be, the rest waits until the store has been read again: each
        would block the modem for as long.
        """
        for place in list(self.read)[:FREED_AT_ONCE]:
            if self.gives_way():
                return
            del self.read[place]
            try:
                if self.driver.delete(place):
                    self.unstamped.freed(place)
            except ModemError:
                self.read.clear()
                raise
            self.link.beat()

    def record_again(self) -> None:
        """Try again what the journal did not take, whether the modem is there or not.

        Their places are freed by the next look at the whole store: by now another SIM
        may lie in the modem, whose message it would be.
        """
        waiting = self.refused.due(self.link.clock.boottime_s())
        if any(one.sms.slot for one in self._recorded(waiting)):
            self.pacing.drain_soon()

    def _calls(self, events: Sequence[ModemEvent]) -> list[InboundSms]:
        """Return the calls of those who may be in need as what HQ reads of them.

        Each is one: after HQ's word on the first a second one is news.
        """
        numbers = [one.caller or "" for one in events if isinstance(one, IncomingCall)]
        return [
            InboundSms(
                slot="",
                sender=number,
                text=CALLED if number else WITHHELD,
                sent_at=None,
                pdu="",
                flags=(CALL,),
            )
            for number in numbers
            if self.ears.minds_call(number)
        ]

    def _record(self, messages: Sequence[InboundSms]) -> Sequence[InboundSms]:
        """Make messages durable, all at once; return those that nobody needs any more.

        One after the other an SOS would lie behind each of them for as long as a disk
        hangs, and HQ hear nothing of it.
        """
        looped = [sms for sms in messages if self.loopback.is_one(sms)]
        now = self.link.clock.now()
        theirs = [sms for sms in messages if sms not in looped]
        others = [
            Received(sms=sms, record=self.unstamped.record(sms, at))
            for sms, at in zip(theirs, self.turns.take(len(theirs), now), strict=True)
        ]
        new = [one for one in others if not self.refused.has(one)]
        recorded = [one.sms for one in self._recorded(new)]
        for sms in looped:
            now_s = self.link.clock.boottime_s()
            if self.loopback.came_back(sms, now_s):
                self.gauges.loops(works=True)
                seems_late = self.loopback.seems_late(sms, now, now_s)
                self.gauges.stamps(differ=seems_late)
        return [*recorded, *looped]

    def _recorded(self, messages: Sequence[Received]) -> Sequence[Received]:
        """Return those that the journal has now; their ears have heard."""
        if not messages:
            return ()
        began_s = self.link.clock.boottime_s()
        records = [one.record for one in messages]
        answers = self.journal.ask_all(records, JOURNAL_TIMEOUT_S)
        self.link.beat()
        now_s = self.link.clock.boottime_s()
        kept = [isinstance(answer, Recorded) for answer in answers]
        self.refused.tried(messages, kept, now_s, now_s - began_s)
        for record in compress(records, kept):
            self.gauges.came_in("modem_messages_total")
            self.ears.heard(Inbound(key=record.key))
        return list(compress(messages, kept))

    def _late(self, late: LateAnswer) -> None:
        """Record what became of a message that had no answer in time."""
        clock = self.link.clock
        self.gauges.submitted(late.outcome, clock.now())
        self.pacing.learned(late.outcome)
        rows = self.unanswered.take(clock.boottime_s(), late.number)
        if rows:
            outcome = outcome_of(late.outcome)
            address = decode_body(rows[0].body).address
            self.sent.add(rows, address, outcome.reference, clock.now())
            for row in rows:
                self.attempts.settle_late(row, outcome)

    def _settle_by(self, report: StatusReport) -> None:
        """Match a status report by (modem, TP-MR), newest first, then number."""
        state = state_of(report)
        if state is None:
            return  # it is still on its way, the network says
        name, now = self.link.name, self.link.clock.now()
        rows = self.sent.match(report, self.readers, name, now)
        if not rows:
            return
        for row in rows:
            reference = row.reference or str(report.reference)
            self.attempts.settle_late(row, Outcome(state=state, reference=reference))
        self.gauges.delivered(state)
        if state is EffectState.UNDELIVERED:
            failed = Failed(worker=name, address=decode_body(rows[0].body).address)
            self.link.tree.names.tell("dispatcher", failed)

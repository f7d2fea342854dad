"""A simulated modem: what the real driver makes of what its hardware says and does.

Whose an answer is, is found out by the driver's own code.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.modem.owed import Owed
from engine.errors import ModemGoneError, ModemSilentError
from engine.ports.modem import (
    Forms,
    InboundSms,
    LateAnswer,
    ModemEvent,
    ModemHealth,
    RingResult,
    SendResult,
    StatusReport,
    SubmitOutcome,
)
from tests.simulation.runtime import Life

if TYPE_CHECKING:
    from tests.simulation.farends import Network
    from tests.simulation.tasks import Wait

SUBMIT_S = 3.0
OPEN_S = 1.5
RING_STEP_S = 2.0
HANG_S = 600.0
LATE_S = 20.0
STORE_S = 20.0
"""So long a store that hangs says nothing."""
AT_ONCE = 4
"""So many of those that were announced are read at one look."""
# Of a submit, once; whatever is not named here goes well.
SUBMIT_FAULTS = (
    "silent",
    "lost",
    "sent_unknown",
    "late_answer",
    "refused",
    "rejected",
    "slow_answer",
    "hang",
    "unplugged",
    "no_report",
    "late_report",
    "report_twice",
    "failed_report",
)


@dataclass(slots=True)
class Record:
    """The file of what is owed, which outlives a killed process."""

    text: str = '[1, [0, 1], [], ""]'
    """One message was sent since the machine started, with reference 0."""

    def read(self) -> str:
        """Return it."""
        return self.text

    def write(self, record: str) -> None:
        """Replace it."""
        self.text = record


@dataclass(slots=True)
class Hardware:
    """A modem and its SIM as they are; a driver comes and goes with each process.

    It sends what it was handed whatever becomes of the process, and an answer that
    comes while nobody has its port is lost. Answers come in the messages' order:
    until `owes_until_s` one is not given yet.
    """

    name: str
    gone_until_s: float = 0.0
    next_faults: deque[str] = field(default_factory=deque)
    no_call_until_s: float = 0.0
    keeps_messages: int = 0
    store_hangs_until_s: float = 0.0
    events: list[ModemEvent] = field(default_factory=list)
    stored: list[InboundSms] = field(default_factory=list)
    announced: dict[str, None] = field(default_factory=dict)
    """Places whose message has come since the store was read, if a process heard it."""
    reference: int = 0
    opened_by: Life | None = None
    is_busy: bool = False
    is_hung: bool = False
    owes_until_s: float = 0.0
    kept: Record = field(default_factory=Record)
    times_gone: int = 0

    @property
    def is_open(self) -> bool:
        """Whether a process that lives has its port."""
        return self.opened_by is not None and not self.opened_by.dead


class SimModem:
    """Implements `engine.ports.modem.ModemDriver` over a `Hardware`."""

    def __init__(self, network: "Network", hardware: Hardware, life: Life) -> None:
        self._network, self._hardware, self._life = network, hardware, life
        self._waits: list[Wait] = []
        self._ring_waits: list[Wait] = []
        self._owed, self._times_gone = Owed(hardware.kept), hardware.times_gone
        hardware.opened_by = None
        hardware.is_busy = hardware.is_hung = False

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        """Take the port, if it is there."""
        self._need()
        self._wait(OPEN_S, beat)
        self._need()
        if self._times_gone != self._hardware.times_gone:
            self._times_gone = self._hardware.times_gone
            self._owed.give_up()
            self._owed.forget_count()
        self._hardware.opened_by = self._life
        self._hardware.announced.clear()
        return ModemHealth(registered=True, signal_dbm=-71.0)

    def fit(self, pieces: Sequence[Forms]) -> str:
        """Return all of it: what fits is the driver's own test."""
        return "".join(forms[0][1] for forms in pieces)

    def submit(
        self,
        number: str,
        text: str,
        *,
        validity_min: int,
        beat: Callable[[], None],
        late_s: float,
    ) -> SubmitOutcome:
        """Submit; what the plan has in store comes first."""
        del validity_min
        self._need_port()
        hardware = self._hardware
        fault = hardware.next_faults.popleft() if hardware.next_faults else ""
        if fault:
            self._network.on_fault(fault)
        self._contact("before", number, text)
        hardware.is_busy = True
        try:
            outcome = self._submit(fault, number, text, beat, late_s)
        finally:
            hardware.is_busy = False
        self._contact("after", number, text)
        return outcome

    def _submit(
        self,
        fault: str,
        number: str,
        text: str,
        beat: Callable[[], None],
        late_s: float,
    ) -> SubmitOutcome:
        network, hardware = self._network, self._hardware
        if fault == "silent":
            self._wait(5.0, beat)
            network.rejected(self._hardware.name)
            raise ModemSilentError
        self._take_late()
        self._owed.hand_over(self._life.boottime_s())
        if fault == "hang":
            hardware.is_hung = True
            network.world.park(HANG_S, self._waits)
            hardware.is_hung = False
            return self._unknown()
        answer_s = late_s - 1 if fault == "slow_answer" else SUBMIT_S
        owes_s = hardware.owes_until_s - self._life.boottime_s()
        answer_s = max(answer_s, owes_s + 0.1)
        if fault == "unplugged":
            self._wait(answer_s, beat)
            network.arrive("sms", number, text)
            network.unplug(hardware, 20.0)
            self._owed.give_up()
            return SubmitOutcome(result=SendResult.UNKNOWN, reason="port lost")
        if fault in {"refused", "rejected"}:
            refused = SubmitOutcome(
                result=SendResult.REJECTED, code="CMS 38", retry=fault == "refused"
            )
            network.rejected(hardware.name)
            self._answers(answer_s, refused)
        else:
            self._sends(fault, number, text, answer_s, late_s)
        is_answered = fault not in {"lost", "sent_unknown", "late_answer"}
        # A moment longer: the modem's own time is another's.
        self._wait(answer_s + 0.001 if is_answered else late_s, beat)
        own = self._take_late()
        return self._unknown(in_doubt=is_answered) if own is None else own

    def _sends(
        self, fault: str, number: str, text: str, answer_s: float, late_s: float
    ) -> None:
        """Let the modem do its part, in its own time."""
        network, hardware = self._network, self._hardware
        hardware.reference = (hardware.reference + 1) % 256

        def arrive() -> None:
            network.arrive("sms", number, text)

        if fault != "lost":
            network.world.later(answer_s, arrive, "sends")
        sent = SubmitOutcome(result=SendResult.SENT, reference=hardware.reference)
        if fault == "late_answer":
            self._answers(late_s + LATE_S, sent)
        elif fault not in {"lost", "sent_unknown"}:
            self._answers(answer_s, sent)
            self._reports(fault, number, answer_s)

    def _answers(self, seconds: float, answer: SubmitOutcome) -> None:
        """Answer after so long, whichever process it is that hears it then."""
        self._hardware.owes_until_s = self._life.boottime_s() + seconds
        self._later(seconds, LateAnswer(outcome=answer))

    def _unknown(self, *, in_doubt: bool = False) -> SubmitOutcome:
        number = self._owed.wait_no_more()
        return SubmitOutcome(
            result=SendResult.UNKNOWN,
            may_follow=number > 0,
            in_doubt=in_doubt,
            number=number,
        )

    def _take_late(self) -> SubmitOutcome | None:
        """Hear the answers that have come; return what is waited for's, if it has."""
        own: SubmitOutcome | None = None
        events, self._hardware.events = self._hardware.events, []
        for event in events:
            if isinstance(event, LateAnswer):
                now_s = self._life.boottime_s()
                own = self._owed.answered(event.outcome, now_s) or own
            else:
                self._hardware.events.append(event)
        return own

    def _reports(self, fault: str, number: str, after_s: float) -> None:
        report = StatusReport(
            reference=self._hardware.reference,
            recipient=number,
            outcome="failed" if fault == "failed_report" else "delivered",
            status=0,
        )
        if fault != "no_report":
            later_s = 900.0 if fault == "late_report" else 4.0
            self._later(after_s + later_s, report)
        if fault == "report_twice":
            self._later(after_s + 9.0, report)

    def _later(self, seconds: float, event: ModemEvent) -> None:
        hardware, network = self._hardware, self._network
        # The engine may hear of it from then on, whichever process it is.
        if not isinstance(event, LateAnswer):
            network.confirmed(hardware.name, "reported")
        elif event.outcome.result is SendResult.SENT:
            network.confirmed(hardware.name, "accepted")
        times_gone = hardware.times_gone

        def come() -> None:
            is_heard = hardware.is_open and hardware.times_gone == times_gone
            # A report is kept on the SIM until somebody reads it.
            if is_heard or not isinstance(event, LateAnswer):
                hardware.events.append(event)

        network.world.later(seconds, come, "report")

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None],
        between: Callable[[], None],
        gives_way: Callable[[], bool],
    ) -> RingResult:
        """Ring until there is something more urgent."""
        self._need_port()
        self._contact("before", number, "")
        if self._life.boottime_s() < self._hardware.no_call_until_s:
            self._network.on_fault("no_call")
            return RingResult.REFUSED
        self._network.arrive("call", number, "")
        self._network.confirmed(self._hardware.name, "accepted")
        self._hardware.is_busy = True
        self._network.on_ring("before", self._hardware.name)
        try:
            ends_s = self._life.boottime_s() + seconds
            while (left_s := ends_s - self._life.boottime_s()) > 0:
                self._network.world.park(min(RING_STEP_S, left_s), self._ring_waits)
                beat()
                self._need_port()
                if gives_way():
                    return RingResult.CUT_SHORT
                between()
        finally:
            self._hardware.is_busy = False
            self._network.on_ring("after", self._hardware.name)
        self._contact("after", number, "")
        return RingResult.RANG

    def poll(
        self, *, drain: bool, gives_way: Callable[[], bool] = bool
    ) -> Sequence[ModemEvent]:
        """Return late answers, reports, and what has come; all of the SIM if asked."""
        del gives_way
        self._need_port()
        self._take_late()
        self._owed.expire(self._life.boottime_s())
        hardware = self._hardware
        new = [*hardware.announced][: None if drain else AT_ONCE]
        for place in new:
            del hardware.announced[place]
        if drain or new:
            self._need_store()
        events, hardware.events = hardware.events, []
        stored = [sms for sms in hardware.stored if drain or sms.slot in new]
        return [*self._owed.tell(), *events, *stored]

    def _need_store(self) -> None:
        if self._life.boottime_s() < self._hardware.store_hangs_until_s:
            self._network.on_fault("store_hangs")
            self._wait(STORE_S, lambda: None)
            raise ModemSilentError

    def unstored(self) -> Sequence[ModemEvent]:
        """Return nothing: what comes straight waits in the modem."""
        return ()

    def wait(self, seconds: float) -> bool:
        """Say whether anything has come."""
        self._need_port()
        if seconds:
            self._wait(seconds, lambda: None)
        return bool(self._hardware.events or self._hardware.announced)

    def next_number(self) -> int:
        """Return the number of the next message."""
        return self._owed.next_number

    def pass_over(self, number: int) -> None:
        """Give no further message this number."""
        self._owed.pass_over(number)

    def owed(self) -> Sequence[int]:
        """Return which messages may still be answered."""
        return self._owed.numbers()

    def answers(self) -> bool:
        """Say whether it takes commands: not while it still sends."""
        self._need_port()
        owes = self._hardware.owes_until_s
        if self._life.boottime_s() < owes:
            self._wait(2.0, lambda: None)
        return self._life.boottime_s() >= owes

    def delete(self, slot: str) -> bool:
        """Free a place on the SIM, unless it keeps what it has for once."""
        self._need_port()
        self._need_store()
        hardware = self._hardware
        if hardware.keeps_messages:
            hardware.keeps_messages -= 1
            self._network.on_fault("keeps_message")
            return False
        hardware.stored = [sms for sms in hardware.stored if sms.slot != slot]
        return True

    def health(self, *, gives_way: Callable[[], bool]) -> ModemHealth:
        """Answer."""
        del gives_way
        self._need_port()
        return ModemHealth(registered=True)

    def recover(self, rung: int) -> bool:
        """Recover, where the modem is there."""
        del rung
        return self._life.boottime_s() >= self._hardware.gone_until_s

    def interrupt(self) -> None:
        """Make a hanging call return."""
        self._network.world.wake(self._waits)

    def wake(self) -> None:
        """Have a telephone ring no longer, if more urgent work waits."""
        self._network.world.wake(self._ring_waits)

    def close(self) -> None:
        """Close."""
        self._hardware.opened_by = None

    def _need(self) -> None:
        if self._life.boottime_s() < self._hardware.gone_until_s:
            raise ModemGoneError

    def _need_port(self) -> None:
        self._need()
        if self._hardware.opened_by is not self._life:
            raise ModemGoneError

    def _contact(self, when: str, number: str, text: str) -> None:
        route = self._hardware.name
        self._network.contact(self._life, route, when, number, text)

    def _wait(self, seconds: float, beat: Callable[[], None]) -> None:
        left_s = seconds
        while left_s > 0:
            self._life.sleep(min(left_s, 10.0))
            left_s -= 10.0
            beat()

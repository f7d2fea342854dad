"""The far ends: a network with telephones, modems on it, servers. They outlive us.

What a far end answers and what it does are two things, and the plan parts them: a
message may arrive while the modem says nothing.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import (
    DeliveryError,
    DeliveryUnknownError,
    ModemGoneError,
    ModemSilentError,
)
from engine.ports.channel import Notification, Receipt
from engine.ports.modem import (
    Forms,
    InboundSms,
    LateAnswer,
    ModemEvent,
    ModemHealth,
    SendResult,
    StatusReport,
    SubmitOutcome,
)
from engine.values import ChannelName
from tests.simulation.runtime import Life, World

if TYPE_CHECKING:
    from tests.simulation.scheduler import Wait

SUBMIT_S = 3.0
OPEN_S = 1.5
RING_STEP_S = 2.0
HANG_S = 600.0
LISTEN_S = 120.0
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
class Hardware:
    """A modem and its SIM as they are; a driver comes and goes with each process."""

    name: str
    gone_until_s: float = 0.0
    next_faults: deque[str] = field(default_factory=deque)
    no_call_until_s: float = 0.0
    keeps_messages: int = 0
    events: list[ModemEvent] = field(default_factory=list)
    stored: list[InboundSms] = field(default_factory=list)
    reference: int = 0
    is_open: bool = False
    is_busy: bool = False
    is_hung: bool = False
    unanswered_until_s: float = 0.0
    deaf_until_s: float = 0.0


@dataclass(slots=True)
class Server:
    """A mail server, a webhook, a Mastodon."""

    name: str
    down_until_s: float = 0.0
    next_faults: deque[str] = field(default_factory=deque)
    busy: set[str] = field(default_factory=set)
    """The lanes that just now send."""


class Network:
    """Everything beyond us. `contact` is told just before and after each contact."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hardware = {n: Hardware(n) for n in ("modem-1", "modem-2")}
        self.servers = {n: Server(n) for n in ("email", "webhook", "mastodon")}
        self.arrived: list[tuple[float, str, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.contact: Callable[[Life, str, str, str, str], None]
        self.confirmed: Callable[[str, str], None]
        self.on_arrival: Callable[[str, str, str], None]
        self.on_fault: Callable[[str], None]

    def arrive(self, channel: str, address: str, text: str) -> None:
        """A message is at its recipient's."""
        self.arrived.append((self.world.boottime_s(), channel, address, text))
        self.on_arrival(channel, address, text)

    def send_in(self, sender: str, text: str) -> None:
        """Somebody sends us a short message; the first modem that is there gets it."""
        now_s = self.world.boottime_s()
        there = [h for h in self.hardware.values() if h.gone_until_s <= now_s]
        hardware = (there or list(self.hardware.values()))[0]
        self.counts["inbound"] += 1
        number = self.counts["inbound"]
        hardware.stored.append(
            InboundSms(
                slot=str(number),
                sender=sender,
                text=text,
                sent_at=self.world.now(),
                pdu=f"pdu-{number}",
            )
        )

    def is_quiet(self) -> bool:
        """Say whether no modem that could be asked has anything, and none hangs."""
        now_s = self.world.boottime_s()
        return not any(
            h.is_hung
            or ((h.stored or h.events) and not h.is_busy and h.gone_until_s <= now_s)
            for h in self.hardware.values()
        )

    def unplug(self, hardware: Hardware, seconds: float) -> None:
        """Take a modem away for so long."""
        back_s = self.world.boottime_s() + seconds
        hardware.gone_until_s = max(hardware.gone_until_s, back_s)
        # So that the world's time does not run past the moment of its return.
        self.world.begin(lambda: self.world.sleep(seconds + 0.001), "unplugged")

    def restore(self) -> None:
        """End every fault."""
        for hardware in self.hardware.values():
            hardware.gone_until_s = hardware.no_call_until_s = 0.0
            hardware.keeps_messages = 0
            hardware.next_faults.clear()
        for server in self.servers.values():
            server.down_until_s = 0.0
            server.next_faults.clear()


class SimModem:
    """Implements `engine.ports.modem.ModemDriver` over a `Hardware`."""

    def __init__(self, network: Network, hardware: Hardware, life: Life) -> None:
        self._network, self._hardware, self._life = network, hardware, life
        self._waits: list[Wait] = []
        hardware.is_open = hardware.is_busy = hardware.is_hung = False

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        """Take the port, if it is there."""
        self._need()
        self._wait(OPEN_S, beat)
        self._need()
        self._hardware.is_open = True
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
        self._need()
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
        if outcome.result is SendResult.SENT:
            self._network.confirmed(hardware.name, "accepted")
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
            raise ModemSilentError
        if fault in {"refused", "rejected"}:
            self._wait(SUBMIT_S, beat)
            return SubmitOutcome(
                result=SendResult.REJECTED, code="CMS 38", retry=fault == "refused"
            )
        if fault == "hang":
            hardware.is_hung = True
            network.world.park(HANG_S, self._waits)
            hardware.is_hung = False
            return SubmitOutcome(result=SendResult.UNKNOWN)
        self._wait(late_s - 1 if fault == "slow_answer" else SUBMIT_S, beat)
        if fault != "lost":
            network.arrive("sms", number, text)
        hardware.reference = (hardware.reference + 1) % 256
        if fault == "unplugged":
            network.unplug(hardware, 20.0)
            hardware.is_open = False
            return SubmitOutcome(result=SendResult.UNKNOWN, reason="port lost")
        sent = SubmitOutcome(result=SendResult.SENT, reference=hardware.reference)
        if fault in {"lost", "sent_unknown", "late_answer"}:
            self._wait(late_s - SUBMIT_S, beat)
            now_s = self._life.boottime_s()
            # Answers come in order: one that is never answered keeps the next from it.
            if fault == "late_answer" and now_s > hardware.unanswered_until_s:
                hardware.deaf_until_s = now_s + 20.0
                self._later(20.0, LateAnswer(outcome=sent))
            else:
                hardware.unanswered_until_s = now_s + LISTEN_S
            return SubmitOutcome(result=SendResult.UNKNOWN, may_follow=True)
        self._reports(fault, number)
        return sent

    def _reports(self, fault: str, number: str) -> None:
        report = StatusReport(
            reference=self._hardware.reference,
            recipient=number,
            outcome="failed" if fault == "failed_report" else "delivered",
            status=0,
        )
        if fault != "no_report":
            self._later(900.0 if fault == "late_report" else 4.0, report)
        if fault == "report_twice":
            self._later(9.0, report)

    def _later(self, seconds: float, event: ModemEvent) -> None:
        hardware, network = self._hardware, self._network
        # The engine may hear of it from then on, whichever process it is.
        kind = "accepted" if isinstance(event, LateAnswer) else "reported"
        network.confirmed(hardware.name, kind)

        def come() -> None:
            network.world.sleep(seconds)
            hardware.events.append(event)

        network.world.begin(come, "report")

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None],
        between: Callable[[], None],
    ) -> bool:
        """Ring; `between` may end it."""
        self._need()
        self._contact("before", number, "")
        if self._life.boottime_s() < self._hardware.no_call_until_s:
            self._network.on_fault("no_call")
            return False
        self._network.arrive("call", number, "")
        self._network.confirmed(self._hardware.name, "accepted")
        self._hardware.is_busy = True
        try:
            for _ in range(round(seconds / RING_STEP_S)):
                self._wait(RING_STEP_S, beat)
                between()
        finally:
            self._hardware.is_busy = False
        self._contact("after", number, "")
        return True

    def poll(self, *, drain: bool) -> Sequence[ModemEvent]:
        """Return reports, and what lies on the SIM."""
        del drain
        self._need()
        events, self._hardware.events = self._hardware.events, []
        return [*events, *self._hardware.stored]

    def wait(self, seconds: float) -> bool:
        """Say whether anything has come."""
        self._need()
        if seconds:
            self._wait(seconds, lambda: None)
        return bool(self._hardware.events or self._hardware.stored)

    def answers(self) -> bool:
        """Say whether it takes commands: not while it still sends."""
        self._need()
        self._wait(2.0, lambda: None)
        return self._life.boottime_s() >= self._hardware.deaf_until_s

    def delete(self, slot: str) -> None:
        """Free a place on the SIM, unless it keeps what it has for once."""
        hardware = self._hardware
        if hardware.keeps_messages:
            hardware.keeps_messages -= 1
            self._network.on_fault("keeps_message")
            return
        hardware.stored = [sms for sms in hardware.stored if sms.slot != slot]

    def health(self) -> ModemHealth:
        """Answer."""
        self._need()
        return ModemHealth(registered=True)

    def recover(self, rung: int) -> bool:
        """Recover, where the modem is there."""
        del rung
        return self._life.boottime_s() >= self._hardware.gone_until_s

    def interrupt(self) -> None:
        """Make a hanging call return."""
        self._network.world.wake(self._waits)

    def close(self) -> None:
        """Close."""
        self._hardware.is_open = False

    def _need(self) -> None:
        if self._life.boottime_s() < self._hardware.gone_until_s:
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


class SimChannel:
    """Implements `engine.ports.channel.Channel` over a `Server`."""

    timeout_s = 10.0

    def __init__(self, network: Network, server: Server, life: Life, lane: str) -> None:
        self.name = ChannelName(server.name)
        self._network, self._server, self._life = network, server, life
        self._lane = lane
        server.busy.discard(lane)

    def send(self, notification: Notification) -> Receipt:
        """Send; what the plan has in store comes first."""
        network, server = self._network, self._server
        self.check()
        fault = server.next_faults.popleft() if server.next_faults else ""
        if fault:
            network.on_fault(fault)
        if fault in {"refused", "rejected"}:
            raise DeliveryError(self.name, "5xx", retry=fault == "refused")
        address, text = notification.address, notification.text
        network.contact(self._life, self._lane, "before", address, text)
        server.busy.add(self._lane)
        try:
            self._life.sleep(10.0 if fault.startswith("hang") else 0.3)
        finally:
            server.busy.discard(self._lane)
        if fault != "hang_lost":
            network.arrive(server.name, address, text)
        network.contact(self._life, self._lane, "after", address, text)
        if fault.startswith("hang"):
            raise DeliveryUnknownError(self.name, "no answer")
        network.confirmed(self._lane, "accepted")
        return Receipt(reference="r")

    def check(self) -> None:
        """Say whether the server is there."""
        if self._life.boottime_s() < self._server.down_until_s:
            self._network.on_fault("down")
            raise DeliveryError(self.name, "refused", retry=True)

    def interrupt(self) -> None:
        """Nothing hangs here for longer than its time-out."""

    def close(self) -> None:
        """Nothing is held."""

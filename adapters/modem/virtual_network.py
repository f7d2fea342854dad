"""A small network of virtual modems: it delivers between them and reports."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from adapters.modem.pdu import Deliver, StatusReport, Submit
from adapters.modem.pdu_encode import encode_deliver, encode_status_report
from adapters.modem.pdu_fields import Address
from engine.ports.clock import Clock
from engine.values import Instant

OnMessage = Callable[[str, str, str, Instant], None]
_SAME_NUMBER_DIGITS = 7
DELIVERED = 0x00
PENDING = 0x20
FAILED = 0x41


class Member(Protocol):
    """A modem as the network sees it."""

    number: str

    def deliver(self, pdu: str, length: int, arrived: Callable[[], None]) -> None:
        """Take a DELIVER, and say when the modem has it; from any thread."""

    def report(self, pdu: str, length: int, *, after_s: float) -> None:
        """Take a status report after so long; from any thread."""


class VirtualNetwork:
    """Takes submits of its members, delivers to members, and tells of all of them.

    A number that no member has is a phone in the outside world: it takes the
    message, as `outside` says.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        on_message: OnMessage | None = None,
        report_s: float = 0.1,
        outside: int = DELIVERED,
    ) -> None:
        """Begin without members.

        Args:
            clock: for the service centre's time stamps.
            on_message: told of each message that a member has handed over: from,
                to, text, when; in that member's thread.
            report_s: how long after the answer a status report comes.
            outside: TP-ST of messages to numbers that no member has.

        """
        self._clock = clock
        self._on_message = on_message
        self._report_s = report_s
        self._outside = outside
        self._members: dict[str, Member] = {}
        self._lock = threading.Lock()

    def join(self, member: Member) -> None:
        """Let a modem in; its number is where messages reach it."""
        with self._lock:
            self._members[member.number] = member

    def leave(self, member: Member) -> None:
        """Let a modem go; messages to it then count as to the outside."""
        with self._lock:
            self._members.pop(member.number, None)

    def submit(
        self, member: Member, message: Submit, reference: int, *, answer_s: float
    ) -> None:
        """Take a message from a member, deliver it, and report where asked to.

        What a member cannot take just now the network holds, and reports when it has
        arrived.
        """
        now = self._clock.now()
        to = message.recipient.text
        if self._on_message is not None:
            self._on_message(member.number, to, message.user_data.text, now)
        not_before_s = self._clock.boottime_s() + answer_s + self._report_s

        def report(status: int) -> None:
            if not message.status_report_request:
                return
            after_s = max(0.0, not_before_s - self._clock.boottime_s())
            discharged_at = self._clock.now().plus(timedelta(seconds=after_s))
            pdu = StatusReport(
                reference=reference,
                recipient=message.recipient,
                sent_at=now.to_datetime(),
                discharged_at=discharged_at.to_datetime(),
                status=status,
                more_messages=False,
            )
            member.report(*encode_status_report(pdu), after_s=after_s)

        recipient = self.find(to)
        if recipient is None:
            report(self._outside)
        else:
            pdu, length = encode_deliver(_delivered(member, message, now))
            recipient.deliver(pdu, length, lambda: report(DELIVERED))

    def find(self, number: str) -> Member | None:
        """Return the member of a number, written with or without country code."""
        with self._lock:
            if number in self._members:
                return self._members[number]
            digits = number.lstrip("+0")
            if len(digits) < _SAME_NUMBER_DIGITS:
                return None
            for known, member in self._members.items():
                if known.endswith(digits) or digits.endswith(known.lstrip("+0")):
                    return member
        return None


def _delivered(member: Member, message: Submit, now: Instant) -> Deliver:
    sender = member.number
    return Deliver(
        sender=Address(text=sender, toa=0x91 if sender.startswith("+") else 0x81),
        user_data=replace(message.user_data),
        dcs=message.dcs,
        protocol_id=message.protocol_id,
        sent_at=now.to_datetime(),
        more_messages=False,
    )

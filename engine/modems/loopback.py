"""A message from a SIM to itself, now and then: whether it can still send. Pure.

An empty prepaid card, a barred SIM or an operator that lies shows by nothing else
until the night of an alarm. The message goes out while nothing waits, and when it comes
in it is taken for what it is, never for somebody's words.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from engine.config import ModemTable
from engine.modems.reports import same_number
from engine.modems.stamps import is_late, lay_of
from engine.modems.store import BREATH_S
from engine.ports.modem import InboundSms
from engine.values import Instant

FIRST_S = 600.0
"""How long after a start; a machine that restarts in a row costs no messages."""
ARRIVES_WITHIN_S = 300.0
AGAIN_S = 1800.0
"""How soon a failed one is repeated."""
_FORM = re.compile(r"loop [0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """What the configuration says: the SIM's own number (E.164), and how often."""

    number: str
    every_s: float


def self_tests(modems: Iterable[ModemTable]) -> dict[str, SelfTest]:
    """Return, by name, what the configuration says of modems that test themselves."""
    return {
        table.name: SelfTest(number=table.number, every_s=table.self_test_h * 3600)
        for table in modems
        if table.number
    }


class Loopback:
    """When the next one is due, and which one is on its way; seconds of boottime."""

    def __init__(self, test: SelfTest | None, now_s: float) -> None:
        """Begin; None: no such messages are sent."""
        self.number = "" if test is None else test.number
        self._every_s = 0.0 if test is None else test.every_s
        self._due_s = now_s + FIRST_S
        self._sent, self._waits = "", False
        self._sent_s = self._until_s = 0.0

    def next_text(self, now_s: float) -> str:
        """Return what is to be sent now; "" where nothing is."""
        if not self.number or self._waits or now_s < self._due_s:
            return ""
        said = hashlib.sha256(f"{self.number}|{now_s}".encode()).hexdigest()
        self._sent, self._waits = f"loop {said[:12]}", True
        self._sent_s, self._until_s = now_s, now_s + ARRIVES_WITHIN_S
        return self._sent

    def busy(self, now_s: float) -> None:
        """Note that the modem sends: what waits for it goes first."""
        self._due_s = max(self._due_s, now_s + BREATH_S)

    def is_one(self, sms: InboundSms) -> bool:
        """Say whether a message is such a one, if perhaps of an earlier time."""
        return bool(
            self.number
            and _FORM.fullmatch(sms.text)
            and same_number(self.number, sms.sender)
        )

    def came_back(self, sms: InboundSms, now_s: float) -> bool:
        """Note one that came in; True where it is the one that was waited for."""
        if sms.text != self._sent:
            return False
        self._waits, self._due_s = False, now_s + self._every_s
        return True

    def seems_late(self, sms: InboundSms, now: Instant, now_s: float) -> bool:
        """Say whether the one that has just come back would count as late.

        We know when it was sent: then our clock, or the centre's, is wrong.
        """
        if sms.sent_at is None:
            return False
        on_its_way = timedelta(seconds=now_s - self._sent_s)
        return is_late(lay_of(now, sms.sent_at) - on_its_way)

    def has_failed(self, now_s: float) -> bool:
        """Say once that the one on its way has not come in time, or was refused."""
        if not self._waits or now_s < self._until_s:
            return False
        self._waits, self._due_s = False, now_s + min(AGAIN_S, self._every_s)
        return True

    def refused(self, now_s: float) -> None:
        """Note that the one on its way was certainly not sent."""
        self._until_s = now_s

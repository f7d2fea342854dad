"""Which message without a stamp is another one, and which is read again: pure."""

from dataclasses import dataclass, field

from engine.modems.inbound import record_of
from engine.ports.journal import Record
from engine.ports.modem import InboundSms
from engine.values import Instant, ReportKey

LYING_MAX = 1_000
"""No modem has so many places; SIMs that are exchanged leave some behind."""
_Place = tuple[str, str, str]


@dataclass(slots=True)
class Unstamped:
    """What this process has read of one modem's places and not freed.

    No time says whether such a message is the one that was there before. It is while
    its place was not freed, for however long. In a place that was, the same words are
    another one, however soon. What an earlier process has recorded and not freed is
    the same for ten minutes.
    """

    _lying: dict[_Place, Record] = field(default_factory=dict)
    _past: dict[ReportKey, None] = field(default_factory=dict)
    """Keys of what this process has freed."""

    def record(self, sms: InboundSms, now: Instant) -> Record:
        """Return a message's record: the first one, where it is read again."""
        if sms.sent_at is not None or not (sms.sender or sms.text):
            return record_of(sms, now)
        if not sms.slot:
            # A modem hands one on once; parts are told again.
            return record_of(sms, now, is_new=sms.part is None)
        place = (sms.slot, sms.sender, sms.pdu)
        if place not in self._lying:
            first = record_of(sms, now)
            is_past = first.key in self._past
            self._lying[place] = record_of(sms, now, is_new=True) if is_past else first
            if len(self._lying) > LYING_MAX:
                del self._lying[next(iter(self._lying))]
        return self._lying[place]

    def freed(self, slot: str) -> None:
        """Note that a place is free: what is read there from now on is another one."""
        for place in [one for one in self._lying if one[0] == slot]:
            self._past[self._lying.pop(place).key] = None
            if len(self._past) > LYING_MAX:
                del self._past[next(iter(self._past))]

"""An inbound short message as the journal's record: pure."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from engine.ports.journal import Record
from engine.ports.modem import InboundSms
from engine.values import Instant, ReportKey

UNSTAMPED_MS = 600_000
"""So long one without a stamp may be what an earlier process read there."""
_APART = timedelta(milliseconds=1)
_NEVER = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A short message that the journal has; to intake, a hint."""

    key: ReportKey


@dataclass(slots=True)
class Turns:
    """When each message came, of those that are read at once as well.

    One behind the other, as they lay there: by one moment for all, a word of safety
    that was written before a call for help would have come with it, and call it off.
    """

    _last: Instant = _NEVER

    def take(self, count: int, now: Instant) -> Sequence[Instant]:
        """Return the moments of so many, in order: the last is now, if that can be."""
        first = max(self._last.plus(_APART), now.plus(-_APART * (count - 1)))
        moments = [first.plus(_APART * place) for place in range(count)]
        self._last = max([self._last, *moments])
        return moments


def nobody(number: str) -> bool:
    """Say that HQ hears of no call."""
    del number
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """Who hears of what a modem brings: `heard` tells intake of a recorded message.

    `minds_call` says of a number whether HQ hears that it has called.
    """

    heard: Callable[[Inbound], None]
    minds_call: Callable[[str], bool] = nobody


def record_of(sms: InboundSms, now: Instant, *, is_new: bool = False) -> Record:
    """Return a message's record; read again from its slot it is the same one.

    Where no network's stamp tells it from the same words of another day, in the same
    place, the time does: roughly, or to the millisecond where `is_new` says that it
    was certainly never read before. Of one that had to be mended, or that cannot be
    read, the octets are kept: its place on the SIM is freed once this is durable, and
    nobody has them then.
    """
    stamp = sms.sent_at
    text = f"{sms.sender}|{stamp}|{sms.pdu}|{sms.slot}"
    if stamp is None and (sms.sender or sms.text):
        text = f"{text}|{f'at {now.ms}' if is_new else now.ms // UNSTAMPED_MS}"
    raw = text.encode(errors="replace")
    body: dict[str, object] = {
        "sender": sms.sender,
        "text": sms.text,
        "sent_at": None if sms.sent_at is None else sms.sent_at.ms,
        "flags": list(sms.flags),
    }
    if sms.flags:
        body["pdu"] = sms.pdu
    return Record(
        key=ReportKey("sms-" + hashlib.sha256(raw).hexdigest()[:28]),
        source="sms",
        received_at=now,
        # Half a character (a lone surrogate of UCS-2) must not cost the rest.
        body=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
    )

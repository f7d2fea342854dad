"""Short messages that the journal did not take, until it takes them: pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.dispatch.patience import JOURNAL_TIMEOUT_S
from engine.ports.journal import Record
from engine.ports.modem import InboundSms
from engine.values import ReportKey

AGAIN_S = 5.0
KEPT_MAX = 1_000
"""More would be a flood on a full disk; what lies on the SIM is read again anyhow."""
_BREATH = 4
"""So many times as long as a try took the modem does other things before the next."""
_TRY_MAX_S = JOURNAL_TIMEOUT_S
"""No try takes longer by itself: what more it took the machine slept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message with its row to be, which says when it came, however late it is."""

    sms: InboundSms
    record: Record


@dataclass(slots=True)
class Refused:
    """What one modem brought and nothing has recorded; times are CLOCK_BOOTTIME.

    A modem announces a message once, and its store is read whole every 45 s only; one
    that it hands on directly lies nowhere else.
    """

    _kept: dict[ReportKey, Received] = field(default_factory=dict)
    _due_s: float = 0.0

    def has(self, one: Received) -> bool:
        """Say whether a message is tried again anyhow, as it came first."""
        return one.record.key in self._kept

    def due(self, now_s: float) -> Sequence[Received]:
        """Return what shall be tried again now, in the order in which it came."""
        return tuple(self._kept.values()) if now_s >= self._due_s else ()

    def tried(
        self,
        messages: Sequence[Received],
        recorded: Sequence[bool],
        now_s: float,
        took_s: float,
    ) -> None:
        """Keep what was not recorded, and forget what was; `took_s` is the try's."""
        for one, is_recorded in zip(messages, recorded, strict=True):
            key = one.record.key
            if is_recorded:
                self._kept.pop(key, None)
            elif key not in self._kept and len(self._kept) < KEPT_MAX:
                self._kept[key] = one
        if not all(recorded):
            # What is recorded puts nothing off: a flood of it would for ever.
            self._due_s = now_s + max(AGAIN_S, _BREATH * min(took_s, _TRY_MAX_S))

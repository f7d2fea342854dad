"""Which message a status report is about: by modem and TP-MR, then by number.

A modem counts its references round from 0 to 255, and networks rewrite numbers: the
newest message of that reference whose number ends alike is meant, and none that is
older than its validity.
"""

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from engine.dispatch.body import decode_body
from engine.errors import JournalError
from engine.ports.journal import EffectRow, EffectState, ReaderLender
from engine.ports.modem import StatusReport
from engine.supervision.failure import Failure
from engine.values import Instant

logger = logging.getLogger(__name__)

VALIDITY = timedelta(minutes=30)
GRACE = timedelta(minutes=10)
"""How long a report of a message's last moment may take to reach us."""
_DELIVERY = {
    "delivered": EffectState.DELIVERED,
    "failed": EffectState.UNDELIVERED,
}
_KEPT_MAX = 8
_DIGITS = 7


@dataclass(frozen=True, slots=True)
class _Sent:
    row: EffectRow
    number: str
    at: Instant


@dataclass(slots=True)
class Sent:
    """What one modem has sent of late, by TP-MR; the rows have what was before."""

    _sent: dict[str, deque[_Sent]] = field(default_factory=dict)
    _before: tuple[EffectRow, ...] | None = None

    def add(self, row: EffectRow, number: str, reference: str, at: Instant) -> None:
        """Remember a message that was accepted under this reference."""
        if reference:
            same = self._sent.setdefault(reference, deque(maxlen=_KEPT_MAX))
            same.append(_Sent(row, number, at))

    def find(self, reference: str, recipient: str, now: Instant) -> EffectRow | None:
        """Return the message that a report is about, None where it is not here."""
        for sent in reversed(self._sent.get(reference, ())):
            if _is_valid(sent.at, now) and same_number(sent.number, recipient):
                return sent.row
        return None

    def match(
        self, report: StatusReport, readers: ReaderLender, route: str, now: Instant
    ) -> EffectRow | None:
        """Return the message of this route that a report is about, from here or rows.

        The rows are looked at once, for what was sent before this instance began: they
        are many after some months, and whoever runs the network can send reports of
        what nobody has sent.
        """
        reference = str(report.reference)
        row = self.find(reference, report.recipient, now)
        if row is None:
            if self._before is None:
                self._before = _stored(readers, route, now)
            row = find_stored(self._before, reference, report.recipient, now)
        return row


def _stored(readers: ReaderLender, route: str, now: Instant) -> tuple[EffectRow, ...]:
    try:
        with readers.reader() as reader:
            accepted = reader.effects(frozenset({EffectState.ACCEPTED}))
    except JournalError as error:
        # A page of old rows that is damaged: each report would end the modem's actor.
        logger.error("earlier messages cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        return ()
    return tuple(
        row
        for row in accepted
        if row.route == route and _is_valid(row.changed_at or row.planned_at, now)
    )


def state_of(report: StatusReport) -> EffectState | None:
    """Return what a report makes of a message; None while it is on its way."""
    return _DELIVERY.get(report.outcome)


def find_stored(
    rows: Iterable[EffectRow], reference: str, recipient: str, now: Instant
) -> EffectRow | None:
    """Return the message of a report among one modem's stored effects."""
    mine = [
        row
        for row in rows
        if row.reference == reference
        and _is_valid(row.changed_at or row.planned_at, now)
        and same_number(_address(row), recipient)
    ]
    return max(mine, key=lambda row: row.changed_at or row.planned_at, default=None)


def _address(row: EffectRow) -> str:
    """Return to whom a row was sent; "" where that is damaged, which is no number.

    A report that lies in a store comes again at each start: failing at it, the modem
    would never send anything any more.
    """
    try:
        return decode_body(row.body).address
    except ValueError:
        return ""


def same_number(sent_to: str, reported: str) -> bool:
    """Compare by trailing digits: networks rewrite the prefix."""
    digits = "".join(char for char in sent_to if char.isdigit())
    theirs = "".join(char for char in reported if char.isdigit())
    length = min(len(digits), len(theirs), _DIGITS)
    return length > 0 and digits[-length:] == theirs[-length:]


def _is_valid(sent_at: Instant, now: Instant) -> bool:
    return now.since(sent_at) <= VALIDITY + GRACE

"""Which message a status report is about: by modem and TP-MR, then by number.

A modem counts its references round from 0 to 255, and networks rewrite numbers: the
newest message of that reference whose number ends alike is meant, and none that is
older than its validity.
"""

import logging
from collections import deque
from collections.abc import Iterable, Sequence
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
_TOGETHER = timedelta(minutes=1)
_KEPT_MAX = 8
_DIGITS = 7


@dataclass(frozen=True, slots=True)
class _Sent:
    rows: tuple[EffectRow, ...]
    number: str
    at: Instant


@dataclass(slots=True)
class Sent:
    """What one modem has sent of late, by TP-MR; the rows have what was before."""

    _sent: dict[str, deque[_Sent]] = field(default_factory=dict)
    _before: tuple[EffectRow, ...] | None = None

    def add(
        self, rows: Sequence[EffectRow], number: str, reference: str, at: Instant
    ) -> None:
        """Remember a message that was accepted under this reference."""
        if reference:
            same = self._sent.setdefault(reference, deque(maxlen=_KEPT_MAX))
            same.append(_Sent(tuple(rows), number, at))

    def find(
        self, reference: str, recipient: str, now: Instant
    ) -> tuple[EffectRow, ...]:
        """Return the rows of the message that a report is about; () where not here."""
        for sent in reversed(self._sent.get(reference, ())):
            if _is_valid(sent.at, now) and same_number(sent.number, recipient):
                return sent.rows
        return ()

    def match(
        self, report: StatusReport, readers: ReaderLender, route: str, now: Instant
    ) -> tuple[EffectRow, ...]:
        """Return the rows of the message of this route that a report is about.

        The rows are looked at once, for what was sent before this instance began: they
        are many after some months, and whoever runs the network can send reports of
        what nobody has sent.
        """
        reference = str(report.reference)
        rows = self.find(reference, report.recipient, now)
        if not rows:
            if self._before is None:
                self._before = _stored(readers, route, now)
            rows = find_stored(self._before, reference, report.recipient, now)
        return rows


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
) -> tuple[EffectRow, ...]:
    """Return the message of a report among one modem's stored effects.

    Its rows have changed together: no modem counts round its references so soon.
    """
    mine = [
        row
        for row in rows
        if row.reference == reference
        and _is_valid(row.changed_at or row.planned_at, now)
        and same_number(_address(row), recipient)
    ]
    newest = max(map(_changed, mine), default=now)
    return tuple(row for row in mine if newest.since(_changed(row)) < _TOGETHER)


def _changed(row: EffectRow) -> Instant:
    return row.changed_at or row.planned_at


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

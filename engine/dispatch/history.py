"""What earlier processes have taught of routes, from the journal's last rows."""

import logging

from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import EFFECT, SETTLED
from engine.dispatch.routes import RouteBook
from engine.errors import JournalError
from engine.ports.journal import EffectState, JournalReader, ReaderLender, StoredEvent
from engine.stored import read_plain
from engine.supervision.failure import Failure
from engine.values import EffectId, Instant

logger = logging.getLogger(__name__)

ROWS = 2_000
"""How far back a start looks; some hundred messages, some hundredths of a second."""
_REACHED = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})


def recall(book: RouteBook, readers: ReaderLender, now: Instant, now_s: float) -> None:
    """Remember what can be read: a damaged row of it must cost no start.

    Without it a route is tried that has failed before; without a start nobody is told.
    """
    try:
        with readers.reader() as reader:
            remember(book, reader, now, now_s)
    except (JournalError, ValueError, KeyError, TypeError) as error:
        logger.error("earlier outcomes cannot be read: %s", Failure.of(error))  # noqa: TRY400 - its text may quote the row


def remember(
    book: RouteBook, reader: JournalReader, now: Instant, now_s: float
) -> None:
    """Put successes and refusals of short messages into the book, oldest first."""
    for event in reader.after(max(0, reader.position() - ROWS), ROWS):
        if event.kind == SETTLED:
            age_s = max(0.0, now.since(event.at).total_seconds())
            _remember(book, reader, event, now_s - age_s)


def _remember(
    book: RouteBook, reader: JournalReader, event: StoredEvent, at_s: float
) -> None:
    settled = read_plain(event.body)
    state, route = EffectState(settled["state"]), str(settled["route"])
    has_failed = state is EffectState.REJECTED and bool(settled["retry"])
    if state not in _REACHED and not has_failed:
        return
    row = reader.effect(EffectId(event.stream.removeprefix(EFFECT)))
    if row is None or row.channel != "sms":
        return
    note = book.reached if state in _REACHED else book.failed
    note(route, decode_body(row.body).address, at_s)

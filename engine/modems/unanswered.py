"""Which message a late answer of the modem belongs to; or that nobody can say."""

import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.dispatch.attempts import Attempts
from engine.dispatch.outcomes import (
    ATTEMPTING,
    NEVER_SENT,
    effect_stream,
    outcome_of,
)
from engine.errors import JournalError
from engine.ports.clock import Clock
from engine.ports.journal import (
    EffectRow,
    EffectState,
    ReaderLender,
    StoredEvent,
)
from engine.ports.modem import ModemDriver
from engine.stored import read_plain
from engine.supervision.failure import Failure
from engine.values import Instant

logger = logging.getLogger(__name__)

LISTEN_S = 120.0
"""So long after the hand-over an answer may follow, by the port's word."""
BEHIND_S = 30.0
"""So long after it has come an answer may be read: a submit is in the way."""
KEPT_MAX = 16
_OPEN = frozenset({EffectState.ATTEMPTING, EffectState.UNKNOWN})


class _Kept(NamedTuple):
    until_s: float
    rows: tuple[EffectRow, ...]
    number: int


class Unanswered:
    """Messages that were handed over and not answered, oldest first.

    Answers come in the order of the messages. One that is never answered must not
    take the answer of the next for its own: it would show as sent.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._rows: deque[_Kept] = deque(maxlen=KEPT_MAX)

    def inherit(
        self,
        driver: ModemDriver,
        attempts: Attempts,
        readers: ReaderLender,
        route: str,
        clock: Clock,
    ) -> None:
        """Keep what an earlier instance handed over, by the numbers of their notes.

        A number is that which a message would have. Of those that were begun and never
        handed over it may have become another's, perhaps of one that no row tells of:
        none of them takes its answer. As long as it is the next one's it is nobody's
        yet, and stays so; the row of what has the next one may still be on its way.
        Where rows cannot be read nothing is kept: a page of old ones that is damaged
        must cost no modem, and late answers are nobody's then.
        """
        try:
            begun = _begun(readers, route, clock.now())
        except (JournalError, ValueError, KeyError) as error:
            logger.error("what is owed cannot be read: %s", Failure.of(error))  # noqa: TRY400 - its text may quote the row
            begun = []
        noted: dict[int, list[EffectRow]] = {}
        following = driver.next_number()
        for _, number, row in sorted(begun, key=lambda one: one[0]):
            if number >= following:
                attempts.note_unsent(row.effect_id)
            if not attempts.is_unsent(row.effect_id):
                noted.setdefault(number, []).append(row)
        driver.pass_over(max((following, *(number for _, number, _ in begun))))
        for number in driver.owed():
            if number in noted:
                self.add(noted[number], clock.boottime_s(), 0.0, number)

    def add(
        self,
        rows: Sequence[EffectRow],
        now_s: float,
        waited_s: float,
        number: int = 0,
    ) -> None:
        """Keep a message that was waited for in vain for so long.

        Without rows it is one that none tells of: its late answer is nobody's.
        """
        self._rows.append(_Kept(now_s + LISTEN_S - waited_s, tuple(rows), number))

    def take(self, now_s: float, number: int = 0) -> tuple[EffectRow, ...]:
        """Return whose answer one that is read now is; nobody's where that is open.

        It is that message's which the driver names by its number.
        """
        while self._rows and self._rows[0].until_s + BEHIND_S < now_s:
            self._rows.popleft()
        if number:
            named = [kept for kept in self._rows if kept.number == number]
            for kept in named:
                self._rows.remove(kept)
            return named[0].rows if named else ()
        if not self._rows:
            return ()
        until_s, rows, _ = self._rows.popleft()
        # Past its time it may still be its answer, read late; or the next one's.
        return rows if now_s <= until_s else ()


def _begun(
    readers: ReaderLender, route: str, now: Instant
) -> list[tuple[int, int, EffectRow]]:
    """Return what a route has begun of late: where it stands, its number, its row.

    A row changes as well when a start settles what an earlier process had under way:
    only its attempt says whether its number may still be its own.
    """
    with readers.reader() as reader:
        rows = _recent(reader.effects(_OPEN), route, now)
        streams = [reader.stream(effect_stream(row.effect_id)) for row in rows]
    return [
        (begun.position, _number(begun), row)
        for events, row in zip(streams, rows, strict=True)
        if (begun := _attempt(events)) is not None
        and _is_recent(begun.at, now)
        and outcome_of(events) != NEVER_SENT
    ]


def note_of(number: int, text: str) -> Mapping[str, object]:
    """Return what to note with an attempt: its message's number, and what it says.

    The number is that which the message would have; a call says nothing.
    """
    return {"number": number, "text": text} if text else {"number": number}


def _recent(rows: Iterable[EffectRow], route: str, now: Instant) -> list[EffectRow]:
    """Return the messages of a route that may be answered."""
    return [
        row
        for row in rows
        if (row.route, row.channel) == (route, "sms")
        and row.changed_at is not None
        and _is_recent(row.changed_at, now)
    ]


def _is_recent(at: Instant, now: Instant) -> bool:
    return now.since(at).total_seconds() < LISTEN_S


def _attempt(events: Sequence[StoredEvent]) -> StoredEvent | None:
    """Return the latest attempt; None where no row tells of one."""
    begun = (row for row in events if row.kind == ATTEMPTING)
    return max(begun, key=lambda row: row.position, default=None)


def _number(begun: StoredEvent) -> int:
    """Return the number that was noted with an attempt; 0 without."""
    return int(read_plain(begun.body).get("number", 0))

"""Effects in some states, as far as the journal can be read.

A page that is damaged must not keep all that lies elsewhere from being sent: it costs
the alarms that have an effect on it, and no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from engine.errors import JournalError
from engine.health import Health
from engine.ports.journal import (
    EffectRow,
    EffectState,
    HeadRow,
    JournalReader,
    ReaderLender,
)
from engine.ports.measures import DegradedReason
from engine.supervision.failure import Failure

logger = logging.getLogger(__name__)

OWNERS: Final = ("alarm/", "check-in/", "order/")
"""The streams that plan effects."""


def _unsaid(_stream: str) -> None:
    """Say nothing: another one of the process does."""


def shown_by(health: Health) -> Callable[[str], None]:
    """Return what has HQ see whose effects cannot be read, and so are not sent."""
    still = DegradedReason.ALARM_STANDING_STILL
    return lambda stream: health.report(
        still, stream.removeprefix("alarm/"), wrong=True
    )


@dataclass(slots=True)
class Legible:
    """Reads effects; one thread's. What cannot be read is logged once.

    `unread` is told once of each open owner of some: what waits for it is not sent, and
    whoever looks at its own rows alone would not know.
    """

    readers: ReaderLender
    unread: Callable[[str], None] = _unsaid
    _is_damaged: bool = False
    _told: set[str] = field(default_factory=set)

    def effects(self, states: frozenset[EffectState]) -> Sequence[EffectRow]:
        """Return effects in these states, by rank, then age; those that can be read.

        Raises:
            JournalError: not even whose effects there are can be read.

        """
        try:
            with self.readers.reader() as reader:
                found = reader.effects(states)
        except JournalError as error:
            if not self._is_damaged:
                logger.error("some effects cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
            self._is_damaged = True
        else:
            self._is_damaged = False
            return found
        with self.readers.reader() as reader:
            owners = chain.from_iterable(
                reader.heads(prefix, open_only=False) for prefix in OWNERS
            )
            found = [row for one in owners for row in self._of(reader, states, one)]
        return sorted(found, key=lambda row: (row.rank, row.planned_at, row.effect_id))

    def _of(
        self, reader: JournalReader, states: frozenset[EffectState], owner: HeadRow
    ) -> Sequence[EffectRow]:
        try:
            return reader.effects(states, owner.stream)
        except JournalError:
            if owner.head.is_open and owner.stream not in self._told:
                self._told.add(owner.stream)
                self.unread(owner.stream)
            return ()

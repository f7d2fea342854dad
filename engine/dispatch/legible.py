"""Effects in some states, as far as the journal can be read.

A page that is damaged must not keep all that lies elsewhere from being sent: it costs
the alarms that have an effect on it, and no other.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from engine.errors import JournalError
from engine.ports.journal import EffectRow, EffectState, JournalReader, ReaderLender
from engine.supervision.failure import Failure

logger = logging.getLogger(__name__)

OWNERS: Final = ("alarm/", "check-in/", "order/")
"""The streams that plan effects."""


@dataclass(slots=True)
class Legible:
    """Reads effects; one thread's. What cannot be read is logged once."""

    readers: ReaderLender
    _is_damaged: bool = False

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
            found = [
                row for owner in owners for row in _of(reader, states, owner.stream)
            ]
        return sorted(found, key=lambda row: (row.rank, row.planned_at, row.effect_id))


def _of(
    reader: JournalReader, states: frozenset[EffectState], stream: str
) -> Sequence[EffectRow]:
    try:
        return reader.effects(states, stream)
    except JournalError:
        return ()

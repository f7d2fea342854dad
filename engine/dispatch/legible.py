"""Effects in some states, as far as the journal can be read.

A page that is damaged must not keep all that lies elsewhere from being sent: it costs
the alarms that have an effect on it, and no other.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from engine.errors import JournalError
from engine.health import Health
from engine.ports.journal import EffectRow, EffectState, ReaderLender
from engine.ports.measures import DegradedReason
from engine.supervision.failure import Failure

logger = logging.getLogger(__name__)

OWNERS: Final = ("alarm/", "check-in/", "order/")
"""The streams that plan effects."""


def _unsaid(_streams: frozenset[str]) -> None:
    """Say nothing: another one of the process does."""


@dataclass(slots=True)
class Shown:
    """Has HQ see whose effects cannot be read, and so are not sent, while it is so.

    Under a name of its own: an alarm's actor takes back what stands under its id as
    soon as it has read its rows, which are on another page. Whose timer it is, or
    which device's order, is said to nobody: readiness is told without a sign-in.
    """

    health: Health
    _names: frozenset[str] = frozenset()

    def __call__(self, streams: frozenset[str]) -> None:
        """Take all of whom there are such effects."""
        names = frozenset(map(_named, streams))
        for name in names ^ self._names:
            still = DegradedReason.ALARM_STANDING_STILL
            self.health.report(still, name, wrong=name in names)
        self._names = names


def _named(stream: str) -> str:
    kind, _, owner = stream.partition("/")
    return f"{owner if kind == 'alarm' else kind} with its messages"


@dataclass(slots=True)
class Legible:
    """Reads effects; one thread's. What cannot be read is logged once.

    `unread` is told at each look which open owners have some: what waits for them is
    not sent, and whoever looks at their own rows alone would not know.
    """

    readers: ReaderLender
    unread: Callable[[frozenset[str]], None] = _unsaid
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
            self.unread(frozenset())
            return found
        legible: list[EffectRow] = []
        unread: set[str] = set()
        with self.readers.reader() as reader:
            owners = chain.from_iterable(
                reader.heads(prefix, open_only=False) for prefix in OWNERS
            )
            for owner in owners:
                try:
                    legible += reader.effects(states, owner.stream)
                except JournalError:
                    if owner.head.is_open:
                        unread.add(owner.stream)
        self.unread(frozenset(unread))
        return sorted(
            legible, key=lambda row: (row.rank, row.planned_at, row.effect_id)
        )

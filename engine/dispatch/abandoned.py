"""Attempts that a process, or its routes, left under way: settled as unknown."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from engine.dispatch.outcomes import ABANDONED, Settled, unknown_append
from engine.ports.journal import (
    Answer,
    Appended,
    EffectRow,
    EffectState,
    JournalAccess,
    Unknown,
)
from engine.ports.telemetry import Telemetry

Uncounted = Callable[[str, EffectState], None]
"""Gets channel and state of what no attempt has shown: nobody else counts it."""


def counted_in(telemetry: Telemetry) -> Uncounted:
    """Return what counts how an effect of a channel ended that no attempt has shown."""
    return lambda channel, state: telemetry.count(
        "deliveries_total", channel=channel, outcome=state.value
    )


@dataclass(slots=True)
class Abandoned:
    """Settles them until the journal says what they are; `settled` is told of each.

    A route that is still configured does the same for its own. One that is not has
    nobody else: what the journal does not answer would wait for the next start.
    """

    journal: JournalAccess
    settled: Callable[[Settled], None]
    uncounted: Uncounted
    """Gets each, in the journal's thread as `settled` is called."""
    _rows: deque[EffectRow] = field(default_factory=deque)

    def settle(self, rows: Iterable[EffectRow] = ()) -> None:
        """Settle these, and what the journal has not answered before."""
        asked = [*rows]
        while self._rows:
            asked.append(self._rows.popleft())
        for row in asked:
            append = unknown_append(row, self.journal.epoch)
            self.journal.submit(append, self._answered(row))

    def _answered(self, row: EffectRow) -> Callable[[Answer], None]:
        """Return what takes the journal's answer, in its thread."""

        def answered(answer: Answer) -> None:
            if isinstance(answer, Unknown):
                self._rows.append(row)
            elif isinstance(answer, Appended):
                self.settled(
                    Settled(
                        alarm=row.alarm,
                        effect=row.effect_id,
                        attempt=row.attempt,
                        route=row.route,
                        outcome=ABANDONED,
                    )
                )
                if not answer.repeated:
                    self.uncounted(row.channel, ABANDONED.state)

        return answered

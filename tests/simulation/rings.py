"""Which modems ring, and what waits meanwhile: I11."""

from collections.abc import Iterable, Iterator, Mapping

from engine.dispatch.queue import RANK_ANSWER, RANK_CALL
from engine.ports.journal import Append, EffectRow, EffectState
from engine.values import EffectId

GIVES_WAY_S = 0.5
"""An alarm's message ends a ring within 50 ms; its hint takes a moment to come."""


class Rings:
    """Remembers what was planned while each modem rang; times are the world's."""

    def __init__(self) -> None:
        self._since_s: dict[str, float] = {}
        self._planned_s: dict[EffectId, float] = {}

    def began(self, route: str, now_s: float) -> None:
        """Note that a telephone rings."""
        self._since_s[route] = now_s

    def planned(self, append: Append, now_s: float) -> None:
        """Note the messages for which no telephone may ring on."""
        if self._since_s:
            self._planned_s |= {
                row.effect_id: now_s for row in append.plans if _is_urgent(row)
            }

    def over(
        self,
        route: str,
        now_s: float,
        there: Iterable[str],
        unsettled: Mapping[EffectId, EffectRow],
    ) -> Iterator[float]:
        """Yield since when each message waited that every modem has let wait.

        Of one that is in no row any more, or begun, another modem has taken care.
        """
        since_s = [self._since_s.get(one, now_s) for one in {route, *there}]
        for effect, planned_s in self._planned_s.items():
            row = unsettled.get(effect)
            is_waiting = row is not None and row.state is EffectState.PLANNED
            if is_waiting and max(since_s) <= planned_s < now_s - GIVES_WAY_S:
                yield planned_s
        del self._since_s[route]
        if not self._since_s:
            self._planned_s.clear()


def _is_urgent(row: EffectRow) -> bool:
    is_first = row.channel == "sms" and not row.avoid_route
    return is_first and RANK_ANSWER < row.rank < RANK_CALL

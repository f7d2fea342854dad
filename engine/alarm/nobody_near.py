"""Whether somebody near could be told, and what the protocol does next. Pure."""

from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.protocol.model import Audience

NEAR_M = 100_000.0
_FAILED = frozenset(
    {EffectState.REJECTED, EffectState.UNDELIVERED, EffectState.EXPIRED}
)


def is_nobody_near(alarm: Alarm) -> bool:
    """Say whether a search has run, and nobody within `NEAR_M` could be told."""
    searches = {s.id for s in alarm.protocol.steps if s.to is Audience.NEAREST}
    if searches.isdisjoint(alarm.fired):
        return False
    failed: dict[str, bool] = {}
    for effect in alarm.effects.values():
        if effect.step in searches:
            waits_again = effect.state is EffectState.PLANNED and effect.repeat > 0
            is_failed = effect.state in _FAILED or waits_again
            failed[effect.person] = failed.get(effect.person, True) and is_failed
    return not any(
        told.audience is Audience.NEAREST
        and told.distance_m is not None
        and told.distance_m <= NEAR_M
        and not failed.get(told.person, False)
        for told in alarm.told.values()
    )

"""A voice call that wakes somebody: rung, hung up, and never let stand in the way."""

from collections.abc import Callable

from engine.dispatch.outcomes import Outcome
from engine.ports.journal import EffectState
from engine.ports.modem import ModemDriver

RING_S = 20.0


class HurryError(Exception):
    """Something more urgent waits than a telephone that rings."""


def call(
    driver: ModemDriver,
    number: str,
    beat: Callable[[], None],
    between: Callable[[], None],
) -> Outcome:
    """Let a telephone ring; `between` may raise `HurryError` to end it.

    Raises:
        ModemError: the modem was lost.

    """
    try:
        rang = driver.ring(number, seconds=RING_S, beat=beat, between=between)
    except HurryError:
        return Outcome(state=EffectState.ACCEPTED, reason="rang, cut short")
    except ValueError:
        return Outcome(state=EffectState.REJECTED, reason="no number to dial")
    if rang:
        return Outcome(state=EffectState.ACCEPTED, reason="rang")
    return Outcome(state=EffectState.REJECTED, reason="call refused", retry=True)

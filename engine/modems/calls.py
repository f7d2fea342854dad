"""A voice call that wakes somebody: rung, hung up, and never let stand in the way."""

from collections.abc import Callable

from engine.dispatch.outcomes import Outcome
from engine.ports.journal import EffectState
from engine.ports.modem import ModemDriver, RingResult

RING_S = 15.0
_HAS_RUNG = frozenset({RingResult.RANG, RingResult.CUT_SHORT})
_GAVE_WAY = frozenset({RingResult.UNHEARD, RingResult.UNDIALLED})
_NOT_DIALLED = frozenset({RingResult.REFUSED, RingResult.UNDIALLED})


def call(
    driver: ModemDriver,
    number: str,
    beat: Callable[[], None],
    between: Callable[[], None],
    gives_way: Callable[[], bool],
) -> Outcome:
    """Let a telephone ring, for as long as nothing more urgent waits.

    Raises:
        ModemError: the modem was lost.

    """
    try:
        ended = driver.ring(
            number, seconds=RING_S, beat=beat, between=between, gives_way=gives_way
        )
    except ValueError:
        return Outcome(state=EffectState.REJECTED, reason="no number to dial")
    if ended in _HAS_RUNG:
        return Outcome(state=EffectState.ACCEPTED, reason=ended.value)
    return Outcome(state=EffectState.REJECTED, reason=ended.value, retry=True)


def gave_way(outcome: Outcome) -> bool:
    """Say whether a call was called off before it rang: nobody has refused it."""
    return outcome.reason in _GAVE_WAY


def was_dialled(outcome: Outcome) -> bool:
    """Say whether the network has dialled: else the telephone may be rung at once."""
    return outcome.reason not in _NOT_DIALLED

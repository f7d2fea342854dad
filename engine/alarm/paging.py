"""What paging is for once somebody at HQ has it: each officer hears of it once. Pure.

One acknowledgement does not silence the others: whoever has not been paged since HQ was
last asked for still is. What asks the same person again, and a telephone that rings
beside a message of the same, were there because nobody came.
"""

from engine.alarm.effects import Effect
from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Condition
from engine.values import EffectId

CALL = "call"
_SENT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})


def needless_pages(alarm: Alarm) -> tuple[EffectId, ...]:
    """Return which waiting pages lose their reason when somebody acknowledges."""
    escalating = {
        step.id
        for step in alarm.protocol.steps
        if step.to is Audience.DUTY and Condition.ACKNOWLEDGED in step.stopped_by
    }
    pages = [one for one in alarm.effects.values() if one.step in escalating]
    waiting = [one for one in pages if one.state is EffectState.PLANNED]
    if not waiting:
        return ()
    told = {one.person for one in pages if _has_told(alarm, one)}
    written = {one.person for one in waiting if one.channel != CALL}
    return tuple(
        one.effect
        for one in waiting
        if one.person in told or (one.channel == CALL and one.person in written)
    )


def _has_told(alarm: Alarm, page: Effect) -> bool:
    """Say whether a page is known to have gone out, and is of what HQ has to see now.

    Nobody knows who heard a telephone that rang.
    """
    is_of_now = page.planned_at >= alarm.urgent_since
    return is_of_now and page.state in _SENT and page.channel != CALL

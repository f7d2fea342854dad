"""Of whom an alarm that was found false asks nothing any more. Pure.

Colleagues and contacts who have not been told need not come. One voice must not
silence them all the same: it takes no fewer people than an end would, and whatever
speaks against it has them told at once.
"""

from collections.abc import Iterator

from engine.alarm.effects import Effect
from engine.alarm.events import NotificationsWithdrawn
from engine.alarm.played import is_played_out
from engine.alarm.safety import safe_names
from engine.alarm.state import Alarm
from engine.alarm.verdicts import is_found_false
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import Instant

CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})


def is_let_be(alarm: Alarm) -> bool:
    """Say whether it was found false, since it was opened, and nothing contradicts.

    Of an exercise one operator's word is enough: nobody is in need.
    """
    if is_played_out(alarm):
        return True
    if not is_found_false(alarm) or alarm.danger_at is not None:
        return False
    needs = alarm.protocol.all_clear_needs
    return needs <= 1 or len(safe_names(alarm, as_seen=False)) >= needs


def is_needless(alarm: Alarm, effect: Effect) -> bool:
    """Say whether a message calls somebody to what was found false since.

    What an action protocol plans after the verdict, it means.
    """
    if effect.audience not in CALLED or not is_let_be(alarm):
        return False
    return alarm.verified is not None and effect.planned_at <= alarm.verified.at


def takes_back(alarm: Alarm, now: Instant) -> Iterator[NotificationsWithdrawn]:
    """Yield that what waits to call colleagues and contacts is taken back."""
    if not alarm.is_open or not is_let_be(alarm):
        return
    gone = tuple(
        effect.effect
        for effect in alarm.effects.values()
        if effect.state is EffectState.PLANNED and is_needless(alarm, effect)
    )
    if gone:
        yield NotificationsWithdrawn(at=now, effects=gone)

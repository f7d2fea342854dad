"""Whether notifications are taken back for a reason (I3)."""

from collections.abc import Sequence

from engine.alarm.effects import Effect
from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmReopened,
    AlarmVerified,
    NotificationsWithdrawn,
)
from engine.alarm.state import Alarm, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Audience

_TOLD = frozenset(
    {
        EffectState.PLANNED,
        EffectState.ATTEMPTING,
        EffectState.ACCEPTED,
        EffectState.DELIVERED,
    }
)


def is_for_no_reason(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether something is taken back that has its reason still.

    An acknowledgement silences nobody: each page that it takes back was for somebody
    whom another one tells, or has told.
    """
    gone = {
        effect
        for event in events
        if isinstance(event, NotificationsWithdrawn)
        for effect in event.effects
    }
    if not gone or any(_is_reason(event) for event in events):
        return False
    if not any(isinstance(event, AlarmAcknowledged) for event in events):
        return True
    pages = [e for e in alarm.effects.values() if e.audience is Audience.DUTY]
    told = {page.person for page in pages if _tells(page)}
    taken_back = {page.person for page in pages if page.effect in gone}
    return not gone <= {page.effect for page in pages} or not taken_back <= told


def _is_reason(event: AlarmEvent) -> bool:
    if isinstance(event, AlarmVerified):
        return event.truth is Truth.FALSE
    return isinstance(event, AlarmClosed | AlarmReopened)


def _tells(page: Effect) -> bool:
    return page.state in _TOLD and page.channel != "call"

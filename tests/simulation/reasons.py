"""Whether notifications are taken back for a reason (I3)."""

from collections.abc import Sequence

from engine.alarm.case_events import PeopleLeftOut
from engine.alarm.effects import Effect
from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmReopened,
    AlarmVerified,
    NotificationsWithdrawn,
    VerdictGiven,
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
    whom another one tells, or has told. Nor does a false verdict under force.
    """
    if any(isinstance(event, AlarmClosed | AlarmReopened) for event in events):
        return False
    gone = [
        alarm.effects[effect]
        for event in events
        if isinstance(event, NotificationsWithdrawn)
        for effect in event.effects
    ]
    left_out = {
        one.person
        for event in events
        if isinstance(event, PeopleLeftOut)
        for one in event.people
    }
    return any(
        one.person not in left_out and not _has_lost_its_reason(alarm, one, events)
        for one in gone
    )


def _has_lost_its_reason(
    alarm: Alarm, gone: Effect, events: Sequence[AlarmEvent]
) -> bool:
    match gone.audience:
        case Audience.NEAREST | Audience.CONTACTS:
            return alarm.truth is Truth.FALSE and alarm.danger_at is None
        case Audience.PUBLIC:
            said = (e for e in events if isinstance(e, AlarmVerified | VerdictGiven))
            return any(one.truth is Truth.FALSE for one in said)
        case Audience.DUTY:
            taken = any(isinstance(event, AlarmAcknowledged) for event in events)
            pages = alarm.effects.values()
            return taken and any(
                _tells(one) and one.person == gone.person for one in pages
            )
        case Audience.DEFENDER:
            return alarm.seen.detained  # others may have the telephone
        case _:
            return False


def _tells(page: Effect) -> bool:
    is_page = page.audience is Audience.DUTY
    return is_page and page.state in _TOLD and page.channel != "call"

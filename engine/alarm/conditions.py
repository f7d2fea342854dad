"""Whether a step of an alarm may run just now: pure."""

from collections.abc import Callable

from engine.alarm.nobody_near import is_nobody_near
from engine.alarm.played import is_played_out
from engine.alarm.state import Alarm, Ask, Kind, Truth
from engine.alarm.verdicts import is_found_false
from engine.protocol.model import AFTER_CARE, Audience, Condition, Step

_PLAYED = frozenset({Kind.EXERCISE, Kind.TEST})
_DEFENDER, _TOLD, _PUBLIC = Audience.DEFENDER, Audience.TOLD, Audience.PUBLIC
_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})


def holds(alarm: Alarm, condition: Condition) -> bool:
    """Answer a condition from what has been journalled."""
    return _HOLDS[condition](alarm)


_HOLDS: dict[Condition, Callable[[Alarm], bool]] = {
    Condition.ACKNOWLEDGED: lambda alarm: alarm.acknowledged is not None,
    # An officer who comes to the console comes to nobody's help.
    Condition.SOMEBODY_COMING: lambda alarm: any(
        told.is_coming
        and told.audience in _CALLED
        and told.person not in alarm.left_out
        for told in alarm.told.values()
    ),
    Condition.CONFIRMED_SOURCE: lambda alarm: alarm.confirmed_source,
    Condition.VERIFIED: lambda alarm: alarm.truth is Truth.VERIFIED,
    Condition.REAL: lambda alarm: alarm.truth in {Truth.VERIFIED, Truth.PRESUMED},
    Condition.DISPUTED: lambda alarm: alarm.ask is Ask.DISPUTED,
    Condition.SAFE_CONFIRMED: lambda alarm: alarm.safe_confirmed is not None,
    Condition.FALSE: is_found_false,
    Condition.CONSENTED: lambda alarm: alarm.consented,
    Condition.APPROVED: lambda alarm: alarm.approved is not None,
}


def may_run(alarm: Alarm, step: Step) -> bool:
    """Say whether what has happened lets a step run, whenever it may be due."""
    to = step.to
    if to is _DEFENDER:
        ended = alarm.seen.closed is not None
        stopped = bool(step.stopped_by) and alarm.seen.confirmed is not None
        is_due = alarm.protocol.begins_at_close(step) == ended and not stopped
        is_theirs = not alarm.seen.detained  # which only an end makes them
        return is_due and is_theirs and not _is_needless(alarm, step)
    is_open = alarm.is_open
    if alarm.protocol.begins_at_close(step) is is_open or _is_needless(alarm, step):
        return False
    if to is _TOLD and (is_open or alarm.merged_into is not None):
        return False  # it goes on, here or elsewhere: they hear of the end from there
    if to in _CALLED and (_is_held_back(alarm) or is_played_out(alarm)):
        return False
    if to is _PUBLIC and (alarm.ask is not None or _is_of_another(alarm, step)):
        return False
    for condition in step.requires:
        if not holds(alarm, condition):
            return False
    for condition in step.stopped_by:  # noqa: SIM110 - asked for each step each time
        if holds(alarm, condition):
            return False
    return True


def _is_of_another(alarm: Alarm, step: Step) -> bool:
    """Say whether another public text was approved than a step's."""
    return alarm.approved is not None and alarm.approved.template != step.text


def _is_needless(alarm: Alarm, step: Step) -> bool:
    """Say whether a step asks for weeks after an end that was played.

    Or is the engine's own, and somebody near could be told.
    """
    if step is alarm.protocol.nobody_near:
        return not is_nobody_near(alarm)
    return step.text in AFTER_CARE and alarm.kind in _PLAYED


def _is_held_back(alarm: Alarm) -> bool:
    """Say whether colleagues and contacts wait for a person's word, or for a quorum.

    Silence is no word: a stranger who claims to be a defender would only have to wait
    until the alarm is presumed real to have everybody nearby called to a place of
    their choice. Who has called their own alarm off in its countdown is no stranger.
    """
    if holds(alarm, Condition.VERIFIED):
        return False
    waits = alarm.called_off or alarm.again.is_held
    presumed = holds(alarm, Condition.REAL)
    return not alarm.trusted_source or (waits and not presumed)

"""Whether what happens is what a file has agreed on (I3, I5, I13). Pure.

Nothing here asks the engine's own rules: who decides for the world and when, how many
of the nearest are called, who takes the place of those who decline, and how long all
wait for a mistake to be called off.
"""

from collections.abc import Iterator, Sequence
from math import inf

from engine.alarm.conditions import holds
from engine.alarm.events import (
    AlarmEvent,
    AlarmRaised,
    NotificationPlanned,
    NotificationSettled,
    RecipientsChosen,
)
from engine.alarm.force import BY_MISTAKE
from engine.alarm.state import Alarm, Force, Kind, ReplyKind, Told, Truth
from engine.protocol.model import Audience, Start, Step
from engine.values import EffectId, StepId
from tests.simulation.reasons import is_for_no_reason
from tests.simulation.told import is_left_out

FLOOD_S = 10.0
_WAIT = frozenset({Audience.NEAREST, Audience.CONTACTS})


def breaks(alarm: Alarm, events: Sequence[AlarmEvent]) -> Iterator[tuple[str, str]]:
    """Yield which invariants the facts of one commit break, and how.

    Args:
        alarm: with them.
        events: of the commit.

    """
    # What was heard before there were rows is gone on with by the look behind them.
    is_from_memory = any(isinstance(event, AlarmRaised) for event in events)
    if not is_from_memory and is_unreplaced(alarm, events):
        yield "I13", "somebody declined, and nobody was looked for in their place"
    if all(isinstance(event, NotificationSettled) for event in events):
        return  # as most commits: nobody is chosen, called or left alone by that
    if is_left_out(alarm, events):
        yield "I3", "chosen, and no notification planned"
    if is_for_no_reason(alarm, events):
        yield "I3", "notifications taken back for no reason"
    if is_crowded(alarm, events):
        yield "I13", "more of the nearest are called than the file says"
    if is_too_soon(alarm, events):
        yield "I13", "people are called before the countdown is over"


def may_be_public(alarm: Alarm, effect: EffectId) -> bool:
    """Say whether the world may read a post: agreed, verified, approved, and late."""
    verified, approved, rule = (
        alarm.verified,
        alarm.approved,
        alarm.protocol.publication,
    )
    if verified is None or approved is None or verified.by == approved.by:
        return False
    if alarm.truth is not Truth.VERIFIED or not alarm.consented:
        return False
    if rule.decider not in {None, approved.by}:
        return False
    return alarm.effects[effect].planned_at >= approved.at.plus(rule.delay)


def is_crowded(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether colleagues were called to a place where enough are called."""
    is_called = any(
        isinstance(event, RecipientsChosen)
        and event.audience is Audience.NEAREST
        and event.chosen
        for event in events
    )
    return is_called and _room(alarm) < 0


def is_too_soon(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether people hear of a press that can still be called off."""
    if alarm.press_count > 1 or Force.SECOND_SIGNAL in alarm.force:
        return False
    (press,) = alarm.presses
    if press.late or not BY_MISTAKE.issuperset(press.signals):
        return False
    over = alarm.opened_at.plus(alarm.protocol.countdown)
    return any(
        isinstance(event, NotificationPlanned)
        and event.audience in _WAIT
        and event.at < over
        and not _was_called_before(alarm, event)
        and not _is_of_force(alarm, event.step)
        for event in events
    )


def _was_called_before(alarm: Alarm, event: NotificationPlanned) -> bool:
    """Say whether somebody had been called before HQ opened it again.

    They hear of that at once, and go on up their ladder.
    """
    return any(
        effect.person == event.person
        and effect.step == event.step
        and effect.planned_at < alarm.opened_at
        for effect in alarm.effects.values()
    )


def is_unreplaced(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether a step has not looked for as many as have declined.

    Every commit looks, but while the searches of a flood are held. Who was called for
    a case that was merged into it counts as well: then there may be more than the file
    says, and no room for another.
    """
    since_s = events[-1].at.since(alarm.opened_at).total_seconds() if events else 0.0
    if since_s < FLOOD_S or not _calls(alarm) or _room(alarm) <= 0:
        return False
    declined = [one for one in _asked(alarm) if one.reply is ReplyKind.CANNOT]
    looked_for = sum(fired.replaced for fired in alarm.fired.values())
    return len(declined) > looked_for and any(
        step.replaces_declined
        and step.id in alarm.fired
        and all(holds(alarm, one) for one in step.requires)
        and not any(holds(alarm, one) for one in step.stopped_by)
        for step in alarm.protocol.steps
    )


def _calls(alarm: Alarm) -> bool:
    is_real = alarm.kind is Kind.REAL and alarm.truth is not Truth.FALSE
    is_meant = alarm.trusted_source and not alarm.called_off
    return alarm.is_open and is_real and is_meant


def _asked(alarm: Alarm) -> list[Told]:
    nearest = Audience.NEAREST
    return [
        told
        for told in alarm.told.values()
        if told.audience is nearest and not told.ended
    ]


def _room(alarm: Alarm) -> float:
    """Return how many more of the nearest may be called; below 0: too many are."""
    if alarm.protocol.crowd_max is None:
        return inf
    waited_for = [one for one in _asked(alarm) if one.reply is not ReplyKind.CANNOT]
    return alarm.protocol.crowd_max - len(waited_for)


def _is_of_force(alarm: Alarm, step_id: StepId) -> bool:
    """Say whether a step, or the one that it follows, begins with a sign of force."""
    step: Step | None = alarm.protocol.step(step_id)
    while step is not None and step.after != Start.DURESS:
        step = alarm.protocol.step(StepId(step.after))
    return step is not None

"""Whether what happens is what a file has agreed on (I3, I5, I13). Pure.

Nothing here asks the engine's own rules: who decides for the world and when, how many
of the nearest are called, and how long they wait for a mistake to be called off.
"""

from collections.abc import Iterator, Sequence

from engine.alarm.events import AlarmEvent, NotificationPlanned, RecipientsChosen
from engine.alarm.force import BY_MISTAKE
from engine.alarm.state import Alarm, Force, ReplyKind, Truth
from engine.protocol.model import Audience, Start, Step
from engine.values import EffectId, StepId
from tests.simulation.reasons import is_for_no_reason
from tests.simulation.told import is_left_out

_WAIT = frozenset({Audience.NEAREST, Audience.CONTACTS})


def breaks(alarm: Alarm, events: Sequence[AlarmEvent]) -> Iterator[tuple[str, str]]:
    """Yield which invariants the facts of one commit break, and how.

    Args:
        alarm: with them.
        events: of the commit.

    """
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
    most = alarm.protocol.crowd_max
    is_called = any(
        isinstance(event, RecipientsChosen)
        and event.audience is Audience.NEAREST
        and event.chosen
        for event in events
    )
    if most is None or not is_called:
        return False
    waited_for = [
        told
        for told in alarm.told.values()
        if told.audience is Audience.NEAREST
        and not told.ended
        and told.reply is not ReplyKind.CANNOT
    ]
    return len(waited_for) > most


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
        and not _is_of_force(alarm, event.step)
        for event in events
    )


def _is_of_force(alarm: Alarm, step_id: StepId) -> bool:
    """Say whether a step, or the one that it follows, begins with a sign of force."""
    step: Step | None = alarm.protocol.step(step_id)
    while step is not None and step.after != Start.DURESS:
        step = alarm.protocol.step(StepId(step.after))
    return step is not None

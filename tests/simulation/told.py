"""Whether everybody is told who is to be told (I3)."""

from collections.abc import Sequence

from engine.alarm.conditions import holds
from engine.alarm.effects import Effect
from engine.alarm.events import AlarmEvent, NotificationPlanned, RecipientsChosen
from engine.alarm.found_false import is_needless
from engine.alarm.state import Alarm
from engine.ports.journal import EffectState
from engine.protocol.model import Audience

_SENT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_CHOSEN = frozenset({Audience.NEAREST, Audience.HQ, Audience.DUTY})


def is_left_out(alarm: Alarm, events: Sequence[AlarmEvent]) -> bool:
    """Say whether somebody was chosen just now for whom nothing is planned."""
    planned = {e.person for e in events if isinstance(e, NotificationPlanned)}
    waiting = {
        (effect.step, effect.person)
        for effect in alarm.effects.values()
        if effect.state is EffectState.PLANNED
    }
    return any(
        one.person not in planned and (event.step, one.person) not in waiting
        for event in events
        if isinstance(event, RecipientsChosen) and event.audience in _CHOSEN
        for one in event.chosen
    )


def has_given_up(alarm: Alarm) -> bool:
    """Say whether somebody was never told by a case that is open, and none tries it.

    Each chain of a notification and its repeats has an end that may be.
    """
    if alarm.closed is not None:
        return False
    chains: dict[str, Effect] = {}
    for effect in alarm.effects.values():
        if effect.audience is Audience.NEAREST:
            chains[effect.effect.rpartition(".")[0]] = effect
    return not all(_may_end(alarm, last) for last in chains.values())


def _may_end(alarm: Alarm, last: Effect) -> bool:
    step = alarm.protocol.step(last.step)
    if step is None or last.state in _SENT or last.repeat >= step.repeats:
        return True
    if last.state is EffectState.REJECTED and not last.retry:
        return True
    stopped = any(holds(alarm, condition) for condition in step.stopped_by)
    return stopped or is_needless(alarm, last)

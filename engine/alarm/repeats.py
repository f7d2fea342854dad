"""When a notification that has failed is sent again: pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from engine.alarm.conditions import may_run
from engine.alarm.effects import Effect
from engine.alarm.force import has_opened
from engine.alarm.found_false import is_needless
from engine.alarm.left_out import is_cut_off
from engine.alarm.state import Alarm
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import Audience, Step
from engine.values import Instant, StepId

RETRY_FIRST = timedelta(seconds=5)
RETRY_MAX = timedelta(minutes=5)
MOST = 12
"""So often one that may have arrived is repeated, over half an hour; HQ's own, in an
open case, until somebody there acknowledges, or does anything in it after that."""
MOST_SAID = 2
"""So often where a network has said that it was not delivered, and to the defender,
whose telephone others may have."""
POST_FIRST = timedelta(minutes=5)
POST_MAX = timedelta(hours=1)
_MAY_BE = frozenset({EffectState.UNKNOWN, EffectState.UNDELIVERED})
_HAS_IT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
SETTLED_BADLY = _MAY_BE | {EffectState.REJECTED}
_MAYBE_WANTING = SETTLED_BADLY | {EffectState.WITHDRAWN}
_AT_HQ = frozenset({Audience.HQ, Audience.DUTY})
_ANSWERING = frozenset(
    {Audience.NEAREST, Audience.CONTACTS, Audience.ASKED, Audience.SILENT}
)


def due_repeats(alarm: Alarm, now: Instant) -> Iterator[Effect]:
    """Yield the badly settled notifications whose repeat is due now."""
    for effect, at in repeats(alarm):
        if at <= now:
            yield effect


def repeats(alarm: Alarm) -> Iterator[tuple[Effect, Instant]]:
    """Yield the badly settled notifications and when each is repeated."""
    others = _Others(alarm)
    for effect in alarm.effects.values():
        if effect.state not in _MAYBE_WANTING:
            continue  # most, of thousands in a case of days
        at = _repeat_at(alarm, effect, others)
        if at is not None:
            yield effect, at


_One = tuple[StepId, int, str, str]


def _one_of(effect: Effect) -> _One:
    """Return what all repeats of one notification have in common."""
    return effect.step, effect.round, effect.person, effect.channel


class _Others:
    """What else was sent to the same people; looked for where it is asked."""

    def __init__(self, alarm: Alarm) -> None:
        self._alarm = alarm
        self._rounds: dict[tuple[StepId, str, str], int] = {}
        self._tries: dict[EffectState, Counter[_One]] = {}

    def is_later(self, effect: Effect) -> bool:
        if not self._rounds:
            for one in sorted(self._alarm.effects.values(), key=lambda e: e.round):
                self._rounds[one.step, one.person, one.channel] = one.round
        return effect.round < self._rounds[effect.step, effect.person, effect.channel]

    def tries(self, effect: Effect, states: Iterable[EffectState] = _MAY_BE) -> int:
        """Return how many of one notification came to that, this one with them."""
        if not self._tries:
            self._tries = {state: Counter() for state in _MAY_BE | _HAS_IT}
            for one in self._alarm.effects.values():
                if one.state in self._tries:
                    self._tries[one.state][_one_of(one)] += 1
        return sum(self._tries[state][_one_of(effect)] for state in states)


def _repeat_at(alarm: Alarm, effect: Effect, others: _Others) -> Instant | None:
    """Return when a badly settled notification is repeated; None for never.

    The first repeat goes out at once, on another route where there is one; those after
    it ever more slowly, as long as the step may run (a stop message: as long as the
    alarm is closed), until a later round tells the same person. One that may have
    arrived is repeated until there is a sign that it has, and not without end; of a
    public post it is not at all. One that was taken back waits until the rows have
    shown that it was: an attempt may have begun before.
    """
    if (
        effect.repeated
        or effect.settled_at is None
        or not _is_wanting(alarm, effect)
        or not _may_repeat(effect)
        or is_cut_off(alarm, effect.person)
    ):
        return None
    step = alarm.protocol.step(effect.step)
    if step is None or not _goes_on(alarm, effect, step) or is_needless(alarm, effect):
        return None
    is_public = effect.effect_class is EffectClass.EXCLUSIVE
    if effect.state is EffectState.WITHDRAWN and not is_public:
        return effect.settled_at
    if _has_come_otherwise(effect, others):
        return None
    if effect.state is EffectState.REJECTED:
        if not effect.retry or others.is_later(effect):
            return None
    elif not is_public and _is_enough(alarm, effect, step, others):
        return None
    return effect.settled_at.plus(_wait_after(effect))


def _goes_on(alarm: Alarm, effect: Effect, step: Step) -> bool:
    """Say whether what a notification is part of has not ended.

    The end goes on for whoever's word of force has opened the case, as after a true
    one: its repeats would cease with the word.
    """
    spent = alarm.spent.get(effect.step, 0)
    if effect.audience is Audience.TOLD and alarm.is_open:
        told = alarm.told.get(effect.person)
        return effect.round == spent and told is not None and has_opened(alarm, told)
    return effect.round > spent and may_run(alarm, step)


def _has_come_otherwise(effect: Effect, others: _Others) -> bool:
    """Say whether another one of this notification has come as far as any has to.

    Its answer, or its report, may have been late. What was accepted alone is less than
    what a network says of the one behind it.
    """
    is_said = effect.state is EffectState.UNDELIVERED
    return others.tries(effect, {EffectState.DELIVERED} if is_said else _HAS_IT) > 0


def _is_enough(alarm: Alarm, effect: Effect, step: Step, others: _Others) -> bool:
    """Say whether one that may have arrived is not repeated any more."""
    most = _most(alarm, effect, step)
    if most is not None and others.tries(effect) > most:
        return True
    # What was unknown before it says nothing of whom it is for.
    is_said = effect.state is EffectState.UNDELIVERED and step.repeats is None
    if is_said and others.tries(effect, (EffectState.UNDELIVERED,)) > MOST_SAID:
        return True
    return effect.repeat > 0 and (others.is_later(effect) or _is_heard(alarm, effect))


def _most(alarm: Alarm, effect: Effect, step: Step) -> int | None:
    """Return how often one of unknown fate is repeated; None for no bound."""
    if step.repeats is not None:
        return step.repeats
    if effect.audience is Audience.DEFENDER:
        return MOST_SAID
    return None if effect.audience in _AT_HQ and alarm.is_open else MOST


def _is_heard(alarm: Alarm, effect: Effect) -> bool:
    """Say whether something since shows that whom it is for knows of the case."""
    if effect.audience in _AT_HQ:
        return _is_heard_at_hq(alarm, effect.planned_at)
    told = alarm.told.get(effect.person)
    if told is None or effect.audience not in _ANSWERING:
        return False
    # Whether it is real is an answer too, and shows no otherwise than a forced one.
    said = (one.at for one in alarm.voices if one.name == effect.person)
    answers = (told.replied_at, told.forced_at, *said)
    return any(at is not None and at >= effect.planned_at for at in answers)


def _is_heard_at_hq(alarm: Alarm, since: Instant) -> bool:
    """Say whether somebody at HQ has the case, and has taken or looked at it since.

    Whoever does something in it has its page open. Not of the same moment: what was
    planned by that very act may be what others there have to hear.
    """
    act, attended_at = alarm.acknowledged, alarm.attended_at
    if act is None:
        return False
    return act.at >= since or (attended_at is not None and attended_at > since)


def _may_repeat(effect: Effect) -> bool:
    """Say whether another contact may follow: no second post beside one that may be."""
    is_exclusive = effect.effect_class is EffectClass.EXCLUSIVE
    certainly_not = {EffectState.REJECTED, EffectState.WITHDRAWN}
    return not is_exclusive or effect.state in certainly_not


def _wait_after(effect: Effect) -> timedelta:
    """Return how long one is left alone; a public far end may have asked to be.

    An attempt at a public post has waited for its far end already, for minutes.
    """
    if effect.effect_class is EffectClass.EXCLUSIVE:
        return min(POST_MAX, POST_FIRST * (1 << min(effect.repeat, 10)))
    if effect.repeat == 0:
        return timedelta(0)
    return min(RETRY_MAX, RETRY_FIRST * (1 << min(effect.repeat, 10)))


def _is_wanting(alarm: Alarm, effect: Effect) -> bool:
    """Say whether a notification has not done what it was for.

    What a close took back and an operator's reopening finds, or a false verdict and
    what contradicts it: colleagues who have never heard of the alarm, and hear of it
    now. The world does by another approval alone.
    """
    if effect.state is EffectState.WITHDRAWN:
        if effect.audience is Audience.PUBLIC and effect.settled_at is not None:
            at, approved = effect.settled_at, alarm.approved
            return approved is not None and approved.at >= at
        return effect.audience in {Audience.NEAREST, Audience.CONTACTS}
    return effect.state in SETTLED_BADLY

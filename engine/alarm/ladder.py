"""Which person's notification has not come far enough, and what is tried next. Pure.

A ladder is driven by proof: accepted by the network, delivered to the handset,
answered by the human. What has certainly failed does not wait for its time. An attempt
that lasts proves nothing: no byte may have gone, and a modem that hangs holds it for
minutes. It may still go out, beside the next rung: twice is better than not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.alarm.effects import Effect
from engine.alarm.left_out import is_cut_off
from engine.alarm.state import Alarm
from engine.alarm.verdicts import has_spoken
from engine.ports.journal import EffectState
from engine.protocol.model import Proof, Rung, Step
from engine.values import Instant

_TAKEN = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_SHOWS = {
    Proof.SENT: _TAKEN,
    Proof.ACCEPTED: _TAKEN,
    Proof.DELIVERED: frozenset({EffectState.DELIVERED}),
    Proof.ANSWERED: frozenset[EffectState](),
}
_FAILED = frozenset({EffectState.UNDELIVERED, EffectState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """A person is to be tried on the next rung; `at` is when, at the latest."""

    step: Step
    effect: Effect
    channel: str
    address: str
    at: Instant


def first_way(
    step: Step, addresses: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Return by which channels a round begins: all of them, or the lowest rung."""
    usable = tuple(one for one in addresses if one[0] in step.channels)
    if not step.ladder:
        return usable
    order = [rung.channel for rung in step.ladder]
    return tuple(sorted(usable, key=lambda one: order.index(one[0]))[:1])


def climbs(alarm: Alarm, step: Step) -> Iterator[Climb]:
    """Yield who is to go up a rung of a step, and when."""
    own = [effect for effect in alarm.effects.values() if effect.step == step.id]
    if not own:
        return  # asked of each ladder at each fact
    rungs = {rung.channel: place for place, rung in enumerate(step.ladder)}
    tried = {(effect.round, effect.person, effect.channel) for effect in own}
    for effect in own:
        if effect.climbed or effect.channel not in rungs:
            continue
        if effect.round <= alarm.spent.get(step.id, 0):
            continue
        place = rungs[effect.channel]
        at = _late_at(alarm, effect, step.ladder[place])
        way = _next_way(alarm, effect, step.ladder[place + 1 :])
        if at is not None and way is not None:
            channel, address = way
            if (effect.round, effect.person, channel) in tried:
                continue
            yield Climb(
                step=step, effect=effect, channel=channel, address=address, at=at
            )


def _late_at(alarm: Alarm, effect: Effect, rung: Rung) -> Instant | None:
    told = alarm.told.get(effect.person)
    if told is None or told.ended or told.seen_reply is not None:
        return None
    if is_cut_off(alarm, told.person):
        return None
    if has_spoken(alarm, told) or effect.state in _SHOWS[rung.proof]:
        return None
    if effect.repeated and effect.state not in _FAILED:
        return None  # its repeat is waited for, from the same beginning
    failed = effect.state in _FAILED or (
        effect.state is EffectState.REJECTED and not effect.retry
    )
    if failed and effect.settled_at is not None:
        return effect.settled_at
    return _began_at(alarm, effect).plus(rung.within)


def _began_at(alarm: Alarm, effect: Effect) -> Instant:
    """Return when this rung was begun: repeats do not give it more time."""
    same = (
        one.planned_at
        for one in alarm.effects.values()
        if (one.step, one.round, one.person, one.channel)
        == (effect.step, effect.round, effect.person, effect.channel)
    )
    return min(same)


def _next_way(
    alarm: Alarm, effect: Effect, higher: tuple[Rung, ...]
) -> tuple[str, str] | None:
    told = alarm.told.get(effect.person)
    ways = {} if told is None else dict(told.ways)
    return next(
        ((one.channel, ways[one.channel]) for one in higher if one.channel in ways),
        None,
    )

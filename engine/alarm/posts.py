"""A public post that was not taken, once more. Pure."""

from msgspec import structs

from engine.alarm.effects import Effect
from engine.alarm.events import NotificationPlanned
from engine.dispatch.body import EffectBody
from engine.dispatch.queue import RANK_PUBLIC
from engine.values import EffectId, Instant


def posted_anew(effect: Effect, post: EffectBody, now: Instant) -> NotificationPlanned:
    """Return the post that its far end has certainly not taken, to the letter.

    Its key is another one: no far end has kept the first.
    """
    repeat = effect.repeat + 1
    key, _, _ = effect.effect.rpartition(".")
    return NotificationPlanned(
        at=now,
        effect=EffectId(f"{key}.{repeat}"),
        step=effect.step,
        round=effect.round,
        repeat=repeat,
        repeat_of=effect.effect,
        person=effect.person,
        audience=effect.audience,
        channel=effect.channel,
        effect_class=effect.effect_class,
        rank=RANK_PUBLIC,
        avoid_route=effect.route,
        body=structs.replace(post, repeat=repeat),
    )

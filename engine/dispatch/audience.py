"""Whether a route may have an effect: each carries personal messages or public ones.

Pure. The configuration is held to the same before a start; this look is for rows that
an earlier configuration has planned, and for what a fault of the engine's plans.
"""

from engine.dispatch.outcomes import Outcome
from engine.ports.channel import Message, PersonalMessage, PublicMessage
from engine.ports.journal import EffectClass, EffectRow, EffectState

NOT_PUBLIC = Outcome(
    state=EffectState.REJECTED,
    reason="it is a personal message, and this channel tells the world",
)
NOT_PERSONAL = Outcome(
    state=EffectState.REJECTED,
    reason="it is a public message, and this channel carries personal ones",
)
MISROUTED = (NOT_PUBLIC, NOT_PERSONAL)
"""Certainly not sent, and not tried again on that route; HQ reads why."""


def kind_of(row: EffectRow) -> type[Message]:
    """Return the kind of message that an effect becomes."""
    is_public = row.effect_class is EffectClass.EXCLUSIVE
    return PublicMessage if is_public else PersonalMessage


def refusal(kind: type[Message], carries: type[Message]) -> Outcome | None:
    """Return why a route must not have a message of this kind; None where it may."""
    if kind is carries:
        return None
    return NOT_PUBLIC if kind is PersonalMessage else NOT_PERSONAL

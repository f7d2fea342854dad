"""What an alarm knows of a step's rounds and of each notification. Pure."""

from msgspec import Struct

from engine.dispatch.body import PublicBody
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, Instant, StepId


class Fired(Struct, frozen=True, kw_only=True, gc=False):
    """How often a step has run; `nobody` where its last round found no one.

    `extra` rounds replaced `replaced` people, or came before a paging or search anew;
    `turned` came before the rota was paged from its first again.
    """

    first_at: Instant
    last_at: Instant
    rounds: int = 1
    nobody: bool = False
    extra: int = 0
    replaced: int = 0
    turned: int = 0


class Effect(Struct, frozen=True, kw_only=True, gc=False):
    """A planned notification and what became of it.

    `post` is what the world is to read: the world is in no list of people from whom
    it could be written again.
    """

    effect: EffectId
    step: StepId
    round: int
    repeat: int
    person: str
    audience: Audience
    channel: str
    address: str
    effect_class: EffectClass
    planned_at: Instant
    state: EffectState = EffectState.PLANNED
    attempt: int = 0
    route: str = ""
    settled_at: Instant | None = None
    reason: str = ""
    retry: bool = False
    repeated: bool = False
    climbed: bool = False
    post: PublicBody | None = None

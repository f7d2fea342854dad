"""An action protocol as data: triggers and steps, nothing of it in code.

A step fires once its starting point has happened, its delay is over, everything
it requires holds and nothing it is stopped by does. Conditions are looked at
again after every fact, so that a colleague who turns back widens the search.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.values import Signal, StepId


class Audience(StrEnum):
    """Who a step is for.

    `defender` are the defender's own addresses, which an adversary may read; `asked`
    are the colleagues and contacts told so far who have not turned it down,
    `silent` those of them who have not answered at all.
    """

    NEAREST = "nearest"
    CONTACTS = "contacts"
    DUTY = "duty"
    HQ = "hq"
    PUBLIC = "public"
    TOLD = "told"
    ASKED = "asked"
    SILENT = "silent"
    DEFENDER = "defender"


KNOWN = frozenset({Audience.TOLD, Audience.ASKED, Audience.SILENT})
"""Audiences that the alarm itself knows: nothing is looked up for them."""


class Start(StrEnum):
    """The fact from which a step counts its delay, unless it names another step."""

    RAISED = "raised"
    VERIFIED = "verified"
    APPROVED = "approved"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    DURESS = "duress"


class Condition(StrEnum):
    """What may be asked of an alarm, at any time, with a yes or a no."""

    ACKNOWLEDGED = "acknowledged"
    SOMEBODY_COMING = "somebody_coming"
    CONFIRMED_SOURCE = "confirmed_source"
    VERIFIED = "verified"
    REAL = "real"
    FALSE = "false"
    DISPUTED = "disputed"
    SAFE_CONFIRMED = "safe_confirmed"
    CONSENTED = "consented"
    APPROVED = "approved"


class Voice(StrEnum):
    """Whose word on an alarm counts."""

    COLLEAGUES = "colleagues"
    CONTACTS = "contacts"
    HQ = "hq"


class Fallback(StrEnum):
    """What happens where nobody has said in time whether it is true.

    There is no word for closing and none for publishing.
    """

    ASK = "ask"
    TREAT_AS_REAL = "treat_as_real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """How many people, and whose, have to say the same of an alarm, and until when.

    `within` counts from the raise, or from the reopening. Contradicting answers go
    to a person at HQ, whatever was counted before.
    """

    needs: int
    of: frozenset[Voice]
    within: timedelta
    otherwise: Fallback


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One instruction.

    `after` is a `Start` or the id of an earlier step. `every` repeats the step
    that long after its last round, `rounds` times in all (None: for ever). For
    the nearest, each round takes `count` people not told yet within `within_m`;
    for the duty rota, each round takes the next person. `repeats` bounds the
    repeats after an unknown outcome.
    """

    id: StepId
    after: str
    to: Audience
    channels: tuple[str, ...]
    text: str
    delay: timedelta = timedelta(0)
    requires: tuple[Condition, ...] = ()
    stopped_by: tuple[Condition, ...] = ()
    count: int = 5
    within_m: float | None = None
    every: timedelta | None = None
    rounds: int | None = 1
    repeats: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionProtocol:
    """Steps for people, agreed in calm; a running alarm keeps the one it began with.

    `digest` is SHA-256 (hex) of the source text. `trust_unconfirmed` lets steps
    for colleagues run for a report that failed authentication or came from an
    unknown device; HQ is told in any case. Without `verification` an operator at HQ
    decides alone whether it is true. `all_clear_needs` is how many people have to say
    that the defender is safe before anybody may close; it counts twice as a minimum
    of two once there was a sign of force.
    """

    name: str
    version: int
    digest: str
    triggers: frozenset[Signal]
    steps: tuple[Step, ...]
    trust_unconfirmed: bool = False
    verification: Verification | None = None
    all_clear_needs: int = 1

    def step(self, step_id: StepId) -> Step | None:
        """Return the step of that id."""
        return next((step for step in self.steps if step.id == step_id), None)

    def begins_at_close(self, step: Step) -> bool:
        """Follow a chain of steps to the fact from which it counts."""
        after = step.after
        for _ in self.steps:
            earlier = next((one for one in self.steps if one.id == after), None)
            if earlier is None:
                break
            after = earlier.after
        return after == Start.CLOSED.value

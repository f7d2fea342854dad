"""When a step comes, and whether it comes in every case. Pure."""

from datetime import timedelta

from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Start,
    Step,
)
from engine.values import StepId

_CALLED = frozenset(
    {Audience.NEAREST, Audience.CONTACTS, Audience.DUTY, Audience.HQ},
)


def calls_people(protocol: ActionProtocol, step: Step) -> bool:
    """Say whether a step looks for more people who may help while it is open.

    It waits for no answer where the step before it found nobody. A question to whoever
    was told, and whatever comes after the end, keeps its time: asked sooner, they would
    be asked whether an alarm is real of which they have not read yet.
    """
    return step.to in _CALLED and not protocol.begins_at_close(step)


def after_raise(protocol: ActionProtocol, step: Step) -> timedelta | None:
    """Return how long after the raise a step comes at the soonest."""
    start, passed = beginning(protocol, step)
    return passed if start == Start.RAISED else None


def beginning(protocol: ActionProtocol, step: Step) -> tuple[str, timedelta]:
    """Return the fact from which a step counts, and how long after it it comes."""
    passed = step.delay
    for _ in protocol.steps:
        earlier = protocol.step(StepId(step.after))
        if earlier is None:
            break
        passed, step = passed + earlier.delay, earlier
    return step.after, passed


def is_certain(protocol: ActionProtocol, step: Step) -> bool:
    """Say whether a step comes in every case that no operator has taken."""
    one: Step | None = step
    for _ in protocol.steps:
        if one is None:
            break
        if one.requires or set(one.stopped_by) - {Condition.ACKNOWLEDGED}:
            return False
        one = protocol.step(StepId(one.after))
    return after_raise(protocol, step) is not None

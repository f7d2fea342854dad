"""When a step comes, and whether it comes in every case. Pure."""

from collections.abc import Iterator
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


def chain(protocol: ActionProtocol, step: Step) -> Iterator[Step]:
    """Yield a step, the one that it begins after, and so on to the first."""
    one: Step | None = step
    for _ in protocol.steps:
        if one is None:
            return
        yield one
        one = protocol.step(StepId(one.after))


def beginning(protocol: ActionProtocol, step: Step) -> tuple[str, timedelta]:
    """Return the fact from which a step counts, and how long after it it comes."""
    steps = list(chain(protocol, step))
    return steps[-1].after, sum((one.delay for one in steps), timedelta(0))


def waits_for(protocol: ActionProtocol, step: Step) -> frozenset[Condition]:
    """Return what has to hold for a step to come, or for one that it begins after."""
    return frozenset(c for one in chain(protocol, step) for c in one.requires)


def ends_at(protocol: ActionProtocol, step: Step) -> frozenset[Condition]:
    """Return what keeps a step from coming, or one that it begins after."""
    return frozenset(c for one in chain(protocol, step) for c in one.stopped_by)


def is_certain(protocol: ActionProtocol, step: Step) -> bool:
    """Say whether a step comes in every case that no operator has taken."""
    if waits_for(protocol, step) or ends_at(protocol, step) - {Condition.ACKNOWLEDGED}:
        return False
    return after_raise(protocol, step) is not None

"""When a step comes, and whether it comes in every case. Pure."""

from datetime import timedelta

from engine.protocol.model import ActionProtocol, Condition, Start, Step
from engine.values import StepId


def after_raise(protocol: ActionProtocol, step: Step) -> timedelta | None:
    """Return how long after the raise a step comes at the soonest."""
    passed = step.delay
    for _ in protocol.steps:
        earlier = protocol.step(StepId(step.after))
        if earlier is None:
            break
        passed, step = passed + earlier.delay, earlier
    return passed if step.after == Start.RAISED else None


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

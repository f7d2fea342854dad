"""What goes on for ever, and what does not go on after the end: pure."""

from collections.abc import Iterable
from datetime import timedelta

from engine.protocol.certain import beginning
from engine.protocol.findings import Fault, Warned
from engine.protocol.model import (
    AFTER_CARE,
    ActionProtocol,
    Audience,
    Condition,
    Step,
)
from engine.protocol.phrases import span

LATEST = timedelta(days=7)
"""Later nobody should be asked for the first time."""
SOONEST = timedelta(hours=1)
"""More often nobody should be asked for weeks whether they are safe."""
_CALLED = frozenset({Audience.NEAREST, Audience.CONTACTS})


def afterwards(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find repetition without an end, and an end after which nobody asks."""
    for step in protocol.steps:
        words = _endless(protocol, step)
        if words:
            yield Warned(fault=Fault.ENDLESS, step=step.id, words=words)
    if is_left_alone(protocol):
        words = (
            "nobody asks after the end whether the defender is safe: add a step after"
            " 'closed' that says 'recheck' to the defender, or 'unconfirmed' to HQ"
        )
        yield Warned(fault=Fault.NO_AFTER_CARE, step="", words=words)
    elif (first := _first_asked(protocol)) is not None and first > LATEST:
        words = (
            f"whether the defender is safe is asked {span(first)} after the end for the"
            f" first time: {span(LATEST)} are the most"
        )
        yield Warned(fault=Fault.NO_AFTER_CARE, step="", words=words)
    elif _asks_telephone_alone(protocol):
        words = (
            "after the end the defender's telephone alone is asked, and of somebody who"
            " is detained nobody asks: add a step that says 'unconfirmed' to HQ"
        )
        yield Warned(fault=Fault.NO_AFTER_CARE, step="", words=words)


def _first_asked(protocol: ActionProtocol) -> timedelta | None:
    return min(
        (
            beginning(protocol, step)[1]
            for step in protocol.steps
            if step.text in AFTER_CARE and protocol.begins_at_close(step)
        ),
        default=None,
    )


def _asks_telephone_alone(protocol: ActionProtocol) -> bool:
    asked = {
        step.to
        for step in protocol.steps
        if step.text in AFTER_CARE and protocol.begins_at_close(step)
    }
    return asked == {Audience.DEFENDER}


def is_left_alone(protocol: ActionProtocol) -> bool:
    """Say whether people are called, and nobody asks after the end how it went."""
    is_asked = any(
        step.text in AFTER_CARE and protocol.begins_at_close(step)
        for step in protocol.steps
    )
    return not is_asked and any(step.to in _CALLED for step in protocol.steps)


def _endless(protocol: ActionProtocol, step: Step) -> str:
    if step.every is None or step.rounds is not None:
        return ""
    again = f"again every {span(step.every)} for ever"
    stops = set(step.stopped_by)
    if protocol.begins_at_close(step):
        if Condition.SAFE_CONFIRMED not in stops:
            return f"{again} after the end, and nothing stops it: say rounds"
        if step.every < SOONEST:
            return f"{again} after the end, until it is confirmed: say rounds"
        return ""
    if step.to is Audience.DUTY and Condition.ACKNOWLEDGED not in stops:
        return (
            f"{again}, also once an operator has taken it: stop it at acknowledged,"
            " since a page that means nothing is soon not heard"
        )
    stops -= {Condition.SAFE_CONFIRMED}  # which nobody can say before the end
    if step.to not in _CALLED and not stops:
        return f"{again}, and nothing but the end stops it: say rounds, or stopped_by"
    return ""

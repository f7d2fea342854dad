"""What tells an alarm that an attempt of its effects has an outcome."""

from collections.abc import Callable

from engine.alarm.commands import Settle
from engine.alarm.messages import Forward
from engine.alarm.state import alarm_of, is_alarms
from engine.dispatch.outcomes import Settled
from engine.values import CommandId


def settling(tell: Callable[[str, object], object]) -> Callable[[Settled], None]:
    """Return what hears each durable outcome; `tell` takes a name and a message.

    Any thread; it does not block.
    """

    def settle(settled: Settled) -> None:
        if not is_alarms(settled.alarm):
            return  # a check-in's answer: its row has the outcome
        outcome = settled.outcome
        command = Settle(
            command_id=CommandId(f"{settled.effect}/{outcome.state}"),
            effect=settled.effect,
            state=outcome.state,
            attempt=settled.attempt,
            route=settled.route,
            reference=outcome.reference,
            reason=outcome.reason,
            retry=outcome.retry,
        )
        forward = Forward(alarm_id=alarm_of(settled.alarm), command=command)
        tell("alarms", forward)

    return settle

"""What tells an alarm that an attempt of its effects has an outcome."""

import threading
from collections.abc import Callable
from datetime import timedelta

from engine.alarm.commands import Settle
from engine.alarm.messages import Forward, News
from engine.alarm.state import alarm_of, is_alarms
from engine.dispatch.outcomes import Settled
from engine.ports.journal import EffectState
from engine.values import CommandId, Instant

LATER = timedelta(seconds=2)
"""When alarms hear in a flood that somebody was told."""


class Settling:
    """Hears each durable outcome; any thread, never blocks.

    In a flood alarms hear later of what a channel has taken, all of them at once. To
    decide that nothing follows from it, and to write that down, costs as much as a
    sixth of having the next alarm's first notification sent. The row has it meanwhile,
    and what must be acted on is heard at once.
    """

    def __init__(
        self,
        tell: Callable[[str, object], bool],
        arm: Callable[[Instant, object], object],
        now: Callable[[], Instant],
        was_flooded: Callable[[], bool],
    ) -> None:
        """Keep nothing yet.

        Args:
            tell: takes a name and a message; False where nobody took it.
            arm: makes what the timers are told, of a time and a message for alarms.
            now: the time.
            was_flooded: whether a flood is on, or was a moment ago.

        """
        self._tell, self._arm, self._now = tell, arm, now
        self._was_flooded = was_flooded
        self._lock = threading.Lock()
        self._kept: list[Forward] = []
        self._due: Instant | None = None

    def __call__(self, settled: Settled) -> None:
        """Tell the alarm, now or later."""
        if not is_alarms(settled.alarm):
            return  # a check-in's answer: its row has the outcome
        is_taken = settled.outcome.state is EffectState.ACCEPTED
        if is_taken and self._was_flooded():
            now = self._now()
            self._keep(_forward(settled, now), now)
        else:
            self._tell("alarms", _forward(settled, None))

    def _keep(self, forward: Forward, now: Instant) -> None:
        with self._lock:
            self._kept.append(forward)
            # Timers that were replaced meanwhile know of nothing.
            if self._due is not None and now < self._due.plus(LATER):
                return
            self._due = due = now.plus(LATER)
        news = News(take=self._take)
        if not self._tell("timers", self._arm(due, news)):
            self._tell("alarms", news)

    def _take(self) -> list[Forward]:
        with self._lock:
            kept, self._kept, self._due = self._kept, [], None
        return kept


def _forward(settled: Settled, at: Instant | None) -> Forward:
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
        at=at,
    )
    return Forward(alarm_id=alarm_of(settled.alarm), command=command)

"""Whether a case that has ended is asked about on each day that its file names (I3).

Nothing here asks the engine's own schedule: a day counts from the end that was true, by
a clock that no fault reaches.
"""

from typing import TYPE_CHECKING

from engine.alarm.events import (
    AlarmClosed,
    AlarmEvent,
    AlarmReopened,
    NotificationPlanned,
    PressJoined,
    ReplyReceived,
)
from engine.alarm.state import Alarm, CloseReason, Kind, ReplyKind, Truth
from engine.protocol.model import Audience, Start, Step
from tests.simulation.cast import AGREED

if TYPE_CHECKING:
    from engine.values import AlarmId, StepId

SLACK_S = 7_200.0
_ASKS = frozenset({"recheck", "unconfirmed"})
_NEVER_WAS = frozenset({CloseReason.FALSE_ALARM, CloseReason.DUPLICATE})


class AfterCare:
    """Keeps when each case ended, who was asked since, and when the word came."""

    def __init__(self) -> None:
        self._ended_s: dict[AlarmId, float] = {}
        self._answered_s: dict[AlarmId, float] = {}
        self._asked: dict[AlarmId, set[StepId]] = {}

    def listen(self, alarm: Alarm, event: AlarmEvent, now_s: float) -> None:
        """Take a fact of a case."""
        match event:
            case AlarmClosed() if not event.apparent and event.reason not in _NEVER_WAS:
                self._ended_s[alarm.id] = now_s
            case AlarmReopened():
                self._ended_s.pop(alarm.id, None)
                self._answered_s.pop(alarm.id, None)
                self._asked.pop(alarm.id, None)
            case PressJoined():
                self._answered_s.pop(alarm.id, None)
            case NotificationPlanned():
                self._asked.setdefault(alarm.id, set()).add(event.step)
            case ReplyReceived(reply=ReplyKind.SAFE) if event.person == alarm.defender:
                self._answered_s.setdefault(alarm.id, now_s)
            case _:
                pass

    def is_forgotten(self, alarm: Alarm, now_s: float) -> bool:
        """Say whether a day has passed on which somebody was not asked.

        Of what never was an alarm, or was an exercise, nobody asks. Who has agreed on
        words may have been asked since an end that only looked like one: of them HQ
        alone is looked at.
        """
        ended_s = self._ended_s.get(alarm.id)
        if ended_s is None or alarm.is_open:
            return False
        if alarm.kind is not Kind.REAL or alarm.truth is Truth.FALSE:
            return False
        until_s = min(now_s, self._answered_s.get(alarm.id, now_s)) - SLACK_S
        asked = self._asked.get(alarm.id, set())
        return any(
            step.id not in asked
            for step in alarm.protocol.steps
            if _asks(step) and not (_is_theirs(step) and alarm.defender == AGREED)
            if ended_s + step.delay.total_seconds() <= until_s
        )


def _asks(step: Step) -> bool:
    return step.after == Start.CLOSED.value and step.text in _ASKS


def _is_theirs(step: Step) -> bool:
    return step.to is Audience.DEFENDER

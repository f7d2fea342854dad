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
    SafetyConfirmed,
)
from engine.alarm.state import Alarm, CloseReason, Kind, ReplyKind
from engine.protocol.model import Audience, Start, Step
from tests.simulation.cast import AGREED

if TYPE_CHECKING:
    from engine.values import AlarmId, StepId

SLACK_S = 7_200.0
_ASKS = frozenset({"recheck", "unconfirmed"})


class AfterCare:
    """Keeps when each case ended, who was asked since, and when the word came."""

    def __init__(self) -> None:
        self._ended_s: dict[AlarmId, float] = {}
        self._answered_s: dict[AlarmId, float] = {}
        self._asked: dict[AlarmId, set[StepId]] = {}
        self._held: dict[AlarmId, bool] = {}
        """Of each case that has ended, if in appearance: whether as detained, or
        somebody has said so since."""
        self._silently: set[AlarmId] = set()
        """Opened again without a sign of it for the defender, who is asked on as if it
        were not."""

    def listen(self, alarm: Alarm, event: AlarmEvent, now_s: float) -> bool:
        """Take a fact of a case; say whether it writes to whoever is detained."""
        match event:
            case AlarmClosed():
                is_held = event.reason is CloseReason.DETAINED
                self._held[alarm.id] = self._held.get(alarm.id, False) or is_held
                if not event.apparent:
                    self._ended_s[alarm.id] = now_s
            case AlarmReopened() | PressJoined():
                for kept in (self._ended_s, self._answered_s, self._asked, self._held):
                    kept.pop(alarm.id, None)
                if isinstance(event, AlarmReopened):
                    is_silent = event.silent
                    note = self._silently.add if is_silent else self._silently.discard
                    note(alarm.id)
            case SafetyConfirmed(detained=True) if alarm.id in self._held:
                self._held[alarm.id] = True
            case NotificationPlanned():
                self._asked.setdefault(alarm.id, set()).add(event.step)
                is_held = self._held.get(alarm.id, False)
                return is_held and event.audience is Audience.DEFENDER
            case ReplyReceived(reply=ReplyKind.SAFE) if event.person == alarm.defender:
                self._answered_s.setdefault(alarm.id, now_s)
            case _:
                pass
        return False

    def is_forgotten(self, alarm: Alarm, now_s: float) -> bool:
        """Say whether a day has passed on which somebody was not asked.

        Of an exercise nobody asks; of what was found false, or merged, as of all else.
        Who has agreed on words may have been asked since an end that only looked like
        one: of them HQ alone is looked at. So it is where a colleague was forced to say
        that all is well, and of whoever is detained, whose word ends nothing.
        """
        ended_s = self._ended_s.get(alarm.id)
        if ended_s is None or alarm.is_open:
            return False
        if alarm.kind is not Kind.REAL:
            return False
        is_held, until_s = self._held.get(alarm.id, False), now_s
        if not is_held:
            until_s = min(now_s, self._answered_s.get(alarm.id, now_s))
        is_silent = alarm.defender == AGREED or alarm.id in self._silently
        is_hqs = is_held or is_silent
        asked = self._asked.get(alarm.id, set())
        return any(
            step.id not in asked
            for step in alarm.protocol.steps
            if _asks(step) and not (is_hqs and step.to is Audience.DEFENDER)
            if ended_s + step.delay.total_seconds() <= until_s - SLACK_S
        )


def _asks(step: Step) -> bool:
    return step.after == Start.CLOSED.value and step.text in _ASKS

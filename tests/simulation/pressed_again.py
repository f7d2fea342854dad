"""Presses after a decision of HQ's, and whether HQ hears of each at once: I14."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.alarm.case_events import PeopleTakenIn
from engine.alarm.commands import Verify
from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmReopened,
    AlarmVerified,
    PressJoined,
)
from engine.alarm.state import Alarm, Kind, Truth
from engine.protocol.model import Audience
from engine.values import AlarmId, Instant, OperatorId

if TYPE_CHECKING:
    from tests.simulation.day import Day
    from tests.simulation.plan import Item

TOLD_S = 10.0
LOOKS, LOOK_S = 60, 10.0


class PressesAgain:
    """Knows what was decided of each case, by its rows; times are the world's."""

    def __init__(self) -> None:
        self._decided: dict[AlarmId, Instant] = {}
        self._waiting_s: dict[AlarmId, float] = {}

    def listen(self, alarm: Alarm, event: AlarmEvent, now_s: float) -> bool:
        """Take a fact, folded already; say whether a press after a decision is lost."""
        match event:
            case AlarmVerified() | PeopleTakenIn():
                self._decided[alarm.id] = event.at
            case AlarmClosed() | AlarmReopened() | AlarmAcknowledged():
                self._waiting_s.pop(alarm.id, None)
                if not isinstance(event, AlarmAcknowledged):
                    self._decided.pop(alarm.id, None)
            case PressJoined() if self._is_after_decision(alarm, event):
                del self._decided[alarm.id]
                if alarm.kind is Kind.REAL:
                    self._waiting_s[alarm.id] = now_s
                return alarm.acknowledged is not None
            case _:
                pass
        return False

    def _is_after_decision(self, alarm: Alarm, event: PressJoined) -> bool:
        decided = self._decided.get(alarm.id)
        is_after = decided is not None and event.press.pressed_at >= decided
        return is_after and alarm.is_open

    def told(self, alarm: AlarmId, audience: Audience) -> float | None:
        """Return since when a press waited of which HQ is told now, if any did."""
        if audience not in {Audience.DUTY, Audience.HQ}:
            return None
        return self._waiting_s.pop(alarm, None)

    def waiting(self) -> list[float]:
        """Return since when each press waits of which HQ has not been told."""
        return list(self._waiting_s.values())


def _is_false_and_pressed(day: "Day", item: "Item") -> None:
    """Whoever has the case says that it is false; the defender presses `s` s later."""
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        for case in list(day.watching.alarms.values()):
            by = case.acknowledged
            if case.defender == item.who and case.is_open and by is not None:
                _say_false(day, case.id, by.by)
                day.world.sleep(item.s)
                day.struck(item.what)
                day.devices.press(replace(item, what="sos"))
                return


def _say_false(day: "Day", alarm: AlarmId, by: OperatorId) -> None:
    day.people.give(alarm, by, lambda c: Verify(command_id=c, by=by, truth=Truth.FALSE))


PRESSED_AGAIN: dict[str, Callable[["Day", "Item"], None]] = {
    "false_again": _is_false_and_pressed
}

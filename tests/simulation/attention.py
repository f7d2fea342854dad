"""Whether HQ has an alarm (I3), also after somebody forgot it or has gone home."""

from collections.abc import Iterable

from engine.alarm.events import AcknowledgementLapsed, AlarmEvent
from engine.alarm.state import Alarm
from engine.values import AlarmId

TAKEN_AGAIN_S = 300.0
"""Within so long an officer who is paged again has taken the case."""


def is_past_shift(alarms: Iterable[Alarm], before_ms: float) -> bool:
    """Say whether somebody had a case whose shift was over before a moment.

    Nobody has acted on it since, and its action protocol asks who still attends to it.
    """
    for alarm in alarms:
        taken, attended = alarm.acknowledged, alarm.attended_at
        if not alarm.is_open or alarm.protocol.lease is None:
            continue
        if taken is None or taken.until is None or attended is None:
            continue
        if attended < taken.until and taken.until.ms < before_ms:
            return True
    return False


class Attention:
    """Keeps when a lease ended last: the day may end before it is taken again."""

    def __init__(self) -> None:
        self._lapsed_s: dict[AlarmId, float] = {}

    def listen(self, alarm_id: AlarmId, event: AlarmEvent, now_s: float) -> None:
        """Note that nobody has attended to a case."""
        if isinstance(event, AcknowledgementLapsed):
            self._lapsed_s[alarm_id] = now_s

    def is_missing(self, alarm: Alarm, now_s: float) -> bool:
        """Say whether nobody has an open case, and nobody has just been asked to."""
        if not alarm.is_open or alarm.acknowledged is not None:
            return False
        lapsed_s = self._lapsed_s.get(alarm.id)
        return lapsed_s is None or now_s - lapsed_s > TAKEN_AGAIN_S

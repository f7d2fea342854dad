"""What is measured of alarms: states, and the times that we promise."""

import threading
from collections import Counter
from collections.abc import Iterable

from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    NotificationSettled,
)
from engine.alarm.lease import response_of
from engine.alarm.state import Alarm, Kind, Response
from engine.ports.clock import Clock
from engine.ports.journal import EffectState
from engine.ports.telemetry import Telemetry
from engine.values import AlarmId, Instant

_NOTIFIED = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
_OPEN = tuple(
    (kind, state) for kind in Kind for state in Response if state is not Response.CLOSED
)
_Standing = tuple[Kind, Response]
_Since = dict[AlarmId, tuple[Kind, Instant]]


class Measures:
    """Follows open alarms in memory; called after each commit, in any thread."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        """Start with nothing open; `seed` tells of what the journal has."""
        self._telemetry, self._clock = telemetry, clock
        self._lock = threading.Lock()
        self._states: dict[AlarmId, _Standing] = {}
        self._counts: Counter[_Standing] = Counter()
        self._showing = threading.Lock()
        self._shown: dict[_Standing, int] = {}
        self._unnotified: _Since = {}
        self._unacknowledged: _Since = {}

    def seed(self, alarms: Iterable[tuple[AlarmId, Kind, str, Instant]]) -> None:
        """Take what was open before this start: id, kind, status, when it began."""
        with self._lock:
            for alarm_id, kind, status, raised_at in alarms:
                response = response_of(status)
                if response is Response.CLOSED:
                    continue
                self._count(alarm_id, (kind, response))
                if response in {Response.RAISED, Response.NOTIFYING}:
                    self._unacknowledged[alarm_id] = (kind, raised_at)
        self._show()

    def changed(self, alarm: Alarm, events: tuple[AlarmEvent, ...]) -> None:
        """Take what has just become durable."""
        with self._lock:
            self._follow(alarm)
        for event in events:
            self._measure(alarm, event)
        self._show()

    def oldest_unnotified_s(self, kind: Kind) -> float:
        """Return the age of the oldest open alarm that nobody has been told of."""
        return self._oldest_s(self._unnotified, kind)

    def oldest_unacknowledged_s(self, kind: Kind) -> float:
        """Return the age of the oldest open alarm that nobody has acknowledged."""
        return self._oldest_s(self._unacknowledged, kind)

    def _follow(self, alarm: Alarm) -> None:
        if not alarm.is_open:
            self._count(alarm.id, None)
            for kept in (self._unnotified, self._unacknowledged):
                kept.pop(alarm.id, None)
            return
        self._count(alarm.id, (alarm.kind, alarm.response))
        told = any(effect.state in _NOTIFIED for effect in alarm.effects.values())
        _keep(self._unnotified, alarm, wanted=not told)
        _keep(self._unacknowledged, alarm, wanted=alarm.acknowledged is None)

    def _measure(self, alarm: Alarm, event: AlarmEvent) -> None:
        match event:
            case AlarmRaised():
                self._telemetry.count("alarms_raised_total", kind=event.kind.value)
            case AlarmClosed():
                self._telemetry.count("alarms_closed_total", kind=alarm.kind.value)
            case AlarmAcknowledged():
                self._observe("report_to_acknowledgement_seconds", alarm, event.at)
            case NotificationSettled() if self._is_first(alarm, event):
                self._observe("report_to_first_notification_seconds", alarm, event.at)
            case _:
                pass

    def _is_first(self, alarm: Alarm, event: NotificationSettled) -> bool:
        told = [e for e in alarm.effects.values() if e.state in _NOTIFIED]
        return len(told) == 1 and told[0].effect == event.effect

    def _observe(self, name: str, alarm: Alarm, at: Instant) -> None:
        took_s = at.since(alarm.presses[0].at).total_seconds()
        self._telemetry.observe(name, max(took_s, 0.0))

    def _oldest_s(self, kept: _Since, kind: Kind) -> float:
        with self._lock:
            of_kind = (since for one, since in kept.values() if one is kind)
            oldest = min(of_kind, default=None)
        if oldest is None:
            return 0.0
        return max(self._clock.now().since(oldest).total_seconds(), 0.0)

    def _count(self, alarm_id: AlarmId, standing: _Standing | None) -> None:
        """Keep the number of each kind and state; None takes the alarm out."""
        before = self._states.pop(alarm_id, None)
        if before is not None:
            self._counts[before] -= 1
        if standing is not None:
            self._states[alarm_id] = standing
            self._counts[standing] += 1

    def _show(self) -> None:
        """Set the gauges that have moved; at first all of them."""
        # One at a time: whoever has the older number must not be the last to show it.
        with self._showing:
            for standing in _OPEN:
                count = self._counts[standing]
                if self._shown.get(standing) != count:
                    self._shown[standing] = count
                    kind, state = standing
                    said = {"kind": kind.value, "state": state.value}
                    self._telemetry.gauge("alarms", count, **said)


def _keep(kept: _Since, alarm: Alarm, *, wanted: bool) -> None:
    if wanted:
        kept.setdefault(alarm.id, (alarm.kind, alarm.urgent_since))
    else:
        kept.pop(alarm.id, None)

"""What is measured of alarms: states, and the times that we promise."""

import threading
from collections.abc import Container, Iterable, Iterator, Sequence

from engine.alarm.effects import Effect
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
from engine.ports.journal import TOLD, EffectState
from engine.ports.telemetry import Telemetry
from engine.protocol.model import Audience
from engine.values import AlarmId, Instant

_ONCE_TOLD = TOLD | {EffectState.UNDELIVERED}
_NO_HELP = frozenset({Audience.DEFENDER, Audience.PUBLIC})
"""Their own telephone, which an adversary may hold, and the world."""
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
        self._counts: dict[_Standing, int] = dict.fromkeys(_OPEN, 0)
        self._showing = threading.Lock()
        self._unnotified: _Since = {}
        self._unacknowledged: _Since = {}
        self._told: set[AlarmId] = set()

    def seed(
        self,
        alarms: Iterable[tuple[AlarmId, Kind, str, Instant]],
        *,
        told: Container[AlarmId],
    ) -> None:
        """Take what was open before this start; all of it comes from clear columns.

        An acknowledged alarm may not be looked at for half an hour, and one whose rows
        cannot be read never is: of neither must it stay unknown that nobody was told.

        Args:
            alarms: id, kind, status, when it began.
            told: of which of them somebody has been told.

        """
        with self._lock:
            for alarm_id, kind, status, raised_at in alarms:
                response = response_of(status)
                if response is Response.CLOSED:
                    continue
                self._count(alarm_id, (kind, response))
                if response in {Response.RAISED, Response.NOTIFYING}:
                    self._unacknowledged[alarm_id] = (kind, raised_at)
                if alarm_id not in told:
                    self._unnotified[alarm_id] = (kind, raised_at)
        self._show(_OPEN)

    def found(self, alarm: Alarm) -> None:
        """Take what the rows have of a case: a start knows its clear columns alone."""
        with self._lock:
            moved = self._follow(alarm)
            # What was not delivered was accepted first, and measured then.
            effects = alarm.effects.values()
            if alarm.is_open and any(one.state in _ONCE_TOLD for one in effects):
                self._told.add(alarm.id)
        if moved:
            self._show(moved)

    def changed(self, alarm: Alarm, events: tuple[AlarmEvent, ...]) -> None:
        """Take what has just become durable."""
        with self._lock:
            moved = self._follow(alarm)
        for event in events:
            self._measure(alarm, event)
        if moved:
            self._show(moved)

    def oldest_unnotified_s(self, kind: Kind) -> float:
        """Return the age of the oldest open alarm that nobody has been told of."""
        return self._oldest_s(self._unnotified, kind)

    def oldest_unacknowledged_s(self, kind: Kind) -> float:
        """Return the age of the oldest open alarm that nobody has acknowledged."""
        return self._oldest_s(self._unacknowledged, kind)

    def _follow(self, alarm: Alarm) -> Sequence[_Standing]:
        """Return which numbers have moved."""
        if not alarm.is_open:
            for kept in (self._unnotified, self._unacknowledged):
                kept.pop(alarm.id, None)
            self._told.discard(alarm.id)
            return self._count(alarm.id, None)
        if any(effect.state in TOLD for effect in _tellings(alarm)):
            self._unnotified.pop(alarm.id, None)
        else:  # clear columns say when it was raised, and not that it was reopened
            self._unnotified[alarm.id] = (alarm.kind, alarm.opened_at)
        if alarm.acknowledged is not None:
            self._unacknowledged.pop(alarm.id, None)
        else:
            since = (alarm.kind, alarm.urgent_since)
            self._unacknowledged.setdefault(alarm.id, since)
        return self._count(alarm.id, (alarm.kind, alarm.response))

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
        """Say whether somebody is told for the first time; once of an open alarm.

        That it was delivered as well, which a network says later, is no second one.
        """
        if alarm.id in self._told or not alarm.is_open:
            return False
        told = [e for e in alarm.effects.values() if e.state in TOLD]
        is_first = len(told) == 1 and told[0].effect == event.effect
        if is_first:
            self._told.add(alarm.id)
        return is_first

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

    def _count(
        self, alarm_id: AlarmId, standing: _Standing | None
    ) -> Sequence[_Standing]:
        """Keep the number of each kind and state; None takes the alarm out."""
        before = self._states.get(alarm_id)
        if before == standing:
            return ()
        moved = []
        if before is not None:
            moved.append(before)
            self._counts[before] -= 1
            del self._states[alarm_id]
        if standing is not None:
            moved.append(standing)
            self._counts[standing] += 1
            self._states[alarm_id] = standing
        return moved

    def _show(self, moved: Iterable[_Standing]) -> None:
        """Set the gauges of what has moved."""
        # One at a time: whoever has the older number must not be the last to show it.
        with self._showing:
            for standing in moved:
                kind, state = standing
                said = {"kind": kind.value, "state": state.value}
                self._telemetry.gauge("alarms", self._counts[standing], **said)


def _tellings(alarm: Alarm) -> Iterator[Effect]:
    """Yield what tells somebody who may help of a case as it stands open now.

    Where a reopening has all told anew, what was sent before it has told them of a
    distress that they may believe to be over.
    """
    for effect in alarm.effects.values():
        is_before = effect.planned_at < alarm.opened_at
        is_spent = effect.round <= alarm.spent.get(effect.step, 0)
        if effect.audience not in _NO_HELP and not (is_before and is_spent):
            yield effect

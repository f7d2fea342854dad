"""What the watchers know of cases that an older engine has left: from its rows.

An attempt whose outcome does not say that nothing was sent counts as a contact, and
who answered, closed or said a word of force as what the rows have of them. Times lie
before the day's beginning; but a case counts as open since then, when whatever should
have been done in it by now has to be.
"""

import json

from engine.alarm.events import (
    AlarmClosed,
    AlarmEvent,
    AlarmRaised,
    ReplyReceived,
    StepFired,
)
from engine.alarm.evolve import fold
from engine.alarm.state import alarm_of, is_alarms
from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import ATTEMPTING, EFFECT, outcome_of
from engine.intake.checkins.timer import PREFIX, person_of
from engine.ports.journal import EffectState, InboundRow, StoredEvent
from engine.values import AlarmId, EffectId, Instant
from tests.simulation.devices import ACTS
from tests.simulation.disk import Disk
from tests.simulation.invariants import SENT, Watching


def recall(watching: Watching, disk: Disk, now: Instant) -> None:
    """Tell the watchers of everything that is in the rows already."""
    _Recalling(watching, disk, now).recall()


class _Recalling:
    """Goes through the rows once, in the order of the journal."""

    def __init__(self, watching: Watching, disk: Disk, now: Instant) -> None:
        self._watching, self._disk, self._now = watching, disk, now
        self._unheard = {
            key: row for key, row in disk.medium.inbound.items() if row.taken_by
        }

    def recall(self) -> None:
        watching, medium = self._watching, self._disk.medium
        for row in medium.events:
            if is_alarms(row.stream):
                self._row(alarm_of(row.stream), row)
        for name, stream in medium.streams.items():
            watching.epochs[name] = stream.epoch
            if name.startswith(EFFECT):
                self._effect(EffectId(name.removeprefix(EFFECT)), stream.events)
            elif name.startswith(PREFIX) and stream.head.is_open:
                watching.timed.people.add(person_of(name))
        bodies = [decode_body(row.body) for row in medium.effects.values()]
        numbers = {one.address for one in bodies if one.address.startswith("+")}
        watching.secrets |= numbers
        for key, signal in medium.inbound.items():
            if _acts(signal):
                watching.acknowledged[key] = self._s(signal.received_at)

    def _s(self, at: Instant) -> float:
        """Return a time as seconds since the day began: none is after that."""
        return (at.ms - self._now.ms) / 1000

    def _row(self, alarm_id: AlarmId, row: StoredEvent) -> None:
        watching, at_s = self._watching, self._s(row.at)
        event = watching.rows.decode(row)
        heard = [key for key, one in self._unheard.items() if _is_by_now(one, row)]
        for key in heard:
            del self._unheard[key]
        watching.freedom.hear(alarm_id, heard, self._disk)
        watching.freedom.listen(alarm_id, event)
        watching.attention.listen(alarm_id, event, at_s)
        self._fact(alarm_id, event, at_s)
        alarm = fold(alarm_id, watching.alarms.get(alarm_id), event)
        if alarm is not None:
            watching.after_care.listen(alarm, event, at_s)
            watching.alarms[alarm_id] = alarm

    def _fact(self, alarm_id: AlarmId, event: AlarmEvent, at_s: float) -> None:
        watching = self._watching
        match event:
            case AlarmRaised():
                watching.raised_s[alarm_id], watching.opened_s[alarm_id] = at_s, 0.0
            case AlarmClosed():
                watching.given.add(("Close", alarm_id, event.by))
                if event.into is not None:
                    watching.answers.merge(alarm_id, event.into)
            case StepFired():
                watching.fired.append((at_s, alarm_id, event.step))
            case ReplyReceived() if event.authentic:
                watching.answers.note(alarm_id, event.person)
            case _:
                pass

    def _effect(self, effect: EffectId, rows: list[StoredEvent]) -> None:
        watching, row = self._watching, self._disk.medium.effects[effect]
        attempts = [one for one in rows if one.kind == ATTEMPTING]
        watching.sent[effect] = len(attempts)
        watching.unsent[effect] = _came_to_nothing(rows)
        if row.state in SENT:
            watching.confirmed[effect] = {"accepted", "reported"}
        if attempts and is_alarms(row.alarm):
            alarm_id = alarm_of(row.alarm)
            took_s = self._s(attempts[0].at) - watching.raised_s[alarm_id]
            before_s = watching.first_told_s.get(alarm_id, took_s)
            watching.first_told_s[alarm_id] = min(before_s, took_s)


def _is_by_now(signal: InboundRow, row: StoredEvent) -> bool:
    """Say whether a case has taken up a signal with this row, or before."""
    if signal.taken_by != row.stream:
        return False
    return str(signal.key) == row.command_id or signal.received_at < row.at


def _came_to_nothing(rows: list[StoredEvent]) -> int:
    """Return of how many attempts it is certain that nothing was sent."""
    outcomes = [outcome_of([row]) for row in rows]
    refused = EffectState.REJECTED
    return sum(one is not None and one.state is refused for one in outcomes)


def _acts(signal: InboundRow) -> bool:
    said = json.loads(signal.body)
    return isinstance(said, list) and not ACTS.isdisjoint(said[0]["signals"])

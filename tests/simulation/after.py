"""Whether a case that has ended is asked about on each day that its file names (I3).

Nothing here asks the engine's own schedule: a day counts from the end that was true, by
a clock that no fault reaches.
"""

from dataclasses import dataclass, field
from math import inf
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
    from engine.values import AlarmId, PersonId, StepId

SLACK_S = 7_200.0
ON_ITS_WAY_S = 60.0
"""News of an end goes to everybody who was told, one after the other by two modems."""
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
        self.strangers: set[PersonId] = set()
        """Who was taken out of the roster: nobody knows where to ask them."""
        self.worded: set[PersonId] = {AGREED}
        """Who has agreed on words."""
        self._seen: dict[AlarmId, _Seen] = {}
        """Of each that was opened again without a sign of it for the defender, who is
        asked on as if it were not."""

    def listen(self, alarm: Alarm, event: AlarmEvent, now_s: float) -> bool:
        """Take a fact of a case; say whether it writes to whoever is detained."""
        match event:
            case AlarmClosed():
                is_held = event.reason is CloseReason.DETAINED
                self._held[alarm.id] = self._held.get(alarm.id, False) or is_held
                if not event.apparent:
                    self._ended_s[alarm.id] = now_s
            case AlarmReopened() | PressJoined():
                self._begin_anew(alarm, event)
            case SafetyConfirmed(detained=True) if alarm.id in self._held:
                self._held[alarm.id] = True
            case NotificationPlanned():
                self._asked.setdefault(alarm.id, set()).add(event.step)
                if alarm.id in self._seen:
                    self._seen[alarm.id].asked.add(event.step)
                is_held = self._held.get(alarm.id, False)
                return is_held and event.audience is Audience.DEFENDER
            case ReplyReceived(reply=ReplyKind.SAFE) if event.person == alarm.defender:
                self._answered_s.setdefault(alarm.id, now_s)
                if alarm.id in self._seen:
                    seen = self._seen[alarm.id]
                    seen.answered_s = min(seen.answered_s, now_s)
            case _:
                pass
        return False

    def _begin_anew(self, alarm: Alarm, event: AlarmReopened | PressJoined) -> None:
        if isinstance(event, AlarmReopened) and event.silent:
            self._seen.setdefault(alarm.id, self._as_seen(alarm))
        elif isinstance(event, AlarmReopened):
            self._seen.pop(alarm.id, None)
        elif alarm.id in self._seen:
            # What of it the telephone shows depends on the press.
            self._seen[alarm.id] = _Seen(ended_s=None)
        for kept in (self._ended_s, self._answered_s, self._asked, self._held):
            kept.pop(alarm.id, None)

    def just_ended(self, alarm: Alarm, now_s: float) -> bool:
        """Say whether a case ended so late that its news may be on its way."""
        return now_s - self._ended_s.get(alarm.id, -inf) < ON_ITS_WAY_S

    def is_forgotten(self, alarm: Alarm, now_s: float) -> bool:
        """Say whether a day has passed on which somebody was not asked.

        Of an exercise nobody asks; of what was found false, or merged, as of all else.
        Who has agreed on words may have been asked since an end that only looked like
        one: of them HQ alone is looked at. So it is of whoever is detained, whose word
        ends nothing. Where a colleague was forced to say that all is well the telephone
        is asked from the first end on.
        """
        ended_s = self._ended_s.get(alarm.id)
        if ended_s is None or alarm.is_open:
            return False
        if alarm.kind is not Kind.REAL:
            return False
        answered_s = self._answered_s.get(alarm.id, now_s)
        if self._held.get(alarm.id, False):
            return self._has_missed(alarm, _Seen(ended_s, self._of(alarm)), now_s)
        hqs = _Seen(ended_s, self._of(alarm))
        if self._has_missed(alarm, hqs, min(now_s, answered_s)):
            return True
        if alarm.defender in self.worded | self.strangers:
            return False
        seen = self._seen.get(alarm.id, hqs)
        until_s = min(now_s, answered_s, seen.answered_s)
        return self._has_missed(alarm, seen, until_s, at_hq=False)

    def _of(self, alarm: Alarm) -> "set[StepId]":
        return self._asked.get(alarm.id, set())

    def _as_seen(self, alarm: Alarm) -> "_Seen":
        """Return what the telephone goes by once a case is opened again unseen."""
        if self._held.get(alarm.id, False):
            return _Seen(ended_s=None)
        answered_s = self._answered_s.get(alarm.id, inf)
        return _Seen(self._ended_s.get(alarm.id), {*self._of(alarm)}, answered_s)

    @staticmethod
    def _has_missed(
        alarm: Alarm, seen: "_Seen", until_s: float, *, at_hq: bool = True
    ) -> bool:
        ended_s = seen.ended_s
        return ended_s is not None and any(
            step.id not in seen.asked
            for step in alarm.protocol.steps
            if _asks(step) and at_hq is (step.to is not Audience.DEFENDER)
            if ended_s + step.delay.total_seconds() <= until_s - SLACK_S
        )


@dataclass(slots=True)
class _Seen:
    """From when on somebody is asked, at what they were, and when the word came."""

    ended_s: float | None
    asked: "set[StepId]" = field(default_factory=set)
    answered_s: float = inf


def _asks(step: Step) -> bool:
    return step.after == Start.CLOSED.value and step.text in _ASKS

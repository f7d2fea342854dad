"""From a command to a decision, what it asks answered: in a flood, HQ's part first."""

from dataclasses import dataclass
from datetime import timedelta

from engine.alarm.commands import AlarmCommand, Recipient
from engine.alarm.decide import Decision, begun, run_on
from engine.alarm.desk import Desk
from engine.alarm.state import Alarm
from engine.alarm.wanted import SEARCHES
from engine.protocol.model import Audience
from engine.values import AlarmId, Instant, StepId

HELD = timedelta(seconds=5)
_AT_HQ = frozenset({Audience.HQ, Audience.DUTY})


@dataclass(slots=True, kw_only=True)
class Questions:
    """What one alarm's decisions ask; for its own thread.

    A search, and a text for each whom it finds, take most of deciding. Where many are
    raised at once each alarm would wait for the searches of all before it, until
    anybody at all was told of it. So HQ is told of each first, and the searches follow.
    No fact tells of that: the step is due all the while, by the rows as well.
    """

    desk: Desk
    _held_since: Instant | None = None

    def considered(
        self,
        alarm_id: AlarmId,
        alarm: Alarm | None,
        command: AlarmCommand,
        now: Instant,
    ) -> Decision:
        """Return what a command comes to; with `lookups` open, a search is held."""
        begins = alarm is None and self.desk.is_flooded()
        holds = begins or self.hold_until(now) is not None
        found: dict[tuple[StepId, int], tuple[Recipient, ...]] = {}
        before = begun(alarm_id, alarm, command, now)
        decision = run_on(before, found, now)
        # Each pass may let further steps run: at most one more for each step.
        while decision.lookups:
            asked = decision.lookups
            if holds:
                asked = tuple(one for one in asked if one.audience not in SEARCHES)
            if not asked:
                if _tells_hq(decision):
                    self._held_since = now if begins else self._held_since
                    return decision
                asked = decision.lookups
            for lookup in asked:
                found[lookup.step, lookup.round] = self.desk.answer(lookup)
            decision = run_on(before, found, now)
        return decision

    def hold_until(self, now: Instant) -> Instant | None:
        """Return until when a search is held; None where none is, or no more.

        A clock that was set back ends it as well.
        """
        since = self._held_since
        if since is None or not since <= now < since.plus(HELD):
            return None
        return since.plus(HELD)

    def armed(self, due: Instant | None, now: Instant) -> Instant | None:
        """Return when to look again, where something falls due at `due`."""
        held = self.hold_until(now)
        return due if due is None or held is None else max(due, held)


def _tells_hq(decision: Decision) -> bool:
    """Say whether anybody at HQ is told; what goes to the defender helps nobody."""
    effects = {} if decision.alarm is None else decision.alarm.effects
    return any(effect.audience in _AT_HQ for effect in effects.values())

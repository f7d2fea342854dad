"""What an alarm's actor tells others once its facts are durable: hints, all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.alarm.commands import AlarmCommand
from engine.alarm.events import AlarmEvent
from engine.alarm.state import Alarm
from engine.ports.journal import EffectRow
from engine.values import AlarmId, EffectId, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """Called in the alarm's thread after the commit; must neither block nor raise.

    Losing any of them loses nothing: the rows say the same, and whoever was to be
    told looks at the rows at start and now and then.
    """

    planned: Callable[[tuple[EffectRow, ...]], None]
    withdrawn: Callable[[tuple[EffectId, ...]], None]
    due: Callable[[AlarmId, Instant | None], None]
    changed: Callable[[Alarm, tuple[AlarmEvent, ...]], None]
    """Who keeps the directory and the measurements."""
    unkept: Callable[[AlarmCommand], None]
    """Who tells HQ that nothing of a command could be made durable; each time."""

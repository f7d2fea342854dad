"""Which alarms are awake, and who may go: the longest idle, if they have nothing to do.

An alarm that is let go while it waits for a slow journal would arm no deadline for what
becomes durable then.
"""

from collections import OrderedDict
from collections.abc import Callable
from itertools import islice, takewhile

from engine.values import AlarmId

LOOKED_AT = 32
"""So many of the longest idle are looked at for one who is at rest."""
BUSY_RATIO = 10
"""So many times as many may be awake while none of these is at rest, and no more."""


class Awake:
    """A book that the directory keeps, in its own thread.

    Args:
        is_at_rest: says whether an alarm has nothing to do.

    """

    def __init__(self, is_at_rest: Callable[[AlarmId], bool]) -> None:
        """Begin empty."""
        self._is_at_rest = is_at_rest
        self._since_s: OrderedDict[AlarmId, float] = OrderedDict()

    def __contains__(self, alarm_id: AlarmId) -> bool:
        """Say whether one is awake."""
        return alarm_id in self._since_s

    def note(self, alarm_id: AlarmId, now_s: float) -> None:
        """Take note of a message for one."""
        self._since_s[alarm_id] = now_s
        self._since_s.move_to_end(alarm_id)

    def forget(self, alarm_id: AlarmId) -> None:
        """Take one off that is awake no more."""
        self._since_s.pop(alarm_id, None)

    def idle(self, before_s: float) -> list[AlarmId]:
        """Return who is at rest and had no message since."""
        idle = takewhile(lambda one: one[1] <= before_s, self._since_s.items())
        return [alarm_id for alarm_id, _ in idle if self._is_at_rest(alarm_id)]

    def surplus(self, live_max: int) -> AlarmId | None:
        """Return who must go before another one wakes; None where nobody must."""
        if len(self._since_s) < live_max:
            return None
        for alarm_id in islice(self._since_s, LOOKED_AT):
            if self._is_at_rest(alarm_id):
                return alarm_id
        is_too_much = len(self._since_s) >= live_max * BUSY_RATIO
        return next(iter(self._since_s)) if is_too_much else None

"""Which commands a child does not handle, since they have crashed it twice."""

import math
from collections import OrderedDict
from collections.abc import Callable

CRASHES_MAX = 2
KEPT_MAX = 256
UNREAD_S = 60.0
"""So long a command is put away for rows that could not be read: it is not its fault,
and whoever tells it again finds them readable, or is put off once more."""


class Quarantine:
    """A book that the supervisor keeps, and that its child looks into; any thread.

    Args:
        now_s: seconds of a clock that never goes back.

    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        """Begin empty."""
        self._now_s = now_s
        self._crashes: OrderedDict[object, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        """Return how many commands have crashed the child, lately."""
        return len(self._crashes)

    def __contains__(self, key: object) -> bool:
        """Say whether a command is put away."""
        crashes = self._crashes.get(key)
        return crashes is not None and self._now_s() < crashes[1]

    def crashed(self, key: object, *, unread: bool) -> bool:
        """Count a crash against a command; True when it is to be put away.

        For good, or where the last one was that rows could not be read, for a while.
        """
        count, until_s = self._crashes.pop(key, (0, 0.0))
        count += 1
        is_put_away = count >= CRASHES_MAX
        if is_put_away:
            count, until_s = (
                (0, self._now_s() + UNREAD_S) if unread else (count, math.inf)
            )
        self._crashes[key] = count, until_s
        if len(self._crashes) > KEPT_MAX:
            self._crashes.popitem(last=False)
        return is_put_away

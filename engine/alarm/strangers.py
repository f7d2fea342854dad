"""Strangers by the hundred: from a bound on they share cases, and each is still heard.

Whoever reaches a device's port can be as many strangers in distress as they like. A
case of its own for each would fill the memory within the hour, and end the engine for
everybody. Whoever is in the roster is never among them.
"""

from zlib import crc32

from msgspec.structs import replace

from engine.alarm.commands import Raise
from engine.values import AlarmId

STRANGERS_MAX = 200
"""So many open cases may be one stranger's own, as HQ and a phone's list can hold. An
open case takes 36 KB of memory, one press more in it half a KB."""
TOGETHER_MAX = 500
"""So many presses share a case: its time line has to be read by somebody."""
SIDE_BY_SIDE = 4
"""So many cases take them at once: a case takes one press after the other."""
SHARED = "strangers-"
DEVICE = "device-"
MESSAGE = "message"
ALIAS_OF_MANY = "many unknown"


class Strangers:
    """How many cases of strangers are open, and which of them take one more press.

    In the directory's thread alone.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._open: set[AlarmId] = set()
        self._taking: dict[str, tuple[AlarmId, int]] = {}

    def stands(self, alarm: AlarmId, *, is_open: bool = True) -> None:
        """Note that a stranger's case is open, or that it is not any more."""
        if is_open:
            self._open.add(alarm)
        else:
            self._open.discard(alarm)

    def takes(self, command: Raise) -> bool:
        """Say whether a press that would begin a case has to share one."""
        return command.defender is None and len(self._open) >= STRANGERS_MAX

    def share(self, key: str, among: list[AlarmId], own: AlarmId) -> AlarmId:
        """Return which case takes one more press; `own` where a new one has to.

        Args:
            key: the kind and subject of the shared cases.
            among: those of them that are open, the latest first.
            own: the case that the press would begin.

        """
        taking, count = self._taking.get(key, (own, TOGETHER_MAX))
        if taking not in among:
            # After a start nobody has counted, and what HQ has closed stays closed.
            taking, count = next(iter(among), own), 0
        if own in among:
            return own
        if count >= TOGETHER_MAX:
            taking, count = own, 0
        self._taking[key] = taking, count + 1
        return taking

    def begun(self, key: str, alarm: AlarmId) -> None:
        """Have those to come share a case that was begun, whichever took them before.

        That may take none, since nobody can read its rows: each would begin their own.
        """
        self._taking[key] = alarm, 1


def is_strangers(subject: str) -> bool:
    """Say whether a subject is a stranger's: for the rows, which do not say whose."""
    return subject.startswith((DEVICE, SHARED)) or subject == MESSAGE


def in_a_shared_case(command: Raise) -> Raise:
    """Return a stranger's press as it is meant in a case that many share."""
    number = crc32(command.press.key.encode()) % SIDE_BY_SIDE
    return replace(command, subject=f"{SHARED}{number}", alias=ALIAS_OF_MANY)

"""The guided drill of a device: its first press is an exercise on the full path.

Held in memory alone, on purpose: after a restart a press is real, since an exercise
too few is better than an alarm that passes for one.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from engine.values import DeviceId, Instant, ReportKey

ARMED = timedelta(minutes=15)
# A device keeps its alarm bit up, and repeats a press until it is answered.
LASTS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill, agreed upon with the carrier just now; `key` is its first press."""

    armed_at: Instant
    until: Instant
    pressed_at: Instant | None = None
    key: ReportKey | None = None


class Drills:
    """Which devices are being tried out. Any thread; one assignment at a time."""

    def __init__(self) -> None:
        """Start with none."""
        self._drills: dict[DeviceId, Drill] = {}

    def arm(self, device: DeviceId, now: Instant) -> Drill:
        """Begin a drill; replaces one that is under way."""
        drill = Drill(armed_at=now, until=now.plus(ARMED))
        self._drills[device] = drill
        return drill

    def of(self, device: DeviceId) -> Drill | None:
        """Return a device's last drill."""
        return self._drills.get(device)

    def takes(self, device: DeviceId, key: ReportKey, received_at: Instant) -> bool:
        """Say whether a press belongs to the drill; the first one ends it soon.

        The same press is answered the same, however often it is asked about.
        """
        drill = self._drills.get(device)
        if drill is None or not drill.armed_at <= received_at < drill.until:
            return False
        if drill.key is None:
            until = min(drill.until, received_at.plus(LASTS))
            drill = replace(drill, pressed_at=received_at, key=key, until=until)
            self._drills[device] = drill
        return True

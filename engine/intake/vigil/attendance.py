"""When each enrolled device was last heard: memory alone, written by every door."""

from engine.values import DeviceId, Instant


class Attendance:
    """The last word of each device. Any thread; costs a door one assignment.

    Only enrolled devices are noted, so that strangers cannot fill it.
    """

    def __init__(self, alive_at: Instant) -> None:
        """Start with nobody heard; the engine itself was last alive at `alive_at`."""
        self._heard: dict[DeviceId, Instant] = {}
        self._alive_at = alive_at

    def heard(self, device: DeviceId, at: Instant) -> None:
        """Note a word of a device."""
        self._heard[device] = at

    def last(self, device: DeviceId) -> Instant | None:
        """Return when a device was heard last by this process."""
        return self._heard.get(device)

    def alive(self, now: Instant) -> Instant:
        """Return since when nobody was listening, and note that somebody is now."""
        before, self._alive_at = self._alive_at, now
        return min(before, now)

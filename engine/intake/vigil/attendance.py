"""When each enrolled device was last heard: memory alone, written by every door."""

from collections.abc import Mapping
from types import MappingProxyType

from engine.ports.device import DeviceReport
from engine.values import DeviceId, Instant

_NONE: Mapping[str, str] = MappingProxyType({})


class Attendance:
    """The last word of each device. Any thread; costs a door one assignment.

    Only enrolled devices are noted, so that strangers cannot fill it.
    """

    def __init__(self, alive_at: Instant) -> None:
        """Start with nobody heard; the engine itself was last alive at `alive_at`."""
        self._heard: dict[DeviceId, Instant] = {}
        self._battery: dict[DeviceId, float] = {}
        self._readings: dict[DeviceId, Mapping[str, str]] = {}
        self._alive_at = alive_at

    def heard(
        self, device: DeviceId, at: Instant, battery_ratio: float | None = None
    ) -> None:
        """Note a word of a device, and its battery (0 to 1) where it says."""
        self._heard[device] = at
        if battery_ratio is not None:
            self._battery[device] = battery_ratio

    def told(self, device: DeviceId, report: DeviceReport) -> None:
        """Note a report of a device: that it lives, its battery and its readings."""
        self.heard(device, report.received_at, report.battery_ratio)
        if report.attributes:
            self._readings[device] = report.attributes

    def last(self, device: DeviceId) -> Instant | None:
        """Return when a device was heard last by this process."""
        return self._heard.get(device)

    def battery_ratio(self, device: DeviceId) -> float | None:
        """Return the last battery (0 to 1) that a device has told of."""
        return self._battery.get(device)

    def readings(self, device: DeviceId) -> Mapping[str, str]:
        """Return what else its last report with any reading has told."""
        return self._readings.get(device, _NONE)

    def alive(self, now: Instant) -> Instant:
        """Return since when nobody was listening, and note that somebody is now."""
        before, self._alive_at = self._alive_at, now
        return min(before, now)

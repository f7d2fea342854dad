"""What a device says in one piece: one signal behind the other, as they stand there.

A device that was out of reach sends what it holds at once. By one moment for all, a
cancel that was pressed before an SOS would have come with it, and call it off.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from engine.ports.device import DeviceReport
from engine.values import DeviceId, Instant

APART = timedelta(milliseconds=1)
AHEAD_MAX = timedelta(seconds=1)
"""So far a signal may be put off: whoever knows a device's number can send thousands
in a second, and the next press of it would be of an hour that is still to come."""
_Frame = tuple[bytes, int]


@dataclass(slots=True)
class Behind:
    """The last signal of each device, of as many as are enrolled."""

    _last: dict[DeviceId, tuple[Instant, _Frame]] = field(default_factory=dict)

    def take(self, report: DeviceReport) -> DeviceReport:
        """Return an enrolled device's signal, just behind the one before it.

        The same frame once more is the same signal, which came when it did.
        """
        device, frame, at = report.device, (report.raw, report.part), report.received_at
        if device is None:
            return report
        last = self._last.get(device)
        if last is not None and at <= last[0] and frame != last[1]:
            at = min(last[0].plus(APART), at.plus(AHEAD_MAX))
            report = replace(report, received_at=at)
        self._last[device] = (at, frame)
        return report

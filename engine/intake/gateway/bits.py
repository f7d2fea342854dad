"""Which alarm bits of a device were seen set, and which cleared since.

Many trackers hold a bit in each report until somebody resets it. Such a report is the
same press, at any interval; one after a report without the bit is a new press. In the
event loop's thread; `pressed` also in the journal's. A start forgets everything.
"""

from dataclasses import replace

from engine.ports.device import DeviceReport
from engine.values import AlarmBit, DeviceId, Signal


class AlarmBits:
    """The last state of each bit of each enrolled device."""

    def __init__(self) -> None:
        """Begin without a memory."""
        self._is_set: dict[tuple[DeviceId, Signal], bool] = {}

    def take(self, report: DeviceReport) -> DeviceReport:
        """Return a report with what is known of each bit that it shows as set.

        What a device had stored says nothing of how its bits are now: it counts by
        its own time, as an event does.
        """
        device = report.device
        if device is None or not report.levels or report.buffered:
            return report
        for signal in report.levels - report.signals:
            self._is_set[device, signal] = False
        bits = {
            signal: self._bit(device, signal)
            for signal in report.levels & report.signals
        }
        return replace(report, bits=bits) if bits else report

    def pressed(self, report: DeviceReport) -> None:
        """Note the bits of a press that is durable: what is lost must come again."""
        if report.device is not None:
            for signal in report.bits:
                self._is_set[report.device, signal] = True

    def _bit(self, device: DeviceId, signal: Signal) -> AlarmBit:
        was_set = self._is_set.get((device, signal))
        if was_set is None:
            return AlarmBit.UNSEEN
        return AlarmBit.HELD if was_set else AlarmBit.RISEN

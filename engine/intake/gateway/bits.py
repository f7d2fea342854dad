"""Which alarm bits of a device were seen set, and which cleared since.

Many trackers hold a bit in each report until somebody resets it. Such a report is the
same press, at any interval; one after a report without the bit is a new press. In the
event loop's thread; `pressed` also in the journal's. A start forgets everything.
"""

from dataclasses import replace

from engine.ports.device import DeviceReport
from engine.values import AlarmBit, DeviceId, Signal

_Bit = tuple[DeviceId, Signal]


class AlarmBits:
    """How often each bit of each enrolled device was seen clear, and when pressed."""

    def __init__(self) -> None:
        """Begin without a memory."""
        self._clears: dict[_Bit, int] = {}
        # So often it had been seen clear when it was last shown as set, and when that
        # was durable: no order of the two threads makes a press of before one of now.
        self._shown: dict[_Bit, int] = {}
        self._pressed: dict[_Bit, int] = {}

    def take(self, report: DeviceReport) -> DeviceReport:
        """Return a report with what is known of each bit that it shows as set.

        What a device had stored says nothing of how its bits are now: it counts by
        its own time, as an event does.
        """
        device = report.device
        if device is None or not report.levels or report.buffered:
            return report
        for signal in report.levels - report.signals:
            bit = device, signal
            self._clears[bit] = self._clears.get(bit, 0) + 1
        bits = {
            signal: self._state(device, signal)
            for signal in report.levels & report.signals
        }
        return replace(report, bits=bits) if bits else report

    def pressed(self, report: DeviceReport) -> None:
        """Note the bits of a press that is durable: what is lost must come again."""
        if report.device is not None:
            for signal in report.bits:
                bit = report.device, signal
                self._pressed[bit] = self._shown[bit]

    def _state(self, device: DeviceId, signal: Signal) -> AlarmBit:
        bit = device, signal
        clears = self._shown[bit] = self._clears.get(bit, 0)
        if self._pressed.get(bit) == clears:
            return AlarmBit.HELD
        return AlarmBit.RISEN if clears else AlarmBit.UNSEEN

"""Which reports of one frame are out of the device's storage: pure.

Teltonika's records, xexun2's, the rows of a telephone and others do not say so. Where
a newer one stands beside them whose time is right, theirs is right too, and old: an SOS
of two hours ago is no SOS of now, at a place of now.
"""

from collections.abc import Sequence
from dataclasses import replace

from engine.intake.doubts import CLOCK_TOLERANCE
from engine.ports.device import DeviceReport
from engine.values import DeviceId, Instant


def marked(reports: Sequence[DeviceReport]) -> Sequence[DeviceReport]:
    """Return the reports of one frame, the old ones marked as buffered.

    What another device says of the time says nothing of one whose clock stands still:
    a feed brings several, and what is buffered is the same press for ever.
    """
    if len(reports) < 2:  # noqa: PLR2004 - beside another
        return reports
    newest: dict[DeviceId | None, Instant] = {}
    for one in reports:
        if one.device_at is not None:
            before = newest.get(one.device, one.device_at)
            newest[one.device] = max(before, one.device_at)
    return [
        replace(one, buffered=True) if _is_old(one, newest.get(one.device)) else one
        for one in reports
    ]


def _is_old(report: DeviceReport, newest: Instant | None) -> bool:
    if report.device_at is None or newest is None:
        return False
    is_now = abs(report.received_at.since(newest)) <= CLOCK_TOLERANCE
    return is_now and newest.since(report.device_at) > CLOCK_TOLERANCE

"""Which reports of one frame are out of the device's storage: pure.

Teltonika's records, xexun2's, the rows of a telephone and others do not say so. Where
a newer one stands beside them whose time is right, theirs is right too, and old: an SOS
of two hours ago is no SOS of now, at a place of now.
"""

from collections.abc import Sequence
from dataclasses import replace

from engine.intake.doubts import CLOCK_TOLERANCE
from engine.ports.device import DeviceReport


def marked(reports: Sequence[DeviceReport]) -> Sequence[DeviceReport]:
    """Return the reports of one frame, the old ones marked as buffered."""
    if len(reports) < 2:  # noqa: PLR2004 - beside another
        return reports
    times = [one.device_at for one in reports if one.device_at is not None]
    if not times:
        return reports
    newest, now = max(times), reports[0].received_at
    if abs(now.since(newest)) > CLOCK_TOLERANCE:
        return reports
    return [
        replace(one, buffered=True)
        if one.device_at is not None and newest.since(one.device_at) > CLOCK_TOLERANCE
        else one
        for one in reports
    ]

"""Which of a device's claims are not believed: its clock, and where it says it is.

Pure. What is not believed is kept and marked: it is more than nothing.
"""

from datetime import timedelta
from math import asin, cos, isfinite, radians, sin, sqrt

from engine.ports.device import DeviceReport
from engine.values import Fix, PlaceDoubt

CLOCK_TOLERANCE = timedelta(minutes=5)


def clock_doubtful(report: DeviceReport) -> bool:
    """Say whether a device's time is more than five minutes off, with no excuse."""
    if report.buffered or report.device_at is None:
        return False
    off = abs(report.received_at.since(report.device_at))
    return off > CLOCK_TOLERANCE


def sent_of(report: DeviceReport) -> Fix | None:
    """Return the position that a report has, believed or not, with the time of it."""
    sent = report.fix or report.doubtful_fix
    if sent is None:
        return None
    at = sent.at
    if clock_doubtful(report) or at > report.received_at:
        at = report.received_at
    return Fix(
        lat_deg=sent.lat_deg,
        lon_deg=sent.lon_deg,
        at=at,
        accuracy_m=_sound(sent.accuracy_m),
    )


def doubt_of(
    report: DeviceReport, fix: Fix, last: Fix | None, doubted: Fix | None
) -> PlaceDoubt | None:
    """Return why a report's position is not believed; None where it is.

    A jump is believed once a later report agrees with it: else a single wrong position,
    believed once, would cast doubt on every true one for hours. So is the place of a
    clock that is ahead: it counts as now. What signals is not doubted for its clock.
    """
    if report.fix is None:
        return PlaceDoubt.INVALID
    if not _on_globe(fix):
        return PlaceDoubt.OFF_GLOBE
    if _is_zero(fix):
        return PlaceDoubt.ZERO
    if doubted is not None and fix.at > doubted.at and plausible(fix, doubted):
        return None
    if not plausible(fix, last):
        return PlaceDoubt.JUMP
    ahead = report.fix.at.since(report.received_at)
    if ahead > CLOCK_TOLERANCE and not report.signals:
        return PlaceDoubt.FUTURE
    return None


def plausible(fix: Fix, last: Fix | None) -> bool:
    """Say whether a position can be: on the globe, not 0/0, no impossible jump.

    Faster than 300 m/s from the last fix is a jump. The distance is a spherical
    estimate, good to 0.6 %; a judgement of this kind needs no more.
    """
    if not _on_globe(fix) or _is_zero(fix):
        return False
    if last is None:
        return True
    passed_s = max(fix.at.since(last.at).total_seconds(), 60.0)
    return _rough_distance_m(fix, last) <= 300.0 * passed_s


def _sound(accuracy_m: float | None) -> float | None:
    is_sound = accuracy_m is not None and isfinite(accuracy_m) and accuracy_m >= 0
    return accuracy_m if is_sound else None


def _on_globe(fix: Fix) -> bool:
    return -90 <= fix.lat_deg <= 90 and -180 <= fix.lon_deg <= 180  # noqa: PLR2004 - degrees of the globe


def _is_zero(fix: Fix) -> bool:
    return abs(fix.lat_deg) < 0.01 and abs(fix.lon_deg) < 0.01  # noqa: PLR2004 - one kilometre round 0/0


def _rough_distance_m(one: Fix, other: Fix) -> float:
    lat_1, lat_2 = radians(one.lat_deg), radians(other.lat_deg)
    d_lat, d_lon = lat_2 - lat_1, radians(other.lon_deg - one.lon_deg)
    half = sin(d_lat / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin(d_lon / 2) ** 2
    return 2 * 6_371_009 * asin(min(1.0, sqrt(half)))

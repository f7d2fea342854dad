"""What a tracker's text message says: who it is, distress or not, where. Pure.

No two makers agree on a form, so that none is parsed whole: an IMEI, a word of
distress and a place are looked for wherever they stand. Total on any text. Forms are
from vendors' manuals: TK-203, Coban GPS103, Concox GT06, Teltonika TMT250, Queclink
GL300, SeeWorld S03C, Meitrack.
"""

import re
from dataclasses import dataclass

from engine.values import DeviceId

_TEXT_MAX = 1000
_IMEI = re.compile(r"(?<!\d)\d{15}(?!\d)")
# Teltonika's default text is "Alarm"; Queclink writes +RESP:GTSOS.
_DISTRESS = re.compile(
    r"(?<![a-z])(?:help ?me|(?:gt)?sos|alarm)(?![a-z])", re.IGNORECASE
)
_NUMBER = r"([-+]?\d{1,3}\.\d{2,8})"
_PLAIN = r"(-?\d{1,3}\.\d{4,6})"
# Queclink's @Track: longitude first, and the time of the place behind it.
_QUECLINK = re.compile(rf"\+(?:RESP|BUFF):GT.*?,{_PLAIN},{_PLAIN},\d{{14}},", re.DOTALL)
_PLACES = (
    re.compile(
        rf"lat\w*\W{{0,3}}([NS]?){_NUMBER}\W{{1,4}}lon\w*\W{{0,3}}([EW]?){_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(rf"[?&]q=([NS]?){_NUMBER},([EW]?){_NUMBER}", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerText:
    """What was found; a place in degrees, WGS84."""

    device: DeviceId | None = None
    is_distress: bool = False
    place: tuple[float, float] | None = None


def read_tracker(text: str) -> TrackerText:
    """Read a text as a tracker's; nothing of it where it is none."""
    said = text[:_TEXT_MAX]
    imei = _IMEI.search(said)
    return TrackerText(
        device=None if imei is None else DeviceId(imei[0]),
        is_distress=_DISTRESS.search(said) is not None,
        place=_place(said),
    )


def _place(text: str) -> tuple[float, float] | None:
    queclink = _QUECLINK.search(text)
    if queclink is not None:
        return _on_earth(float(queclink[2]), float(queclink[1]))
    for form in _PLACES:
        found = form.search(text)
        if found is not None:
            south, lat, west, lon = found.groups()
            place = _on_earth(
                float(lat) * (-1 if south in {"S", "s"} else 1),
                float(lon) * (-1 if west in {"W", "w"} else 1),
            )
            if place is not None:
                return place
    return None


def _on_earth(lat_deg: float, lon_deg: float) -> tuple[float, float] | None:
    is_place = abs(lat_deg) <= _LAT_MAX_DEG and abs(lon_deg) <= _LON_MAX_DEG
    return (lat_deg, lon_deg) if is_place else None


_LAT_MAX_DEG, _LON_MAX_DEG = 90, 180

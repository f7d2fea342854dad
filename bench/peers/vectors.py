"""Unit vectors for peers that know only straight lines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bench.peers.peer import SPHERE_M

if TYPE_CHECKING:
    from bench.peers.peer import Column


def to_vectors(lats_deg: Column, lons_deg: Column) -> Column:
    """Return an array (n, 3) of unit vectors."""
    lats, lons = np.radians(lats_deg), np.radians(lons_deg)
    cos = np.cos(lats)
    return np.stack([cos * np.cos(lons), cos * np.sin(lons), np.sin(lats)], axis=1)


def to_vector(lat_deg: float, lon_deg: float) -> tuple[float, float, float]:
    """Return one unit vector."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    cos = math.cos(lat)
    return cos * math.cos(lon), cos * math.sin(lon), math.sin(lat)


def arc_m(chord: float) -> float:
    """Return the arc over a chord of the unit sphere, in metres."""
    return 2 * SPHERE_M * math.asin(min(1.0, chord / 2))

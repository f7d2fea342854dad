"""rtree-geodetic, a static R-tree in Rust: five by a growing radius, on the sphere."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
from rtree_geodetic import GeodeticPointTree

from bench.peers.peer import SPHERE_M

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "rtree-geodetic, growing radius"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 1_000_000

RADIUS_MAX_M = 2.1e7


class Tree:
    """A tree of points, longitude first."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Build it; one moved person means another."""
        self._tree = GeodeticPointTree(np.stack([lons_deg, lats_deg], axis=1))
        # Tuned on this workload: some ten people near a city.
        self._radius_m = 1_500_000.0 / max(1, len(lats_deg)) ** 0.5

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask with a radius that grows fourfold until it holds k people."""
        radius_m = self._radius_m
        while True:
            place = (lon_deg, lat_deg)
            pairs = self._tree.within_distance(place, radius_m, return_distance=True)
            if len(pairs) >= k or radius_m > RADIUS_MAX_M:
                return sorted(pairs, key=itemgetter(1))[:k]
            radius_m *= 4


build = Tree

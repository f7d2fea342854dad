"""S2: sorted cell ids, searched through a covering of a cap that grows; on the sphere.

The wheels on PyPI have no closest-point query, so this is the usual recipe by hand.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np
import s2geometry as s2

from bench.peers.peer import SPHERE_M
from bench.peers.vectors import arc_m, to_vector, to_vectors

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "s2, sorted ids and a coverer"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 1_000_000

CELLS_MAX = 8


class Cells:
    """People by cell of the finest level, in its order."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Sort them once; one moved person means an insertion into a list."""
        places = zip(lats_deg.tolist(), lons_deg.tolist(), strict=True)
        ids = [s2.S2CellId(s2.S2LatLng.FromDegrees(*place)).id() for place in places]
        order = sorted(range(len(ids)), key=ids.__getitem__)
        self._ids = [ids[person] for person in order]
        self._people = order
        self._vectors = to_vectors(lats_deg, lons_deg)[np.array(order)].tolist()
        self._coverer = s2.S2RegionCoverer()
        self._coverer.set_max_cells(CELLS_MAX)
        # Tuned on this workload: some ten people near a city.
        self._radius_m = 1_500_000.0 / max(1, len(ids)) ** 0.5

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Cover a cap that grows fourfold until it holds k people."""
        asked = to_vector(lat_deg, lon_deg)
        centre = s2.S2LatLng.FromDegrees(lat_deg, lon_deg).ToPoint()
        radius_m = self._radius_m
        while True:
            angle = min(radius_m / SPHERE_M, math.pi)
            cap = s2.S2Cap(centre, s2.S1Angle.Radians(angle))
            found = []
            for cell in self._coverer.GetCovering(cap):
                start = bisect_left(self._ids, cell.range_min().id())
                end = bisect_right(self._ids, cell.range_max().id())
                for row in range(start, end):
                    metres = arc_m(math.dist(asked, self._vectors[row]))
                    found.append((metres, self._people[row]))
            found.sort()
            inside = len(found) >= k and found[k - 1][0] <= radius_m
            if inside or angle >= math.pi:
                return [(person, metres) for metres, person in found[:k]]
            radius_m *= 4


build = Cells

"""geokdtree, a k-d tree over degrees in C++: one nearest only, exact on the sphere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from geokdtree import GeoKDTree

from bench.peers.peer import SPHERE_M
from bench.peers.vectors import arc_m, to_vector

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "geokdtree, k = 1 only"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 1
PEOPLE_MAX = 1_000_000


class Tree:
    """A tree that gives a row; the places are kept beside it for the distance."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Build it; one moved person means another."""
        self._places = list(zip(lats_deg.tolist(), lons_deg.tolist(), strict=True))
        self._tree = GeoKDTree(points=self._places)

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask for the row and measure it.

        Raises:
            ValueError: k is not 1.

        """
        if k != K_MAX:
            raise ValueError(k)
        person = self._tree.closest_idx((lat_deg, lon_deg))
        apart = math.dist(to_vector(lat_deg, lon_deg), to_vector(*self._places[person]))
        return [(person, arc_m(apart))]


build = Tree

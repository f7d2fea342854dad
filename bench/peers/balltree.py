"""scikit-learn's BallTree with its haversine metric: exact on the sphere, static."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.neighbors import BallTree

from bench.peers.peer import SPHERE_M

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "sklearn BallTree"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 1_000_000


class Tree:
    """A tree of radians."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Build it; one moved person means another."""
        radians = np.radians(np.stack([lats_deg, lons_deg], axis=1))
        self._tree = BallTree(radians, metric="haversine")

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask for central angles."""
        angles, people = self._tree.query(np.radians([[lat_deg, lon_deg]]), k)
        pairs = zip(people[0].tolist(), angles[0].tolist(), strict=True)
        return [(person, SPHERE_M * angle) for person, angle in pairs]

    def nearest_many(self, lats_deg: Column, lons_deg: Column, k: int) -> object:
        """Ask for central angles in one call."""
        return self._tree.query(np.radians(np.stack([lats_deg, lons_deg], 1)), k)


build = Tree

"""NumPy brute force over unit vectors: the floor of honesty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.peers.peer import SPHERE_M
from bench.peers.vectors import arc_m, to_vector, to_vectors

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "NumPy scan"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 10_000_000


class Scan:
    """Everyone, in one array."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Keep the vectors."""
        self._vectors = to_vectors(lats_deg, lons_deg)

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Measure everyone as a difference: a dot product loses 0.1 m."""
        apart = self._vectors - to_vector(lat_deg, lon_deg)
        squared = np.einsum("ij,ij->i", apart, apart)
        k = min(k, len(squared))
        people = np.argpartition(squared, k - 1)[:k]
        people = people[np.argsort(squared[people])]
        return [(int(p), arc_m(float(squared[p]) ** 0.5)) for p in people]

    def move(self, person: int, lat_deg: float, lon_deg: float) -> None:
        """Write over one row."""
        self._vectors[person] = to_vector(lat_deg, lon_deg)

    def move_many(self, people: Column, lats_deg: Column, lons_deg: Column) -> None:
        """Write over many rows."""
        self._vectors[people] = to_vectors(lats_deg, lons_deg)


build = Scan

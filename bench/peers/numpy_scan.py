"""NumPy brute force over unit vectors: the floor of honesty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bench.peers.vectors import arc_m, to_vector, to_vectors

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "NumPy scan"
GEODESIC = False
PEOPLE_MAX = 1_000_000


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


build = Scan

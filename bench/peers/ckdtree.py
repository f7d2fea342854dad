"""SciPy's cKDTree over unit vectors: exact on the sphere, static."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.spatial import cKDTree

from bench.peers.peer import SPHERE_M
from bench.peers.vectors import arc_m, to_vector, to_vectors

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "scipy cKDTree"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 10_000_000


class Tree:
    """A tree of unit vectors."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Build it; one moved person means another."""
        self._tree = cKDTree(to_vectors(lats_deg, lons_deg))

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask for chords and turn them into arcs."""
        chords, people = self._tree.query(to_vector(lat_deg, lon_deg), k)
        pairs = zip(people.tolist(), chords.tolist(), strict=True)
        return [(person, arc_m(chord)) for person, chord in pairs]

    def nearest_many(self, lats_deg: Column, lons_deg: Column, k: int) -> object:
        """Ask for chords in one call."""
        return self._tree.query(to_vectors(lats_deg, lons_deg), k)


build = Tree

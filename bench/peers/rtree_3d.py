"""rtree (libspatialindex) over unit vectors: exact on the sphere, takes moves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import rtree.index

from bench.peers.peer import SPHERE_M
from bench.peers.vectors import arc_m, to_vector, to_vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers.peer import Column

NAME = "rtree, 3-D"
EARTH_M = SPHERE_M
BLUR_M = 1e-3
K_MAX = 5
PEOPLE_MAX = 1_000_000


class Tree:
    """A tree of unit vectors, which are kept beside it for the distances."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Load everyone in one stream."""
        self._vectors = to_vectors(lats_deg, lons_deg).tolist()
        properties = rtree.index.Property(dimension=3)
        self._tree = rtree.index.Index(self._boxes(), properties=properties)

    def _boxes(self) -> Iterator[tuple[int, tuple[float, ...], None]]:
        for person, vector in enumerate(self._vectors):
            yield person, (*vector, *vector), None

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask for ids, ties and all, and measure them."""
        asked = to_vector(lat_deg, lon_deg)
        people = self._tree.nearest((*asked, *asked), k)
        pairs = [(arc_m(math.dist(asked, self._vectors[p])), p) for p in people]
        return [(person, metres) for metres, person in sorted(pairs)[:k]]

    def move(self, person: int, lat_deg: float, lon_deg: float) -> None:
        """Take a box out and put another in."""
        old, new = self._vectors[person], to_vector(lat_deg, lon_deg)
        self._tree.delete(person, (*old, *old))
        self._vectors[person] = list(new)
        self._tree.insert(person, (*new, *new))


build = Tree

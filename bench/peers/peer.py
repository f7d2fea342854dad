"""The interface of a peer, and the list of those that are installed."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

# On the sphere, in metres: what most peers measure by (IUGG mean radius).
SPHERE_M = 6_371_008.8

# Module in this package -> distribution that it needs.
PEERS = {
    "geocore_index": "natalia-engine",
    "ckdtree": "scipy",
    "pykdtree_tree": "pykdtree",
    "balltree": "scikit-learn",
    "geodetic_kdtree": "geokdtree",
    "geodetic_rtree": "rtree-geodetic",
    "h3_dict": "h3",
    "s2_cells": "s2geometry",
    "rtree_3d": "rtree",
    "redis_geo": "redis",
    "valkey_geo": "valkey",
    "postgis_knn": "psycopg",
    "numpy_scan": "numpy",
}


class Index(Protocol):
    """People found by nearness.

    May also have `nearest_many(lats, lons, k)`, `move(person, lat, lon)` and
    `move_many(people, lats, lons)`; what is not there must be done by calls or a build.
    """

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Return the k nearest as `(person, metres)`, nearest first."""


class Peer(Protocol):
    """A module of this package.

    A server also has `check()`, which raises OSError where it cannot be started, and
    `version()`, as that of the distribution is its client's.
    """

    NAME: str
    EARTH_M: float | None  # radius of its sphere; None measures by WGS84's geodesic
    BLUR_M: float  # how far off it says that its distances may be
    K_MAX: int  # how many neighbours it can be asked for
    PEOPLE_MAX: int  # above it a build or a query takes too long to wait for

    def build(self, lats_deg: Column, lons_deg: Column) -> Index:
        """Build an index of people 0 to n - 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A peer that can be measured, or the reason why not."""

    module: str
    version: str
    peer: Peer | None
    reason: str = ""


def find_peers(modules: Iterable[str] = PEERS) -> list[Found]:
    """Import every peer; one that is missing says so."""
    found = []
    for module in modules:
        distribution = PEERS[module]
        try:
            version = importlib.metadata.version(distribution)
            peer = importlib.import_module(f"bench.peers.{module}")
            check = getattr(peer, "check", None)
            if check is not None:
                check()
            version = getattr(peer, "version", lambda known=version: known)()
        except (ImportError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
            found.append(Found(module=module, version="-", peer=None, reason=reason))
        else:
            found.append(Found(module=module, version=version, peer=peer))
    return found

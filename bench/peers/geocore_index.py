"""Our own index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import geocore

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "geocore"
GEODESIC = True
PEOPLE_MAX = 10_000_000


def build(lats_deg: Column, lons_deg: Column) -> geocore.Index:
    """Put everyone in at once."""
    index = geocore.Index()
    index.upsert_many(np.arange(len(lats_deg), dtype=np.uint64), lats_deg, lons_deg)
    return index

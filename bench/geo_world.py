"""The workload: 500 cities and the people round them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bench.peers.peer import Column

CITIES = 500
KM_A_DEGREE = 111.2


class World:
    """Cities by area between 55 S and 70 N, the n-th with a weight of n^-0.7."""

    def __init__(self, seed: int = 1) -> None:
        """Found the cities; the same seed founds the same."""
        self._dice = np.random.default_rng(seed)
        self._lats, self._lons = self.remote(CITIES)
        shares = np.arange(1, CITIES + 1) ** -0.7
        self._shares = shares / shares.sum()
        self._sigmas = self._dice.uniform(5, 30, CITIES) / KM_A_DEGREE

    def near(self, count: int) -> tuple[Column, Column]:
        """Return places near cities, 5 to 30 km from their centres (one sigma)."""
        cities = self._dice.choice(CITIES, count, p=self._shares)
        north, east = self._dice.normal(0, self._sigmas[cities], (2, count))
        lats = self._lats[cities] + north
        lons = self._lons[cities] + east / np.cos(np.radians(self._lats[cities]))
        return lats, (lons + 180) % 360 - 180

    def remote(self, count: int) -> tuple[Column, Column]:
        """Return places anywhere on the same band, by area."""
        south, north = np.sin(np.radians([-55, 70]))
        lats = np.degrees(np.arcsin(self._dice.uniform(south, north, count)))
        return lats, self._dice.uniform(-180, 180, count)

    def people(self, count: int) -> tuple[Column, Column]:
        """Return people, four of five near cities."""
        (lats, lons), (more_lats, more_lons) = (
            self.near(count * 4 // 5),
            self.remote(count - count * 4 // 5),
        )
        return np.concatenate([lats, more_lats]), np.concatenate([lons, more_lons])

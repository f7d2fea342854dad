"""Redis or Valkey GEOSEARCH over a Unix socket: takes moves, quantises, ends at 85 N.

Needs a server on the socket named by `GEO_REDIS_SOCKET`; its database 15 is emptied.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import redis

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "Redis GEOSEARCH"
GEODESIC = False
PEOPLE_MAX = 1_000_000

SOCKET = os.environ.get("GEO_REDIS_SOCKET", "/run/redis/redis.sock")
BATCH = 5_000
RADIUS_MAX_KM = 20_100.0


def check() -> None:
    """Refuse when no server listens.

    Raises:
        OSError: nobody does.

    """
    try:
        redis.Redis(unix_socket_path=SOCKET, db=15).ping()
    except redis.RedisError as error:
        msg = f"no server on {SOCKET}"
        raise OSError(msg) from error


class Server:
    """A sorted set of geohashes in a server."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Add everyone in batches."""
        self._redis = redis.Redis(unix_socket_path=SOCKET, db=15)
        self._redis.flushdb()
        self._radius_km = 4_000.0 / max(1, len(lats_deg)) ** 0.5
        rows = list(zip(lons_deg.tolist(), lats_deg.tolist(), strict=True))
        for start in range(0, len(rows), BATCH):
            values: list[float | str] = []
            for person, (lon, lat) in enumerate(rows[start : start + BATCH], start):
                values += [lon, lat, str(person)]
            self._redis.geoadd("people", values)

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask with a radius that grows fourfold until it holds k people."""
        radius_km = self._radius_km
        while True:
            rows = self._redis.geosearch(
                "people",
                longitude=lon_deg,
                latitude=lat_deg,
                radius=radius_km,
                unit="km",
                sort="ASC",
                count=k,
                withdist=True,
            )
            if len(rows) >= k or radius_km > RADIUS_MAX_KM:
                return [(int(name), km * 1_000) for name, km in rows]
            radius_km *= 4


build = Server

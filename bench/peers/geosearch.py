"""GEOSEARCH of Redis and Valkey: takes moves, quantises to 52 bits, ends at 85 N."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bench.peers import servers

if TYPE_CHECKING:
    from bench.peers.peer import Column

# The radius of the earth in their source, and half a diagonal of a geohash at two ends.
EARTH_M = 6_372_797.560856
BLUR_M = 0.7

BATCH = 5_000
RADIUS_MAX_KM = 20_100.0


def start(program: str, client: Any, error: type[Exception]) -> Any:
    """Start a server without persistence and return a client of it."""
    socket = servers.own_folder() / "socket"
    options = ["--port", "0", "--save", "", "--appendonly", "no"]
    connection = client(unix_socket_path=str(socket))
    command = [program, "--unixsocket", str(socket), *options]
    servers.start(command, connection.ping, (error, OSError))
    return connection


class People:
    """A sorted set of geohashes in a server."""

    def __init__(self, client: Any, lats_deg: Column, lons_deg: Column) -> None:
        """Add everyone in batches, in place of whoever was there."""
        self._client = client
        client.flushall()
        self._radius_km = 4_000.0 / max(1, len(lats_deg)) ** 0.5
        self.move_many(range(len(lats_deg)), lats_deg, lons_deg)

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask with a radius that grows fourfold until it holds k people."""
        radius_km = self._radius_km
        while True:
            rows = self._client.geosearch(
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

    def move(self, person: int, lat_deg: float, lon_deg: float) -> None:
        """Add under the same name."""
        self._client.geoadd("people", (lon_deg, lat_deg, str(person)))

    def move_many(self, people: Any, lats_deg: Column, lons_deg: Column) -> None:
        """Add many under the same names, a few thousand a command."""
        names, lats, lons = list(people), lats_deg.tolist(), lons_deg.tolist()
        for first in range(0, len(names), BATCH):
            values: list[float | str] = []
            for row in range(first, min(first + BATCH, len(names))):
                values += [lons[row], lats[row], str(names[row])]
            self._client.geoadd("people", values)

    def bytes_used(self) -> int:
        """Return the server's own figure for the set."""
        return int(self._client.memory_usage("people", samples=0))

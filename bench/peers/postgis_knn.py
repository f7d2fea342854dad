"""PostGIS: `geography <->` over a GiST index; the server is started here."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from bench.peers import servers

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "PostGIS KNN"
# WGS84's mean radius as PostGIS computes it: `<->` orders by the sphere.
EARTH_M = 6_371_008.7714150598
BLUR_M = 1e-2
K_MAX = 5
PEOPLE_MAX = 1_000_000

USER = "postgres"
NEAREST = """
    SELECT id, ST_Distance(place, %(asked)s::geography, false) FROM people
    ORDER BY place <-> %(asked)s::geography LIMIT %(k)s
"""
MOVE = "UPDATE people SET place = ST_MakePoint(%s, %s)::geography WHERE id = %s"
MOVE_MANY = """
    UPDATE people SET place = ST_MakePoint(moved.lon, moved.lat)::geography
    FROM moved WHERE moved.id = people.id
"""


def program(name: str) -> str:
    """Return a program of the newest PostgreSQL.

    Raises:
        OSError: there is none.

    """
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return servers.find_program(*debian, name)


@cache
def connection() -> Any:
    """Start a server with PostGIS, once, and connect."""
    folder = servers.own_folder(USER)
    subprocess.run(
        [program("initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", USER],
        check=True,
        stdout=subprocess.DEVNULL,
        user=USER if os.geteuid() == 0 else None,
    )
    options = ["-c", f"unix_socket_directories={folder}", "-c", "listen_addresses="]
    command = [program("postgres"), "-D", str(folder / "data"), *options]
    link = f"host={folder} user={USER} dbname=postgres"

    def answers() -> None:
        psycopg.connect(link).close()

    servers.start(command, answers, (psycopg.Error,), user=USER)
    connected = psycopg.connect(link, autocommit=True)
    try:
        connected.execute("CREATE EXTENSION postgis")
    except psycopg.Error:
        connected.close()
        raise
    return connected


def check() -> None:
    """Refuse where no server with PostGIS can be started.

    Raises:
        OSError: it cannot.

    """
    try:
        connection()
    except (psycopg.Error, subprocess.SubprocessError) as error:
        raise OSError(str(error)) from error


def version() -> str:
    """Return those of PostGIS and PostgreSQL."""
    row = connection().execute("SELECT postgis_lib_version()").fetchone()
    return f"{row[0]} / {servers.version_of(program('postgres'))}"


class People:
    """A table with an index."""

    def __init__(self, lats_deg: Column, lons_deg: Column) -> None:
        """Fill it anew, index it, and let the planner see it."""
        self._link = connection()
        self._link.execute("DROP TABLE IF EXISTS people")
        self._link.execute("CREATE TABLE people (id int PRIMARY KEY, place geography)")
        self._copy("moved", range(len(lats_deg)), lats_deg, lons_deg)
        self._link.execute(
            "INSERT INTO people SELECT id, ST_MakePoint(lon, lat)::geography FROM moved"
        )
        self._link.execute("CREATE INDEX ON people USING gist (place)")
        self._link.execute("VACUUM ANALYZE people")

    def _copy(
        self, table: str, people: Any, lats_deg: Column, lons_deg: Column
    ) -> None:
        self._link.execute(f"DROP TABLE IF EXISTS {table}")
        columns = "(id int, lat float8, lon float8)"
        self._link.execute(f"CREATE TEMP TABLE {table} {columns}")
        rows = zip(people, lats_deg.tolist(), lons_deg.tolist(), strict=True)
        with self._link.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def nearest(
        self, lat_deg: float, lon_deg: float, k: int
    ) -> list[tuple[int, float]]:
        """Ask once, by a statement that the server keeps prepared."""
        asked = {"asked": f"POINT({lon_deg!r} {lat_deg!r})", "k": k}
        rows: list[tuple[int, float]]
        rows = self._link.execute(NEAREST, asked, prepare=True).fetchall()
        return rows

    def move(self, person: int, lat_deg: float, lon_deg: float) -> None:
        """Update one row in a transaction of its own."""
        self._link.execute(MOVE, (lon_deg, lat_deg, person), prepare=True)

    def move_many(self, people: Column, lats_deg: Column, lons_deg: Column) -> None:
        """Update many rows in one statement."""
        self._copy("moved", people.tolist(), lats_deg, lons_deg)
        self._link.execute(MOVE_MANY)

    def bytes_used(self) -> int:
        """Return the size of the table and its indexes."""
        size = "SELECT pg_total_relation_size('people')"
        return int(self._link.execute(size).fetchone()[0])


build = People

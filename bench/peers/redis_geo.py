"""Redis GEOSEARCH; the server is started here, on a Unix socket."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import redis

from bench.peers import geosearch, servers

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "Redis GEOSEARCH"
EARTH_M = geosearch.EARTH_M
BLUR_M = geosearch.BLUR_M
K_MAX = 5
PEOPLE_MAX = 10_000_000


@cache
def client() -> Any:
    """Start the server, once, and connect."""
    return geosearch.start(program(), redis.Redis, redis.RedisError)


def program() -> str:
    """Return the server's program.

    Raises:
        OSError: there is none.

    """
    return servers.find_program("redis-server")


def check() -> None:
    """Refuse where no server can be started."""
    client()


def version() -> str:
    """Return the server's."""
    return servers.version_of(program())


def build(lats_deg: Column, lons_deg: Column) -> geosearch.People:
    """Add everyone."""
    return geosearch.People(client(), lats_deg, lons_deg)

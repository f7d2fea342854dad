"""pytest-benchmark: a thousand questions to each peer, equality first.

`pytest bench/geo_nearest.py`; a missing peer is a skip that says what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.geo_equality import share_exact
from bench.geo_world import World
from bench.peers.peer import Found, find_peers

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

EXACT_PEERS = find_peers()


@pytest.mark.parametrize("people", [200, 10_000, 1_000_000])
@pytest.mark.parametrize("found", EXACT_PEERS, ids=lambda found: found.module)
def test_five_nearest(benchmark: BenchmarkFixture, found: Found, people: int) -> None:
    if found.peer is None:
        pytest.skip(f"MISSING PEER {found.module}: {found.reason}")
    if people > found.peer.PEOPLE_MAX:
        pytest.skip(f"{found.peer.NAME} would take too long")
    world = World()
    crowd = world.people(people)
    index = found.peer.build(*crowd)
    checked = tuple(column[:20] for column in world.near(20))
    assert share_exact(found.peer, index, crowd, (checked[0], checked[1])) == 1.0
    asked = list(zip(*(c.tolist() for c in world.near(1_000)), strict=True))
    benchmark.group = f"1,000 x five nearest of {people:,}"
    benchmark.extra_info["version"] = found.version
    nearest, k = index.nearest, found.peer.K_MAX

    def ask_all() -> None:
        for lat_deg, lon_deg in asked:
            nearest(lat_deg, lon_deg, k)

    benchmark.pedantic(ask_all, rounds=3, warmup_rounds=1)

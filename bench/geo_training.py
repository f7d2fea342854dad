"""Geocore's usual calls, for a compiler that counts what runs: `tools/pgo.py` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import geocore
from bench.geo_world import World
from geocore.places import load_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.peers.peer import Column

Pair = tuple[float, float]

# A flat scan, a tree that a core's caches hold, and one that is asked for beforehand.
SIZES = (200, 10_000, 1_000_000)
QUESTIONS = 20_000
MOVES = 20_000
SOME = 2_000  # of what is asked for now and then
CIRCLE, CIRCLE_SIZE = 7, 50
NOW_S = 1_000.0


def pairs(columns: tuple[Column, Column]) -> list[Pair]:
    """Return places one by one, as Python's own numbers."""
    lats, lons = columns
    return list(zip(lats.tolist(), lons.tolist(), strict=True))


def built(world: World, people: int) -> geocore.Index:
    """Return an index of people, all with times and some with a circle."""
    lats, lons = world.people(people)
    ids = np.arange(people, dtype=np.uint64)
    times = np.linspace(0, NOW_S, people)
    index = geocore.Index()
    for _ in range(3):
        index.upsert_many(ids, lats, lons, at_s=times)
    step = max(people // CIRCLE_SIZE, 1)
    for person in range(0, people, step):
        lat_deg, lon_deg = float(lats[person]), float(lons[person])
        index.upsert(person, lat_deg, lon_deg, at_s=NOW_S, circles=[CIRCLE])
    return index


def ask(index: geocore.Index, near: list[Pair], remote: list[Pair]) -> None:
    """Ask for five nearest, with nothing else said as often as all else together."""
    for lat_deg, lon_deg in near:
        index.nearest(lat_deg, lon_deg, 5)
    for lat_deg, lon_deg in remote[: QUESTIONS // 4]:
        index.nearest(lat_deg, lon_deg, 5)
    for lat_deg, lon_deg in near[:SOME]:
        held = [index.nearest(lat_deg, lon_deg, k) for k in (1, 5, 20)]
        index.nearest(lat_deg, lon_deg, 5, circle=CIRCLE)
        index.nearest(lat_deg, lon_deg, 5, available=True, newer_than_s=NOW_S / 2)
        index.nearest(lat_deg, lon_deg, 5, within_m=20_000, ages=True, now_s=NOW_S)
        index.nearest(lat_deg, lon_deg, 5, exclude=[held[0][0][0]])
        index.nearest(lat_deg, lon_deg, 5, geodesic=True)
        index.within(lat_deg, lon_deg, 2_000)


def ask_at_once(index: geocore.Index, world: World) -> None:
    """Ask batches, in each shape that their answers have."""
    lats, lons = world.near(QUESTIONS)
    out = (np.zeros((QUESTIONS, 5), np.uint64), np.zeros((QUESTIONS, 5)))
    index.nearest_many(lats, lons, 5)
    index.nearest_many(lats, lons, 5, arrays=True)
    index.nearest_many(lats, lons, 5, out=out)


def move(index: geocore.Index, places: Iterator[Pair], people: int) -> None:
    """Move people one by one, as fixes come; take some out and put them in again."""
    persons = np.random.default_rng(2).integers(0, people, MOVES).tolist()
    for person in persons:
        index.move_to(person, *next(places))
    for person in persons[:SOME]:
        lat_deg, lon_deg = next(places)
        index.remove(person)
        index.upsert(person, lat_deg, lon_deg, at_s=NOW_S)


def main() -> None:
    """Do all of it once; the answers are looked at by the tests."""
    world = World()
    for people in SIZES:
        index = built(world, people)
        near, remote = pairs(world.near(QUESTIONS)), pairs(world.remote(QUESTIONS))
        ask(index, near, remote)
        ask_at_once(index, world)
        move(index, iter(pairs(world.near(MOVES + SOME))), people)
        geocore.Index.from_bytes(index.to_bytes())
    places = load_places()
    for lat_deg, lon_deg in near[:SOME]:
        cell = geocore.cell_of(lat_deg, lon_deg, 9)
        geocore.cell_boundary(cell)
        places.public_cell(lat_deg, lon_deg, inhabitants_min=1_000)
        geocore.distance_m((lat_deg, lon_deg), near[0])


if __name__ == "__main__":
    main()

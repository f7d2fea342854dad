"""A million questions against PyPI's geographiclib, in worlds made to trap an index.

`python -m tests.geocore.long_truth --queries 1000000` takes some twenty minutes on one
core and prints one line a world; it ends at the first wrong answer. People are few and
measured in full, or up to 2,000 and sorted by straight line first, with the 1.2 % that
the ellipsoid can differ from the sphere as margin. Between questions people come, move
and go. `--million` asks a thousand questions of a million people instead.
"""

from __future__ import annotations

import argparse
import math
import random
from typing import TYPE_CHECKING

import h3
import numpy as np

from geocore import Index
from tests.geocore.reference import NOISE_M, Place, geodesic_m

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

K = 5
MARGIN = 1.012


def vector(place: Place) -> tuple[float, float, float]:
    """Return a unit vector on the sphere of geodetic latitudes."""
    lat, lon = math.radians(place[0]), math.radians(place[1])
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


class Truth:
    """People in an array, to be measured by geographiclib."""

    def __init__(self, people: dict[int, Place]) -> None:
        """Take a copy."""
        self._ids = list(people)
        self._places = list(people.values())
        self._vectors = np.array([vector(place) for place in self._places])

    def nearest(self, place: Place) -> list[tuple[float, int]]:
        """Return `(metres, person)` of everyone who may be among the nearest."""
        chords = np.linalg.norm(self._vectors - vector(place), axis=1)
        if len(chords) > K:
            # Duplicates at no distance leave nothing to multiply: hence the centimetre.
            limit = np.partition(chords, K - 1)[K - 1] * MARGIN + 1e-9
            rows = np.flatnonzero(chords <= limit)
        else:
            rows = np.arange(len(chords))
        return sorted((geodesic_m(place, self._places[r]), self._ids[r]) for r in rows)


def check(index: Index, truth: Truth, people: dict[int, Place], place: Place) -> None:
    """Fail unless the index gives the truth, ties by id."""
    expected = truth.nearest(place)
    answer = index.nearest(*place, K)
    assert len(answer) == min(K, len(people)), (place, answer)
    metres = {person: m for m, person in expected}
    last_m, seen = 0.0, set[int]()
    for person, distance_m in answer:
        exact_m = metres[person]
        assert exact_m >= last_m - NOISE_M, ("order", place, answer)
        last_m = max(last_m, exact_m)
        allowed_m = 1e-3 if exact_m < 1.4e6 else 6.0
        assert abs(distance_m - exact_m) <= allowed_m, (place, person, exact_m)
        # Mirror images tie to within noise; people at one place in truth, and by id.
        for m, other in expected:
            if other not in seen and other != person:
                assert m >= exact_m - NOISE_M, ("somebody nearer", place, answer)
                before = people[other] == people[person] and other < person
                assert not before, ("a tie goes by id", place, answer)
        seen.add(person)


def around(centre: Place, dice: random.Random) -> Place:
    """Return a place from 1 mm to thousands of kilometres away, by logarithm."""
    spread_deg = 10 ** dice.uniform(-8, 1.5)
    lat = centre[0] + dice.gauss(0, spread_deg)
    lon = centre[1] + dice.gauss(0, spread_deg) / max(
        0.01, math.cos(math.radians(centre[0]))
    )
    return max(-90.0, min(90.0, lat)), (lon + 180) % 360 - 180


def anywhere(dice: random.Random) -> Place:
    """Return a place, uniform on the sphere."""
    return math.degrees(math.asin(dice.uniform(-1, 1))), dice.uniform(-180, 180)


def pentagon(dice: random.Random) -> Place:
    """Return a place in, on the edge of or beside a pentagon of any resolution."""
    cell = dice.choice(sorted(h3.get_pentagons(dice.randrange(16))))
    return on_cell(cell, dice)


def hexagon(dice: random.Random) -> Place:
    """Return a place in, on the edge of or beside a cell of any resolution."""
    return on_cell(h3.latlng_to_cell(*anywhere(dice), dice.randrange(16)), dice)


def on_cell(cell: str, dice: random.Random) -> Place:
    """Return a centre, corner, edge point, or a place just beside it."""
    corners = h3.cell_to_boundary(cell)
    nth = dice.randrange(len(corners))
    (lat, lon), (lat2, lon2) = corners[nth - 1], corners[nth]
    share = dice.choice([0.0, 0.5, dice.random()])
    if abs(lon - lon2) > 180:
        share = 0.0
    point = (lat + (lat2 - lat) * share, lon + (lon2 - lon) * share)
    centre: Place = h3.cell_to_latlng(cell)
    return dice.choice([centre, point, around(point, dice)])


def grid(dice: random.Random) -> Place:
    """Return a node of a coarse grid: many ties."""
    return dice.randrange(-8, 9) * 10.0, dice.randrange(-18, 19) * 10.0


def line(dice: random.Random) -> Place:
    """Return a place on the equator or a meridian."""
    step = dice.randrange(-900, 901) * 0.1
    return dice.choice([(0.0, step), (step, 0.0), (step, 180.0)])


def few_places(dice: random.Random) -> Place:
    """Return one of a handful of places: duplicates."""
    return dice.choice([(0.0, 0.0), (59.33, 18.07), (90.0, 0.0), (0.0, 1e-9)])


def near_a(centre: Place) -> Callable[[random.Random], Place]:
    """Return a world round one centre."""
    return lambda dice: around(centre, dice)


WORLDS: dict[str, Callable[[random.Random], Place]] = {
    "sphere": anywhere,
    "city": near_a((59.33, 18.07)),
    "north pole": near_a((90.0, 0.0)),
    "south pole": near_a((-90.0, 0.0)),
    "antimeridian": near_a((-17.0, 180.0)),
    "grid": grid,
    "lines": line,
    "duplicates": few_places,
    "pentagons": pentagon,
    "cell edges": hexagon,
}


def worlds(
    dice: random.Random,
) -> Iterator[tuple[str, Callable[[random.Random], Place]]]:
    """Go round the worlds for ever."""
    while True:
        yield from WORLDS.items()
        dice.random()


def shuffle(
    index: Index,
    people: dict[int, Place],
    place: Callable[[random.Random], Place],
    dice: random.Random,
    ids: int,
) -> None:
    """Let people come, move and go."""
    for _ in range(ids):
        person = dice.randrange(ids)
        act = dice.random()
        if act < 0.15:
            assert index.remove(person) == (people.pop(person, None) is not None)
        elif act < 0.5 and person in people:
            people[person] = around(people[person], dice)
            index.move_to(person, *people[person])
        else:
            people[person] = place(dice)
            index.upsert(person, *people[person])


def run(queries: int, *, a_world: int = 500) -> None:
    """Ask and compare until so many questions are answered, so many a world."""
    dice = random.Random(20)
    asked = 0
    for name, place in worlds(dice):
        ids = dice.choice([3, 20, 60, 300, 500, 1_000, 2_000])
        index, people = Index(), dict[int, Place]()
        for _ in range(2):
            shuffle(index, people, place, dice, ids)
            if dice.random() < 0.3:
                index = Index.from_bytes(index.to_bytes())
            truth = Truth(people) if people else None
            for _ in range(a_world // 2 if truth else 0):
                assert truth is not None
                source = dice.choice([place, place, anywhere])
                check(index, truth, people, source(dice))
                asked += 1
        print(f"{asked:>9,} right; {name}, {len(people)} people", flush=True)
        if asked >= queries:
            return


def run_million() -> None:
    """Ask a thousand questions of a million people in clusters."""
    dice = random.Random(21)
    centres = [anywhere(dice) for _ in range(300)]
    people = {i: around(dice.choice(centres), dice) for i in range(1_000_000)}
    index = Index()
    columns = zip(*people.values(), strict=True)
    index.upsert_many(people, *map(list, columns))
    shuffle(index, people, lambda d: around(d.choice(centres), d), dice, 1_000_000)
    truth = Truth(people)
    for asked in range(1_000):
        centre = dice.choice(centres)
        check(index, truth, people, dice.choice([around(centre, dice), anywhere(dice)]))
        if asked % 100 == 99:
            print(f"{asked + 1} right of a million people", flush=True)


def main() -> None:
    """Run as told."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=10_000)
    parser.add_argument("--million", action="store_true")
    options = parser.parse_args()
    if options.million:
        run_million()
    else:
        run(options.queries)


if __name__ == "__main__":
    main()

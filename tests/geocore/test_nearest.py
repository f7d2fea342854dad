from __future__ import annotations

import random

import pytest
from geographiclib.geodesic import Geodesic

from geocore import Index
from tests.geocore.reference import Place, assert_nearest


def index_of(people: dict[int, Place]) -> Index:
    index = Index()
    for person, (lat_deg, lon_deg) in people.items():
        index.upsert(person, lat_deg, lon_deg)
    return index


def world(count: int, seed: int) -> dict[int, Place]:
    dice = random.Random(seed)
    return {i: (dice.uniform(-90, 90), dice.uniform(-180, 180)) for i in range(count)}


def near(place: Place, spread_deg: float, count: int) -> dict[int, Place]:
    dice = random.Random(7)
    lat_deg, lon_deg = place
    people = {}
    for person in range(count):
        lat = lat_deg + dice.gauss(0, spread_deg)
        lon = lon_deg + dice.gauss(0, spread_deg)
        people[person] = (max(-90, min(90, lat)), (lon + 180) % 360 - 180)
    return people


def beyond(place: Place, azimuth_deg: float, metres: float) -> Place:
    """Return the end of a geodesic."""
    end = Geodesic.WGS84.Direct(*place, azimuth_deg, metres)
    return end["lat2"], end["lon2"]


def test_two_hundred_people_over_the_whole_world() -> None:
    people = world(200, seed=1)
    index = index_of(people)
    for place in world(40, seed=2).values():
        assert_nearest(index.nearest(*place, 5), people, place, 5)


@pytest.mark.parametrize(
    "place",
    [(90.0, 0.0), (-90.0, 77.0), (89.9999, 10.0), (0.0, 180.0), (12.0, -180.0), (0, 0)],
)
@pytest.mark.parametrize("spread_deg", [1e-6, 1e-3, 1.0, 30.0])
def test_poles_and_antimeridian(place: Place, spread_deg: float) -> None:
    people = near(place, spread_deg, 60)
    index = index_of(people)
    for asked in [place, *list(people.values())[:3]]:
        assert_nearest(index.nearest(*asked, 5), people, asked, 5)


def test_people_at_one_place_come_by_id() -> None:
    index = index_of(dict.fromkeys([9, 3, 2**64 - 1, 5, 0], (59.33, 18.07)))
    assert index.nearest(59.33, 18.07, 3) == [(0, 0.0), (3, 0.0), (5, 0.0)]
    found = index.nearest(10.0, 18.07, 5)
    assert [person for person, _ in found] == [0, 3, 5, 9, 2**64 - 1]


@pytest.mark.parametrize("away_deg", [1e-6, 0.003, 1.0, 9.0, 40.0, 70.0])
def test_mirror_images_are_as_far_and_come_by_id(away_deg: float) -> None:
    over_equator = index_of({5: (away_deg, 18.0), 2: (-away_deg, 18.0)})
    over_meridian = index_of({5: (59.0, away_deg), 2: (59.0, -away_deg)})
    for index, place in ((over_equator, (0.0, 20.0)), (over_meridian, (30.0, 0.0))):
        (first, near_m), (second, far_m) = index.nearest(*place, 2)
        assert (first, second) == (2, 5)
        assert near_m == far_m
        assert index.nearest(*place, 1) == [(2, near_m)]


def test_the_antipode_is_found_in_the_order_of_karney() -> None:
    people = near((-30.0, 150.0), 0.3, 50)
    index = index_of(people)
    place = (30.0, -30.0)
    assert_nearest(index.nearest(*place, 9), people, place, 9)


@pytest.mark.parametrize("azimuth_deg", [90.0, 120.0, 150.0, 180.0])
@pytest.mark.parametrize("geodesic", [False, True])
def test_a_distance_known_to_metres_does_not_hide_who_is_nearer(
    azimuth_deg: float, *, geodesic: bool
) -> None:
    # At 9,000 km in a straight line Karney takes over: 3 is measured roughly, half a
    # metre too far, the others to nanometres and so far apart that they are no tie.
    place = (-60.0, 0.0)
    people = {3: beyond(place, 60.0, 9_996_000.0)}
    for person, more_m in ((1, 0.17), (2, 0.34)):
        people[person] = beyond(place, azimuth_deg, 9_996_000.0 + more_m)
    index = index_of(people)
    for k in (1, 2, 3):
        found = index.nearest(*place, k, geodesic=geodesic)
        assert [person for person, _ in found] == [3, 1, 2][:k]


def test_more_neighbours_than_people_gives_everyone() -> None:
    people = world(7, seed=3)
    assert_nearest(index_of(people).nearest(1, 2, 50), people, (1, 2), 50)
    assert Index().nearest(1, 2, 50) == []


def test_within_is_nearest_cut_at_the_radius() -> None:
    people = near((59.0, 18.0), 1.0, 200)
    index = index_of(people)
    everyone = index.nearest(59.0, 18.0, 200)
    radius_m = everyone[50][1]
    inside = index.within(59.0, 18.0, radius_m + 1e-6)
    assert inside == everyone[:51]
    assert inside == index.nearest(59.0, 18.0, 200, within_m=radius_m + 1e-6)


def test_a_batch_answers_as_single_calls_do() -> None:
    index = index_of(world(300, seed=4))
    places = list(world(50, seed=5).values())
    batch = index.nearest_many([p[0] for p in places], [p[1] for p in places], 5)
    assert batch == [index.nearest(*place, 5) for place in places]

"""How far somebody moved and where to, against the geodesic."""

from dataclasses import replace
from datetime import timedelta

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.alarm.moves import (
    DIRECTIONS,
    better_place,
    has_moved,
    is_measured,
    move_between,
)
from engine.alarm.state import NOWHERE, KnownPlace, PlaceSource
from tests.fakes import START

HERE = (41.31151, 69.27974)


def fix(lat_deg: float, lon_deg: float, accuracy_m: float | None = 10.0) -> KnownPlace:
    return KnownPlace(
        source=PlaceSource.DEVICE,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        accuracy_m=accuracy_m,
    )


@pytest.mark.parametrize("source", [PlaceSource.DECLARED, PlaceSource.DOUBTED])
def test_a_fix_after_a_vague_place_is_news_wherever_it_is(source: PlaceSource) -> None:
    vague = KnownPlace(source=source, lat_deg=HERE[0], lon_deg=HERE[1], at=START)
    assert has_moved(vague, fix(*HERE), 500.0)
    assert better_place(vague, fix(*HERE)) == fix(*HERE)
    assert better_place(fix(*HERE), vague) == fix(*HERE)


@pytest.mark.parametrize(
    ("north_deg", "east_deg", "direction"),
    [
        (0.01, 0.0, "north"),
        (0.01, 0.0133, "north_east"),
        (0.0, 0.01, "east"),
        (-0.01, 0.0133, "south_east"),
        (-0.01, 0.0, "south"),
        (-0.01, -0.0133, "south_west"),
        (0.0, -0.01, "west"),
        (0.01, -0.0133, "north_west"),
    ],
)
def test_a_move_has_one_of_eight_directions(
    north_deg: float, east_deg: float, direction: str
) -> None:
    move = move_between(fix(*HERE), fix(HERE[0] + north_deg, HERE[1] + east_deg))
    assert move is not None
    assert move.direction == direction


def test_over_the_antimeridian_it_goes_the_short_way() -> None:
    move = move_between(fix(0.0, 179.999), fix(0.0, -179.999))
    assert move is not None
    assert move.direction == "east"
    assert move.distance_m == pytest.approx(222, abs=2)


@given(
    st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180)
)
def test_any_two_places_have_a_distance_on_the_globe(
    lat_1: float, lon_1: float, lat_2: float, lon_2: float
) -> None:
    move = move_between(fix(lat_1, lon_1), fix(lat_2, lon_2))
    assert move is not None
    assert 0 <= move.distance_m <= 20_020_000
    assert move.direction in DIRECTIONS


def test_the_first_fix_is_news_wherever_it_is() -> None:
    declared = KnownPlace(source=PlaceSource.DECLARED, lat_deg=41.3, lon_deg=69.3)
    assert has_moved(NOWHERE, fix(*HERE), 300)
    assert has_moved(declared, fix(41.3, 69.3), 300)
    assert not has_moved(fix(*HERE), NOWHERE, 300)


def half_of(place: KnownPlace, left_out: str) -> KnownPlace:
    if left_out == "lat_deg":
        return replace(place, lat_deg=None)
    return replace(place, lon_deg=None)


@pytest.mark.parametrize("left_out", ["lat_deg", "lon_deg"])
def test_half_a_position_is_no_place_to_move_from_or_to(left_out: str) -> None:
    torn = half_of(fix(*HERE), left_out)
    assert move_between(torn, fix(*HERE)) is None
    assert move_between(fix(*HERE), torn) is None


@given(st.floats(-80, 80), st.floats(-180, 180), st.floats(0, 360), st.floats(1e3, 8e6))
@example(41.0, 69.0, 292.0, 100_000.0)
def test_the_direction_is_that_of_the_geodesic(
    lat_deg: float, lon_deg: float, azimuth_deg: float, distance_m: float
) -> None:
    # Sphere and ellipsoid differ by 0.2 degrees: not so near the border of a sector.
    assume(0.3 < (azimuth_deg + 22.5) % 45 < 44.7)
    line = Geodesic.WGS84.Direct(lat_deg, lon_deg, azimuth_deg, distance_m)
    assume(abs(line["lat2"]) < 80)
    move = move_between(fix(lat_deg, lon_deg), fix(line["lat2"], line["lon2"]))
    assert move is not None
    assert move.direction == DIRECTIONS[round(azimuth_deg / 45) % 8]
    assert move.distance_m == pytest.approx(distance_m, rel=0.006)


def test_a_move_of_just_so_far_is_one_also_where_no_accuracy_is_known() -> None:
    there = fix(HERE[0] + 0.005, HERE[1], accuracy_m=None)
    move = move_between(fix(*HERE), there)
    assert move is not None
    assert has_moved(fix(*HERE), there, move.distance_m)
    assert not has_moved(fix(*HERE), half_of(there, "lon_deg"), 300)


def test_what_lies_within_the_accuracy_is_no_move() -> None:
    near = (HERE[0] + 0.005, HERE[1])  # 556 m
    assert has_moved(fix(*HERE), fix(*near, accuracy_m=100), 300)
    assert not has_moved(fix(*HERE), fix(*near, accuracy_m=2_000), 300)


def test_a_devices_own_fix_counts_for_more_than_a_later_guess() -> None:
    earlier = START.plus(timedelta(seconds=-60))
    guess = KnownPlace(source=PlaceSource.DECLARED, lat_deg=1.0, lon_deg=1.0, at=START)
    own = replace(fix(*HERE), at=earlier)
    assert better_place(guess, own) == own
    assert better_place(own, guess) == own
    assert better_place(replace(own, at=START), own).at == START


def test_a_devices_own_fix_is_measured_however_old_it_is() -> None:
    old = replace(fix(*HERE), at=START)
    long_after = START.plus(timedelta(days=1))
    assert is_measured(old, long_after, timedelta(minutes=30))
    last = replace(old, source=PlaceSource.LAST_FIX)
    assert not is_measured(last, long_after, timedelta(minutes=30))

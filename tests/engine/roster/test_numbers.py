"""A real number can ring, a fictional one cannot."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.numbers import (
    RESERVED,
    NumberError,
    is_landline,
    is_reserved,
    read_number,
)

# libphonenumber's own example of a mobile number: no number of anybody we chose.
_EXAMPLE = phonenumbers.example_number_for_type(
    "SE", phonenumbers.PhoneNumberType.MOBILE
)
assert _EXAMPLE is not None
REAL = phonenumbers.format_number(_EXAMPLE, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("070-174 06 05", "SE", "+46701740605"),
        ("07700 900 123", "GB", "+447700900123"),
        ("+44 7700 900123", "SE", "+447700900123"),
        ("0049 171 3920000", "SE", "+491713920000"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("0491 570 006", "AU", "+61491570006"),
        ("06 39 98 00 01", "FR", "+33639980001"),
        ("020 910 0001", "IE", "+353209100001"),
    ],
)
def test_numbers_kept_for_fiction_are_read_as_people_write_them(
    text: str, country: str, number: str
) -> None:
    assert read_number(text, country=country, fictional=True) == number
    with pytest.raises(NumberError, match=r"for fiction .* or fictional = true for"):
        read_number(text, country=country, fictional=False)


@pytest.mark.parametrize(
    ("text", "country", "says"),
    [
        ("8.6E+11", "AT", "changed by a spreadsheet"),
        ("4,36641E+11", "AT", "changed by a spreadsheet"),
        ("43664123456.0", "AT", "changed by a spreadsheet"),
        ("+358412345678.0", "FI", "changed by a spreadsheet"),
        ("4915123456789", "DE", "lack its plus sign"),
        ("+358 41 234 567A", "FI", "letters"),
        ("+381 6O 123 4567", "RS", "letters"),
    ],
)
def test_what_a_spreadsheet_or_a_slip_has_changed_is_not_taken_for_another_number(
    text: str, country: str, says: str
) -> None:
    """Each but the first two was read as a sound number, of somebody else."""
    with pytest.raises(NumberError, match=says):
        read_number(text, country=country, fictional=False)


@pytest.mark.parametrize("country", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_number_is_read_as_its_country_writes_it(country: str) -> None:
    kinds = phonenumbers.PhoneNumberType
    for kind in (kinds.MOBILE, kinds.FIXED_LINE):
        one = phonenumbers.example_number_for_type(country, kind)
        if one is None or not phonenumbers.is_valid_number(one):
            continue
        kept = is_reserved(f"+{one.country_code}{one.national_number}")
        for style in (
            phonenumbers.PhoneNumberFormat.E164,
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.NATIONAL,
        ):
            text = phonenumbers.format_number(one, style)
            read = read_number(text, country=country, fictional=kept)
            assert phonenumbers.parse(read) == phonenumbers.parse(text, country)


def test_a_fictional_person_gets_no_number_that_can_ring() -> None:
    assert read_number(REAL, country="SE", fictional=False) == REAL
    with pytest.raises(NumberError, match="stranger"):
        read_number(REAL, country="SE", fictional=True)


def test_a_number_in_no_allotted_range_is_for_fiction_alone() -> None:
    assert read_number("46 000 00 10", country="UZ", fictional=True) == "+998460000010"
    with pytest.raises(NumberError, match="no range"):
        read_number("46 000 00 10", country="UZ", fictional=False)


@pytest.mark.parametrize("near", ["+46701740604", "+447700901000", "+12025550200"])
def test_the_neighbours_of_a_kept_range_can_ring(near: str) -> None:
    assert not is_reserved(near)


def test_every_range_names_who_keeps_it() -> None:
    assert all(one.keeper for one in RESERVED)


@given(st.text("0123456789+-() ;ext=x", max_size=25) | st.text(max_size=25))
def test_whatever_is_typed_is_a_number_or_a_reason_that_quotes_nothing(
    text: str,
) -> None:
    for fictional in (True, False):
        try:
            number = read_number(text, country="SE", fictional=fictional)
        except NumberError as error:
            reason = str(error)
            assert not any(c.isdecimal() for c in reason)
        else:
            assert number.startswith("+")
            assert number[1:].isdecimal()


def test_landlines_and_services_are_told_from_mobiles() -> None:
    assert is_landline("+442079460123")
    assert not is_landline(REAL)
    # A French mobile without its plus, in Italy; and what costs whoever calls it.
    assert is_landline("+3933612345678")
    assert is_landline("+469001234567")
    # Nobody can tell in North America, so nobody is blamed.
    assert not is_landline("+12025550123")

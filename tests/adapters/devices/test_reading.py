"""Reading is bounded: what does not fit is unreadable, and nothing worse."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.coordinates import degrees_of
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    bcd,
    decimal,
    device_id,
    integer,
    moment,
    moment_of_digits,
    moment_of_epoch,
)
from engine.values import Instant

AT = Instant.parse("2026-03-01T10:20:30Z")


@given(st.binary(max_size=20), st.lists(st.integers(-3, 30), max_size=6))
def test_a_reader_never_passes_the_end(data: bytes, sizes: list[int]) -> None:
    reader = Reader(data)
    taken = b""
    for size in sizes:
        try:
            taken += reader.take(size)
        except UnreadableError:
            assert size < 0 or size > reader.left
    assert taken + reader.rest() == data


@given(st.integers(-(2**31), 2**31 - 1))
def test_numbers_are_read_in_either_byte_order(number: int) -> None:
    big = number.to_bytes(4, "big", signed=True)
    assert Reader(big).signed(4) == number
    assert Reader(big[::-1], little_endian=True).signed(4) == number
    assert Reader(big).unsigned(4) == number % 2**32


@given(st.text(max_size=40))
def test_text_is_a_number_or_unreadable(text: str) -> None:
    for read in (decimal, integer):
        try:
            assert abs(read(text)) >= 0
        except UnreadableError:
            continue


@pytest.mark.parametrize("text", ["", "nan", "inf", "1_0", "0x10", "1e999", "--1"])
def test_what_python_would_take_and_no_device_sends_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableError):
        decimal(text)


def test_packed_decimals_are_decimals() -> None:
    assert bcd(b"\x12\x34") == "1234"
    with pytest.raises(UnreadableError):
        bcd(b"\x1a")


@given(st.floats())
def test_an_epoch_is_a_moment_or_none(seconds: float) -> None:
    at = moment_of_epoch(seconds)
    assert at is None or 0 <= at.ms < 7_258_118_400_000 + 1


@given(st.tuples(*[st.integers(-9, 300)] * 6))
def test_a_calendar_date_is_a_moment_or_none(parts: tuple[int, ...]) -> None:
    at = moment(*parts)
    assert at is None or at.ms > 0


def test_a_zone_ahead_of_utc_is_taken_off() -> None:
    local = moment(26, 3, 1, 18, 20, 30, offset=timedelta(hours=8))
    assert local == AT
    assert moment_of_digits("260301", "102030") == AT
    assert moment_of_digits("010326", "102030", day_first=True) == AT
    assert moment_of_digits("0103", "102030") is None


@pytest.mark.parametrize(
    ("text", "hemisphere", "degrees"),
    [
        ("5005.2471", "N", 50.0874516667),
        ("01425.2403", "E", 14.4206716667),
        ("01425.2403", "W", -14.4206716667),
        ("10.2368", "E", 0.1706133333),
        ("0.0", "S", 0.0),
    ],
)
def test_degrees_and_minutes_run_together(
    text: str, hemisphere: str, degrees: float
) -> None:
    assert degrees_of(text, hemisphere) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize("text", ["", "5060.0", "north", "-5005.1", "123456.7"])
def test_sixty_minutes_are_unreadable(text: str) -> None:
    with pytest.raises(UnreadableError):
        degrees_of(text, "N")


@pytest.mark.parametrize("name", ["", "a b", "a\n", "x" * 65, "\x00", "é"])
def test_a_device_is_named_in_visible_ascii(name: str) -> None:
    with pytest.raises(UnreadableError):
        device_id(name)
    assert device_id("359586015829802") == "359586015829802"

"""Risk windows are in the person's own local time, and never lose an hour."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.risk import at_risk, next_risk, read_window
from engine.values import Instant

STOCKHOLM = "Europe/Stockholm"
NIGHTS = (read_window("mon-fri 22:00-06:00"),)


def at(text: str) -> Instant:
    return Instant.parse(text)


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-11-25T21:59:59.999+01:00", False),
        ("2026-11-25T22:00:00+01:00", True),
        ("2026-11-26T05:59:59.999+01:00", True),
        ("2026-11-26T06:00:00+01:00", False),
        ("2026-11-28T01:00:00+01:00", True),  # Friday's goes on into Saturday
        ("2026-11-28T22:30:00+01:00", False),
    ],
)
def test_a_night_begins_and_ends_by_the_persons_own_clock(
    moment: str,
    inside: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert at_risk(NIGHTS, STOCKHOLM, at(moment)) is inside


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("daily 00:00-00:00", {0, 1, 2, 3, 4, 5, 6}),
        ("fri-mon 10:00-11:00", {4, 5, 6, 0}),
        ("tue,thu-fri 10:00-11:00", {1, 3, 4}),
    ],
)
def test_days_are_listed_or_run_over_the_weekend(text: str, days: set[int]) -> None:
    assert read_window(text).days == days


def test_an_hour_that_comes_twice_is_inside_both_times() -> None:
    window = (read_window("daily 02:15-02:45"),)

    for offset in ("+02:00", "+01:00"):  # clocks go back on 2026-10-25
        assert at_risk(window, STOCKHOLM, at(f"2026-10-25T02:30:00{offset}"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("daily 22:00-02:30", "2026-03-29T01:45:00+01:00"),
        ("daily 22:00-02:30", "2026-03-29T03:15:00+02:00"),
        ("daily 02:30-06:00", "2026-03-29T03:15:00+02:00"),
        ("2026-03-28 22:00 to 2026-03-29 02:30", "2026-03-29T01:45:00+01:00"),
    ],
)
def test_a_window_loses_nothing_to_an_hour_that_is_left_out(
    text: str, moment: str
) -> None:
    assert at_risk((read_window(text),), STOCKHOLM, at(moment))


def test_every_day_has_no_gap_where_clocks_are_put_on_at_midnight() -> None:
    always = (read_window("daily 00:00-00:00"),)
    for minutes in range(0, 24 * 60, 10):
        now = at("2026-03-28T12:00:00+02:00").plus(timedelta(minutes=minutes))
        assert at_risk(always, "Asia/Beirut", now)


def test_a_dated_window_holds_once() -> None:
    window = (read_window("2026-12-01 18:00 to 2026-12-02 06:00"),)

    assert next_risk(window, STOCKHOLM, at("2026-11-25T12:00:00Z")) == at(
        "2026-12-01T18:00:00+01:00"
    )
    assert at_risk(window, STOCKHOLM, at("2026-12-02T04:59:00Z"))
    assert next_risk(window, STOCKHOLM, at("2026-12-02T12:00:00Z")) is None


@given(
    st.integers(0, 4_000_000_000_000).map(Instant),
    st.sampled_from((STOCKHOLM, "Asia/Tashkent", "Pacific/Apia", "America/Havana")),
)
def test_whoever_is_not_at_risk_now_is_from_the_next_beginning_on(
    now: Instant, zone: str
) -> None:
    begins = next_risk(NIGHTS, zone, now)

    assert begins is not None
    assert now < begins <= now.plus(timedelta(days=8))
    assert at_risk(NIGHTS, zone, begins)
    if not at_risk(NIGHTS, zone, now):
        before = begins.plus(timedelta(milliseconds=-1))
        assert not at_risk(NIGHTS, zone, before)


@given(st.text("monfridaly0123456789:-, to", max_size=40))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(ValueError):
        assert read_window(text).text == text

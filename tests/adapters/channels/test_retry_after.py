"""`Retry-After` as far ends write it, and as a hostile one might."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.channels.retry_after import AFTER_MAX_S, after_s
from tests.fakes import START


def test_seconds_and_dates_are_both_understood() -> None:
    in_a_minute = START.to_datetime() + timedelta(seconds=60)
    assert after_s("60", START) == 60.0
    assert after_s(" 0 ", START) == 0.0
    assert after_s(format_datetime(in_a_minute, usegmt=True), START) == 60.0


@pytest.mark.parametrize(
    "date",
    [
        "Wed, 25 Nov 2026 03:00:30 GMT",
        "Wednesday, 25-Nov-26 03:00:30 GMT",
        "Wed Nov 25 03:00:30 2026",
    ],
)
def test_each_form_of_a_date_that_the_standard_knows_is_read(date: str) -> None:
    assert after_s(date, START) == 30.0


@pytest.mark.parametrize("ahead_s", [30, 299.5])
def test_the_time_at_which_a_count_begins_anew_is_understood(ahead_s: float) -> None:
    at = START.to_datetime() + timedelta(seconds=ahead_s)
    assert after_s(at.isoformat(timespec="microseconds"), START) == ahead_s
    mastodons = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert after_s(mastodons, START) == ahead_s
    since_1970_s = int(at.timestamp())
    assert after_s(str(since_1970_s), START) == int(ahead_s)


def test_a_date_that_is_over_asks_for_no_wait() -> None:
    assert after_s("Wed, 21 Oct 2015 07:28:00 GMT", START) == 0.0


@pytest.mark.parametrize("text", ["9" * 60, "Fri, 31 Dec 9999 23:59:59 GMT", "3601"])
def test_nobody_is_believed_more_than_an_hour(text: str) -> None:
    assert after_s(text, START) == AFTER_MAX_S


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "-5", "1.5", "1e3", "0x10", "\u0663\u0660", "5, 60", "nan"),
        *("1" * 65, "2026-11-25T03:00:30", "2026-11-25T25:00:30Z", "2026-11-25TT"),
    ],
)
def test_what_is_neither_asks_for_nothing(text: str) -> None:
    assert after_s(text, START) is None


_DATES = st.from_regex(
    r"(Mon, )?[0-9]{1,5}[ -](Jan|Feb|xx)[ -][0-9]{0,6}"
    r" [0-9]{1,4}:[0-9]{1,4}(:[0-9]{1,4})? ?(GMT|[+-][0-9]{0,9})?",
    fullmatch=True,
)


_ISO = st.from_regex(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{0,16}(Z|[+-][0-9:]{0,6})?", fullmatch=True
)


@given(st.text(max_size=80) | _DATES | _ISO)
def test_whatever_a_far_end_writes_is_bounded_or_nothing(text: str) -> None:
    asked_s = after_s(text, START)
    assert asked_s is None or 0.0 <= asked_s <= AFTER_MAX_S

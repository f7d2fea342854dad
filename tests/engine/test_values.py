"""Moments and durations: a sum is that of whole milliseconds, rounded down."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.values import Instant

MS = timedelta(milliseconds=1)


@given(
    st.integers(0, 10**13),
    st.timedeltas(min_value=timedelta(days=-40_000), max_value=timedelta(days=40_000)),
)
def test_a_sum_cuts_fractions_of_a_millisecond(ms: int, duration: timedelta) -> None:
    for _ in range(2):  # also once it is known
        assert Instant(ms).plus(duration) == Instant(ms + duration // MS)


@given(st.integers(0, 10**13), st.integers(-(10**12), 10**12))
def test_what_is_added_is_what_has_passed(ms: int, more: int) -> None:
    begin = Instant(ms)
    assert begin.plus(more * MS).since(begin) == more * MS

"""What was sent and acknowledged adds up, and times are told to five per cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fleet.tally import Latencies, Tally, total

TIMES = st.lists(st.floats(1e-5, 100), min_size=1, max_size=200)


@given(times=TIMES, ratio=st.floats(0.01, 1))
def test_a_percentile_is_right_to_five_per_cent(
    times: list[float], ratio: float
) -> None:
    latencies = Latencies()
    for one in times:
        latencies.add(one)
    told = latencies.at(ratio)
    ordered = sorted(times)
    exact = next(t for n, t in enumerate(ordered, 1) if n >= ratio * len(ordered))
    assert told == pytest.approx(exact, rel=0.05)
    assert latencies.max_s == max(times)


def test_of_no_time_there_is_no_percentile() -> None:
    assert Latencies().plain() == {"p50_ms": None, "p99_ms": None, "max_ms": None}


def test_the_whole_is_the_sum_of_its_wire_protocols() -> None:
    one, other = Tally(devices=2, sent=5, sos_due=2), Tally(devices=3, sos_due=1)
    other.sos_acknowledged = 1
    one.sos.add(0.25)
    whole = total({"gt06": one, "watch": other})
    assert (whole.devices, whole.sent, whole.sos_open) == (5, 5, 2)
    assert whole.sos.max_s == 0.25


def test_counting_the_whole_changes_no_part() -> None:
    part = Tally(sent=1)
    total({"gt06": part})
    total({"gt06": part})
    assert part.sent == 1

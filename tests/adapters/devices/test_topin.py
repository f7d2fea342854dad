"""`topin` against captured frames: the SOS of six bytes, and what must be answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.topin import Topin
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, parametrized, play

LOG_IN = bytes.fromhex("78780d0103593390754169634d0d0a")
SOS = bytes.fromhex("787801990d0a")

# Why: docs/devices.md, "Where we differ".
DIFFERS = {"topin-002": {"answer"}, "topin-003": {"cells"}, "topin-013": {"archive"}}


def connected() -> WireSession:
    session = Topin().session()
    session.feed(LOG_IN, RECEIVED_AT)
    return session


@parametrized("topin")
def test_a_captured_frame_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), vector.frame)
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@parametrized("topin", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    status = bytes.fromhex("7878061355010820550d0a")
    assert_interleaved(Topin().session, [LOG_IN, SOS, status, SOS], sizes)


def test_a_log_in_is_answered_with_acceptance_and_time() -> None:
    (decoded,) = Topin().session().feed(LOG_IN, RECEIVED_AT)
    time = bytes.fromhex("7878073007ea0b190300000d0a")
    assert decoded.answer == bytes.fromhex("78780d01010d0a") + time
    assert decoded.reports[0].device == "359339075416963"


def test_an_sos_has_no_time_and_no_place() -> None:
    (report,) = play(connected(), SOS).told
    assert report.signals == {Signal.SOS}
    assert report.device_at is None
    assert report.fix is None


def test_a_type_that_nobody_has_described_is_shown() -> None:
    (report,) = play(connected(), bytes.fromhex("787801ee0d0a")).told
    assert report.kind is ReportKind.UNDECODABLE


@pytest.mark.parametrize("date", ["260301102030", "1a03010a141e"])
def test_the_date_of_stations_is_in_packed_decimals_or_plain(date: str) -> None:
    frame = bytes.fromhex(f"78780169{date}475905bd30e25e0101cc00287d1f71640d0a")
    (got,) = play(connected(), frame).told
    assert got.device_at == Instant.parse("2026-03-01T10:20:30Z")
    assert got.wifi == ("47:59:05:bd:30:e2@-94",)
    assert got.cells == ("460-0-10365-8049@-100",)

"""`laipac` against captured lines: each event, each order that ends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import xor8
from adapters.devices.laipac import Laipac, LaipacUdp
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, parametrized, play


def connected() -> WireSession:
    return Laipac().session()


def line(event: str, status: str = "A") -> bytes:
    body = (
        f"AVRMC,MSG00002,124144,{status},5053.0450,N,00557.8544,E,0.00,65.06,240614,"
        f"{event},4076,167,1,0,0,0D7AB913,020408"
    ).encode()
    return b"$" + body + f"*{xor8(body):02X}\r\n".encode()


@parametrized("laipac")
def test_a_captured_line_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    assert_agrees(vector, play(connected(), vector.frame))


@parametrized("laipac", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [b"$ECHK,MSG00002,0*5E\r\n", line("3"), line("0"), line("T")]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize(
    ("event", "signal"),
    [("3", "sos"), ("T", "tampered"), ("Z", "low_battery"), ("K", "unknown")],
)
def test_each_event_is_its_own_signal(event: str, signal: str) -> None:
    (report,) = play(connected(), line(event)).reports
    assert report.signals == {Signal(signal)}
    assert report.codes == (f"event:{event}",)


def test_a_lower_case_status_and_an_sos_get_both_answers() -> None:
    frame = line("3", status="a")
    (answer,) = play(connected(), frame).answers
    check = frame[-4:-2].decode()
    assert answer.startswith(f"$EAVACK,3,{check}*".encode())
    assert answer.endswith(b"\r\n$AVCFG,00000000,d*31\r\n")


def test_a_wrong_checksum_is_flagged_and_never_dropped() -> None:
    (report,) = play(connected(), line("3").replace(b"65.06", b"65.07")).reports
    assert report.signals == {Signal.SOS}
    assert report.checksum_ok is False


def test_an_alarm_with_an_unreadable_place_is_an_alarm() -> None:
    (report,) = play(connected(), line("3").replace(b"5053.0450", b"here")).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_a_line_that_nobody_has_described_is_shown() -> None:
    (report,) = play(LaipacUdp().session(), b"$NEWONE,MSG00002,1*00").reports
    assert report.kind is ReportKind.UNDECODABLE


def test_no_order_tells_a_stranger_another_password_than_the_factorys() -> None:
    (answer,) = play(connected(), line("3")).answers
    assert answer.startswith(b"$AVCFG,00000000,d*")


def test_an_sos_whose_line_has_lost_its_checksum_is_one() -> None:
    whole = line("3").split(b"*")[0] + b"\r\n"
    outcome = play(connected(), whole)
    (got,) = outcome.reports
    assert got.signals == {Signal.SOS}
    assert got.checksum_ok is None
    assert got.attributes["incomplete"] == "true"
    assert not outcome.answers
    (got,) = play(connected(), b"$AVRMC,9999\r\n").reports
    assert got.kind is ReportKind.UNDECODABLE
    assert got.device is None

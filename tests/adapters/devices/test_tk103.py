"""`tk103` against captured messages: every command that alarms, and the panic input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.tk103 import Tk103, Tk103Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import (
    Vector,
    framed,
    frameless,
    parametrized,
    play,
)

PLACE = "260301A5005.2471N01425.2403E000.0102030000.00"

# Why: docs/devices.md, "Where we differ".
DIFFERS = {
    "tk103-004": {"odometer"},
    "tk103-018": {"time"},
}


def connected() -> WireSession:
    return Tk103().session()


def message(command: str, state: str = "00000000L00000000") -> bytes:
    return f"(013612345678{command}{PLACE}{state})".encode()


@parametrized("tk103")
def test_a_captured_message_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), vector.frame)
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("tk103")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    frames = [report.raw for report in play(connected(), stream).reports]
    assert frame in frames[:2], "what stands before it is shown too"


@frameless("tk103")
def test_where_its_source_finds_no_frame_nothing_is_lost(stream: bytes) -> None:
    # Noise twice, and a message whose free text has lost its beginning: with the noise
    # before it that is shown unread, and what stands behind it is read.
    reports = play(connected(), stream).reports
    assert b"".join(report.raw for report in reports) == stream
    unread, *behind = reports
    assert unread.kind in {ReportKind.NOISE, ReportKind.UNDECODABLE}
    assert (unread.kind is ReportKind.NOISE) is (b"(" not in stream)
    assert all(report.kind is ReportKind.HEARTBEAT for report in behind)


@parametrized("tk103", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    log_in = b"(013612345678BP00HSO)"
    frames = [log_in, message("BO012"), message("BR00"), message("BO012")]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize(
    ("command", "signal"),
    [
        ("BO011", "accident"),
        ("BO012", "sos"),
        ("BO019", "unknown"),
        ("ZC25", "sos"),
        ("DW3E", "sos"),
        ("DW5E", "sos"),
        ("ZC17", "removed"),
        ("DW37", "removed"),
        ("ZC26", "tampered"),
        ("QQ99", "unknown"),
    ],
)
def test_each_command_is_its_own_signal(command: str, signal: str) -> None:
    (report,) = play(connected(), message(command)).reports
    assert report.signals == {Signal(signal)}


@pytest.mark.parametrize("inputs", "2367ABEF")
def test_the_panic_input_of_an_ordinary_report_is_an_sos(inputs: str) -> None:
    frame = message("BR00", f"00{inputs}00000L00000000")
    (report,) = play(connected(), frame).reports
    assert Signal.SOS in report.signals


@pytest.mark.parametrize("place", ["", "080612A2232.9806N11404.9355E000.1101241323.87"])
def test_an_alarm_without_its_kind_is_one_and_its_date_is_no_kind(place: str) -> None:
    (report,) = play(connected(), f"(013612345678BO01{place})".encode()).reports
    assert report.signals == {Signal.UNKNOWN}
    assert report.codes == ("BO01",)
    assert (report.fix is not None) == bool(place)


def test_an_alarm_with_an_unreadable_place_is_an_alarm() -> None:
    (report,) = play(connected(), b"(013612345678BO012nowhere)").reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_a_datagram_is_read_like_a_stream() -> None:
    (report,) = play(Tk103Udp().session(), message("BO012")).reports
    assert report.signals == {Signal.SOS}

"""`gl200` against captured messages: the SOS first, each place by its form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.gl200 import Gl200, Gl200Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

SOS = (
    b"+RESP:GTSOS,300500,860599001166511,,0,0,1,1,0.0,44,73.9,14.420671,50.087451,"
    b"20260301102030,0230,0003,177A,245F,,96,20260301102031,193D$"
)

# Why: docs/devices.md, "Where we differ".
DIFFERS = {
    "gl200-003": {"reports"},
    "gl200-004": {"reports"},
    "gl200-006": {"reports"},
    "gl200-007": {"reports"},
    "gl200-050": {"time"},
    "gl200-051": {"time"},
    "gl200-055": {"batteryLevel"},
    "gl200-057": {"time"},
    "gl200-067": {"charge", "motion", "rssi"},
    "gl200-074": {"place"},
    "gl200-075": {"place"},
    "gl200-079": {"place"},
    "gl200-081": {"place"},
    "gl200-082": {"batteryLevel", "time"},
    "gl200-092": {"place"},
    "gl200-102": {"battery", "iccid", "power"},
    "gl200-166": {"batteryLevel"},
    "gl200-180": {"batteryLevel"},
    "gl200-194": {"place"},
}


def connected() -> WireSession:
    return Gl200().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the message with the end that the vectors have lost."""
    text = vector.raw["encoding"] == "text" and not vector.frame.endswith(b"$")
    return vector.frame + b"$" if text else vector.frame


@parametrized("gl200")
def test_a_captured_message_is_read_as_its_source_does(vector: Vector) -> None:
    outcome = play(connected(), on_the_wire(vector))
    differs = DIFFERS.get(vector.name, set())
    assert_agrees(vector, outcome, differs | {"answer", "archive"})
    if vector.replies:
        assert outcome.answers == vector.replies


@framed("gl200")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    assert play(connected(), stream).reports[0].raw in {frame, frame + b"$"}


@parametrized("gl200", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    beat = b"+ACK:GTHBD,1A0401,135790246811220,,20100214093254,11F0$"
    assert_interleaved(connected, [beat, SOS, beat, SOS], sizes)


def test_each_message_is_acknowledged_by_its_count() -> None:
    assert play(connected(), SOS).answers == [b"+SACK:193D$"]


def test_an_sos_keeps_the_time_of_its_fix_beside_the_time_of_sending() -> None:
    (report,) = play(connected(), SOS).reports
    assert report.device_at == Instant.parse("2026-03-01T10:20:31Z")
    assert report.fix is not None
    assert report.fix.at == Instant.parse("2026-03-01T10:20:30Z")
    assert report.battery_ratio == 0.96
    assert report.sequence == 0x193D


def test_a_stored_sos_says_so_and_is_an_sos() -> None:
    (report,) = play(connected(), SOS.replace(b"+RESP", b"+BUFF")).reports
    assert report.buffered
    assert report.signals == {Signal.SOS}


def test_an_sos_without_a_place_is_an_sos() -> None:
    bare = (
        b"+RESP:GTSOS,300500,860599001166511,,0,0,1,0,,,,,,,0230,0003,177A,245F,,96,"
        b"20260301102031,193D$"
    )
    (report,) = play(connected(), bare).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is None
    assert report.cells == ("230-3-6010-9311",)


@pytest.mark.parametrize(
    ("word", "signal"),
    [
        ("GTBPL", "low_battery"),
        ("GTPFA", "power_off"),
        ("GTJDR", "jammed"),
        ("GTEPF", "power_cut"),
        ("GTEPN", "power_restored"),
        ("GTSWG", "geofence"),
        ("GTTMP", "vehicle"),
        ("GTQQQ", "unknown"),
    ],
)
def test_each_event_is_its_own_signal(word: str, signal: str) -> None:
    (report,) = play(connected(), SOS.replace(b"GTSOS", word.encode())).reports
    assert report.signals == {Signal(signal)}
    assert report.codes == (f"event:{word}",)


@pytest.mark.parametrize("word", ["GTCTN", "GTIDL", "GTDAT", "GTLSW", "GTTSW"])
def test_what_is_sent_as_a_matter_of_course_signals_nothing(word: str) -> None:
    (report,) = play(connected(), SOS.replace(b"GTSOS", word.encode())).reports
    assert report.signals == frozenset()
    assert report.fix is not None


def test_a_binary_message_is_shown_whole() -> None:
    binary = bytes.fromhex(
        "2b41434b017f244501010108676231303000000000ffff07e1070b03112d054dfe030d0a"
    )
    outcome = play(connected(), binary + SOS)
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.reports[1].signals == {Signal.SOS}


def test_a_datagram_is_whole_even_without_its_end() -> None:
    outcome = play(Gl200Udp().session(), SOS[:40], SOS)
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.reports[1].signals == {Signal.SOS}


@pytest.mark.parametrize("word", ["GTGEO", "GTSPD", "GTDIS", "GTDOG", "GTIGL"])
def test_what_has_the_layout_of_an_sos_has_its_battery(word: str) -> None:
    sos, got = play(connected(), SOS, SOS.replace(b"GTSOS", word.encode())).reports
    assert got.battery_ratio == sos.battery_ratio is not None


@pytest.mark.parametrize(
    ("behind", "ratio"),
    [
        ("87,0.00,,,,", 0.87),
        ("62,1,38,,,", 0.62),
        ("100,,,,,", 1.0),
        ("0,,,,,", None),
        ("1,1300,2000,00,00,+0800,0,", None),
    ],
)
def test_a_device_says_its_battery_of_itself(behind: str, ratio: float | None) -> None:
    head = (
        "+RESP:GTINF,1A0800,860599000773978,GL300,41,89701,23,0,1,204.7,,3.84,1,1,0,0,0"
    )
    frame = f"{head},20161006072548,{behind}20161006082343,0C98$".encode()
    (got,) = play(connected(), frame).reports
    assert got.battery_ratio == ratio


@pytest.mark.parametrize("word", ["GTGSS", "GTRMD", "GTHBE", "GTDOS"])
def test_a_state_that_is_reported_signals_nothing(word: str) -> None:
    (got,) = play(connected(), SOS.replace(b"GTSOS", word.encode())).reports
    assert not got.signals


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_the_last_message_may_lack_its_end(end: bytes) -> None:
    for session in (connected(), Gl200Udp().session()):
        outcome = play(session, SOS.rstrip(b"$") + end)
        (report,) = outcome.reports
        assert report.signals == {Signal.SOS}
        assert outcome.answers == [b"+SACK:193D$"]

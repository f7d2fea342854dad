"""`meitrack` against captured messages: text, both binary batches, checksums."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import sum8
from adapters.devices.meitrack import Meitrack, MeitrackUdp
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

# Why: docs/devices.md, "Where we differ".
DIFFERS = {"meitrack-031": {"answer"}, "meitrack-050": {"power"}}


def connected() -> WireSession:
    return Meitrack().session()


def on_the_wire(vector: Vector) -> bytes:
    """Return the message with the end that some vectors have lost."""
    text = vector.raw["encoding"] == "text"
    ended = vector.frame.endswith(b"\r\n") or not text
    return vector.frame if ended else vector.frame.rstrip(b"\r\n") + b"\r\n"


def message(event: int, valid: str = "A") -> bytes:
    body = (
        f",353358017784062,AAA,{event},50.087451,14.420671,260301102030,{valid},8,22,0,"
        "90,0.9,201,1200,3600,230|1|1DB5|A622,0000,0000|0000|0000|0A5F|0000,,*"
    ).encode()
    text = b"$$A%d" % (len(body) + 4) + body
    return text + b"%02X\r\n" % sum8(text)


@parametrized("meitrack")
def test_a_captured_message_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), on_the_wire(vector))
    assert_agrees(vector, outcome, DIFFERS.get(vector.name, ()))


@framed("meitrack")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    cut = play(connected(), stream).reports[0].raw
    assert cut.rstrip(b"\r\n") == frame.rstrip(b"\r\n")


@parametrized("meitrack", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, on_the_wire(vector))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [message(35), message(1), message(17), message(1)]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize(
    ("event", "signal"),
    [
        (1, "sos"),
        (17, "low_battery"),
        (44, "jammed"),
        (65, "sos"),
        (81, "removed"),
        (30, "unknown"),
        (78, "accident"),
        (999, "unknown"),
    ],
)
def test_each_event_is_its_own_signal(event: int, signal: str) -> None:
    (report,) = play(connected(), message(event)).reports
    assert report.signals == {Signal(signal)}


def test_an_sos_without_a_fix_keeps_the_last_place_as_doubtful() -> None:
    (report,) = play(connected(), message(1, valid="V")).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is None
    assert report.doubtful_fix is not None


def test_a_wrong_checksum_is_flagged_and_never_dropped() -> None:
    frame = re.sub(rb"\*..\r\n", b"*00\r\n", message(1))
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.checksum_ok is False


def test_an_alarm_with_an_unreadable_place_is_an_alarm() -> None:
    frame = message(1).replace(b"50.087451", b"north-ish")
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_a_message_that_nobody_has_described_is_shown() -> None:
    frame = message(1).replace(b"AAA", b"ZZZ")
    (report,) = play(MeitrackUdp().session(), frame).reports
    assert report.kind is ReportKind.UNDECODABLE


@pytest.mark.parametrize("kind", [b"CCB", b"CCF", b"AAB"])
def test_a_report_in_a_form_that_nobody_has_described_was_a_sign_of_life(
    kind: bytes,
) -> None:
    (report,) = play(connected(), message(1).replace(b"AAA", kind)).told
    assert report.kind is ReportKind.UNDECODABLE
    (report,) = play(connected(), message(1).replace(b"AAA", b"A10")).reports
    assert report.kind is ReportKind.HEARTBEAT


def test_an_event_counts_where_its_place_is_cut_off() -> None:
    for fields, kind in ((2, ReportKind.REPORT), (6, ReportKind.REPORT)):
        body = b",".join(message(1).split(b",")[: 3 + fields]) + b"*00\r\n"
        (got,) = play(connected(), body).reports
        assert got.kind is kind
        assert got.signals == {Signal.SOS}
        assert got.attributes["incomplete"] == "true"
    body = b",".join(message(35).split(b",")[:9]) + b"*00\r\n"
    assert play(connected(), body).reports[0].kind is ReportKind.UNDECODABLE


def test_a_blank_place_costs_no_cell() -> None:
    body = (
        b"$$A99,353358017784062,AAA,1,,,100313095653,V,0,21,,,,,,,"
        b"460|0|2795|104C,0000,166|204|205|2709|878,*00\r\n"
    )
    (got,) = play(connected(), body).reports
    assert got.signals == {Signal.SOS}
    assert got.cells == ("460-0-10133-4172",)
    assert "incomplete" not in got.attributes


@pytest.mark.parametrize("connect", [connected, lambda: MeitrackUdp().session()])
def test_the_last_message_may_lack_its_line_end(
    connect: Callable[[], WireSession],
) -> None:
    (got,) = play(connect(), message(1).rstrip(b"\r\n")).reports
    assert got.signals == {Signal.SOS}
    assert got.checksum_ok


@pytest.mark.parametrize("event", [56, 57, 63, 70, 71, 72, 73])
def test_an_event_that_is_no_alarm_signals_nothing(event: int) -> None:
    (got,) = play(connected(), message(event)).reports
    assert not got.signals


@parametrized("meitrack")
def test_a_datagram_may_lack_its_line_end(vector: Vector) -> None:
    whole = on_the_wire(vector)
    if not (whole.endswith(b"\r\n") and b"D00" not in whole[:40]):
        return
    ended = play(MeitrackUdp().session(), whole)
    bare = play(MeitrackUdp().session(), whole[:-2])
    assert [r.signals for r in bare.reports] == [r.signals for r in ended.reports]
    assert [r.fix for r in bare.reports] == [r.fix for r in ended.reports]

"""`xexun2` against captured frames: alarm bits, checksums, marks that look alike."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import sum16_inverted
from adapters.devices.xexun2 import Xexun2, unescaped
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

IMEI = bytes.fromhex("8616290500008960")


def connected() -> WireSession:
    return Xexun2().session()


def alarm(bits: int) -> bytes:
    record = b"\x01" + (1772360430).to_bytes(4) + b"\x16\x00\x2a\x01" + bits.to_bytes(4)
    return of_type(b"\x00\x14", b"\x01" + len(record).to_bytes(2) + record)


def of_type(kind: bytes, body: bytes) -> bytes:
    head = kind + b"\x00\x09" + IMEI + len(body).to_bytes(2)
    content = head + sum16_inverted(body).to_bytes(2) + body
    escaped = content.replace(b"\xfb\xbf", b"\xfb\xbf\x02")
    return b"\xfa\xaf" + escaped.replace(b"\xfa\xaf", b"\xfb\xbf\x01") + b"\xfa\xaf"


@parametrized("xexun2")
def test_a_captured_frame_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    outcome = play(connected(), vector.frame)
    assert_agrees(vector, outcome)
    assert all(report.checksum_ok for report in outcome.told)


@framed("xexun2")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    assert unescaped(play(connected(), stream).reports[0].raw) in {frame, frame[:-2]}


@parametrized("xexun2", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    assert_interleaved(connected, [alarm(1), alarm(0), alarm(0xFAAF), alarm(3)], sizes)


@given(st.integers(0, 2**32 - 1))
def test_no_alarm_bit_masks_the_sos(bits: int) -> None:
    (report,) = play(connected(), alarm(bits | 1)).reports
    assert Signal.SOS in report.signals


def test_sos_and_removed_together_are_both() -> None:
    (report,) = play(connected(), alarm(3)).reports
    assert report.signals == {Signal.SOS, Signal.REMOVED}


def test_an_alarm_of_a_bit_that_nobody_has_described_is_unknown_with_its_code() -> None:
    (report,) = play(connected(), alarm(1 << 20)).reports
    assert report.signals == {Signal.UNKNOWN}
    assert report.codes == ("alarm:0x00100000",)


def test_a_wrong_checksum_is_flagged_and_never_dropped() -> None:
    frame = bytearray(alarm(1))
    frame[-3] ^= 8
    (report,) = play(connected(), bytes(frame)).reports
    assert Signal.SOS in report.signals
    assert report.checksum_ok is False


def test_a_record_that_is_cut_off_is_shown() -> None:
    body = b"\x01\x00\x20\x01\x02"
    head = b"\x00\x14\x00\x09" + IMEI + len(body).to_bytes(2)
    frame = head + sum16_inverted(body).to_bytes(2) + body
    (report,) = play(connected(), b"\xfa\xaf" + frame + b"\xfa\xaf").reports
    assert report.kind is ReportKind.UNDECODABLE


def test_a_type_that_nobody_has_described_is_shown_bug_it_was_a_heartbeat() -> None:
    frame = of_type(b"\x00\x15", b"\x01help")
    outcome = play(connected(), frame)
    (report,) = outcome.reports
    assert (report.kind, report.device) == (ReportKind.UNDECODABLE, "861629050000896")
    assert report.raw == frame
    assert outcome.answers, "it would be said again"


def test_what_is_said_to_an_order_is_no_alarm() -> None:
    (report,) = play(connected(), of_type(b"\x00\x07", b"OK")).reports
    assert report.kind is ReportKind.HEARTBEAT

"""`gt06` against captured packets: places, both alarm places, answers, torn frames."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices import gt06_encode as encode
from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_packet import frame_of
from engine.ports.device import ReportKind, WireSession
from engine.values import DeviceId, Instant, Signal
from tests.adapters.devices import vectors
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import Vector, framed, parametrized, play

LOG_IN = bytes.fromhex("78780d01035341353215036200011f9d0d0a")
SOS = bytes.fromhex(
    "787825161a03010a141ec8055fb164018c13580014000900e6011db500a6222004040102000700430d0a"
)
DEVICE = DeviceId("353413532150362")
CELL = encode.Cell(mcc=230, mnc=1, lac=7605, cid=42530)
GPS = encode.Gps(
    lat_deg=50.087451, lon_deg=14.420671, at=Instant.parse("2026-03-01T10:20:30Z")
)

# Why: docs/devices.md, "Where we differ".
DIFFERS = {
    "gt06-001": {"answer"},
    "gt06-017": {"sat"},
    "gt06-024": {"batteryLevel", "cells", "ignition", "place", "rssi", "status"},
    "gt06-037": {"cells"},
    "gt06-041": {"sat"},
    "gt06-061": {"time"},
    "gt06-071": {"reports"},
    "gt06-072": {"odometer"},
    "gt06-088": {"batteryLevel", "cells", "geofence", "rssi", "status"},
    "gt06-093": {"cells"},
    "gt06-119": {"answer"},
    "gt06-158": {"answer"},
    "gt06-160": {"answer"},
    "gt06-161": {"result"},
    "gt06-164": {"eventData"},
}


def connected() -> WireSession:
    session = Gt06().session()
    session.feed(LOG_IN, vectors.RECEIVED_AT)
    return session


@parametrized("gt06")
def test_a_captured_packet_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    assert_agrees(vector, play(connected(), vector.frame), DIFFERS.get(vector.name, ()))


def test_a_whole_session_in_its_order_is_answered_packet_by_packet() -> None:
    session = Gt06().session()
    for vector in vectors.load("gt06"):
        outcome = vectors.Outcome()
        outcome.take(session.feed(vector.frame, vectors.RECEIVED_AT))
        outcome.take(session.finish(vectors.RECEIVED_AT))
        assert outcome.reports
        if not DIFFERS.get(vector.name, set()) & {"answer", "reports"}:
            assert len(outcome.answers) == len(vector.replies)
        for device in vector.raw["decoded"]["deviceIds"]:
            if "answer" not in DIFFERS.get(vector.name, ()):
                assert session.device == device


@framed("gt06")
def test_a_stream_is_cut_where_its_source_cuts_it(stream: bytes, frame: bytes) -> None:
    assert play(connected(), stream).reports[0].raw == frame


@parametrized("gt06", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [LOG_IN, SOS, encode.heartbeat(serial=8), SOS]
    assert_interleaved(Gt06().session, frames, sizes)


@pytest.mark.parametrize("status", range(256))
def test_an_sos_in_one_place_is_not_masked_by_any_alarm_in_the_other(
    status: int,
) -> None:
    by_byte = encode.alarm(GPS, CELL, serial=9, code=1, status=status)
    by_status = encode.alarm(GPS, CELL, serial=9, code=status, status=0x20)
    for frame in (by_byte, by_status):
        assert Signal.SOS in play(connected(), frame).told[0].signals


def test_both_alarm_places_are_one_set_with_their_codes_kept() -> None:
    frame = encode.alarm(GPS, CELL, serial=9, code=0x13, status=0x20)
    report = play(connected(), frame).told[0]
    assert report.signals == {Signal.SOS, Signal.TAMPERED}
    assert report.codes == ("status:0x04", "alarm:0x13")


def test_a_heartbeat_with_an_sos_is_a_report_without_a_place() -> None:
    report = play(connected(), encode.heartbeat(serial=7, status=0x20)).told[0]
    assert report.kind is ReportKind.REPORT
    assert report.signals == {Signal.SOS}
    assert report.fix is None


def test_an_unknown_alarm_code_is_an_unknown_signal_with_its_code() -> None:
    report = play(
        connected(), encode.alarm(GPS, CELL, serial=9, code=0x77, status=0)
    ).told[0]
    assert report.signals == {Signal.UNKNOWN}
    assert report.codes == ("alarm:0x77",)


@pytest.mark.parametrize("position", range(len(SOS) - 2))
def test_an_sos_with_a_damaged_byte_is_flagged_and_never_dropped(position: int) -> None:
    damaged = bytearray(SOS)
    damaged[position] ^= 0x55
    outcome = play(connected(), bytes(damaged))
    assert outcome.is_visible or Signal.UNKNOWN in outcome.told[0].signals
    assert all(report.checksum_ok is not True for report in outcome.reports)


def test_a_log_in_is_answered_and_names_the_device() -> None:
    session = Gt06().session()
    (decoded,) = session.feed(LOG_IN, vectors.RECEIVED_AT)
    assert session.device == DEVICE
    assert decoded.answer == bytes.fromhex("787805010001d9dc0d0a")
    assert decoded.reports[0].kind is ReportKind.LOGIN


def test_an_sos_before_any_log_in_is_a_report_of_an_unknown_device() -> None:
    report = play(Gt06().session(), SOS).told[0]
    assert Signal.SOS in report.signals
    assert report.device is None


@pytest.mark.parametrize("hours", [-5, 0, 8, 5.75])
def test_the_zone_of_the_log_in_is_taken_off_the_clock(hours: float) -> None:
    zone = timedelta(hours=hours)
    session = Gt06().session()
    session.feed(encode.log_in(DEVICE, zone=zone), vectors.RECEIVED_AT)
    local = encode.with_device_time(SOS, vectors.RECEIVED_AT, zone=zone)
    assert play(session, local).told[0].device_at == vectors.RECEIVED_AT


def test_a_frame_that_is_whole_and_means_nothing_is_shown_and_answered() -> None:
    frame = frame_of(0x5A, b"\x01\x02", 12)
    outcome = play(connected(), frame)
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.reports[0].raw == frame
    assert outcome.reports[0].device == DEVICE
    assert outcome.answers == [frame_of(0x5A, b"", 12)]


def test_a_torn_frame_is_not_answered_so_that_the_device_repeats_it() -> None:
    assert play(connected(), SOS[:30] + b"\r\n").answers == []


def test_a_frame_that_never_ends_does_not_swallow_the_sos_behind_it() -> None:
    session = connected()
    decoded = session.feed(b"\x79\x79\x0f\xff\x94" + SOS, vectors.RECEIVED_AT)
    assert [r.kind for d in decoded for r in d.reports] == [
        ReportKind.UNDECODABLE,
        ReportKind.REPORT,
    ]


def test_the_buffer_stays_within_the_longest_frame() -> None:
    session = connected()
    for _ in range(64):
        session.feed(b"\x79\x79\x0f\xf0\x94" + bytes(1000), vectors.RECEIVED_AT)
    held = b"".join(report.raw for report in play(session).reports)
    assert len(held) <= 2 * 4096


def test_a_time_request_is_answered_with_utc() -> None:
    outcome = play(connected(), frame_of(0x8A, b"", 6))
    date = bytes((26, 11, 25, 3, 0, 0))
    assert outcome.answers == [frame_of(0x8A, date, 0)]


@pytest.mark.parametrize(
    ("code", "signals"),
    [
        (0x1A, {Signal.HARSH_DRIVING}),
        (0x27, {Signal.HARSH_DRIVING}),
        (0x2E, {Signal.HARSH_DRIVING}),
        (0x30, {Signal.HARSH_DRIVING, Signal.JAMMED}),
        (0x53, {Signal.VEHICLE}),
        (0x5C, {Signal.VEHICLE}),
        (0xEE, {Signal.UNKNOWN}),
    ],
)
def test_a_code_is_what_most_models_mean_by_it(code: int, signals: set[Signal]) -> None:
    frame = encode.alarm(GPS, CELL, serial=1, code=code, status=0)
    (report,) = play(connected(), frame).told
    assert report.signals == signals
    assert report.codes == (f"alarm:0x{code:02x}",)


@pytest.mark.parametrize(
    ("code", "signal"),
    [(0x01, "sos"), (0x0E, "low_battery"), (0x76, "vehicle"), (0x88, "power_cut")],
)
def test_a_camera_names_its_alarm(code: int, signal: str) -> None:
    content = bytes((26, 3, 1, 10, 20, 30, code, 0, 0))
    (report,) = play(connected(), frame_of(0x95, content, 1)).told
    assert report.signals == {Signal(signal)}


CELL_AND_STATUS = bytes.fromhex("00e6011db500a6226404040102")


def test_a_cell_before_an_alarm_may_stand_without_its_length() -> None:
    frame = frame_of(0x19, CELL_AND_STATUS, 5)
    (report,) = play(connected(), frame).reports
    assert report.signals == {Signal.SOS}
    assert report.codes == ("status:0x04", "alarm:0x01")
    assert report.cells == ("230-1-7605-42530",)
    counted = frame_of(0x19, b"\x09" + CELL_AND_STATUS, 5)
    assert play(connected(), counted).reports[0].cells == report.cells


# The start says how long the length is, and nothing else (JM-VL03 protocol 1.1.2).
@pytest.mark.parametrize("kind", [0x13, 0x16, 0x26])
def test_an_sos_behind_the_other_start_is_one_and_is_answered(kind: int) -> None:
    content = SOS[4:-6] if kind != 0x13 else bytes.fromhex("6404040102")
    outcome = play(connected(), frame_of(kind, content, 7, extended=True))
    (report,) = outcome.reports
    assert report.kind is ReportKind.REPORT
    assert Signal.SOS in report.signals
    assert (report.fix is not None) == (kind != 0x13)
    assert outcome.answers == [frame_of(kind, b"", 7)]


def test_a_cell_and_when_it_was_heard_are_a_report() -> None:
    # The LBS packet 0x11: a date, then the cell, as in the log of Traccar #1973.
    frame = bytes.fromhex("78780a111005180a142e00e601123400567800020fe00d0a")
    (report,) = play(connected(), frame).told
    assert report.kind is ReportKind.REPORT
    assert report.cells == ("230-1-4660-22136",)
    assert report.device_at == Instant.parse("2016-05-24T10:20:46Z")
    assert "incomplete" not in report.attributes


# Date, satellites, place, speed, flags.
WHERE = SOS[4:22]


@pytest.mark.parametrize("kind", [0x16, 0x26, 0x32])
def test_an_sos_behind_a_place_and_a_cell_without_its_length_is_one(kind: int) -> None:
    (report,) = play(connected(), frame_of(kind, WHERE + CELL_AND_STATUS, 5)).reports
    assert report.signals == {Signal.SOS}
    assert report.cells == ("230-1-7605-42530",)
    counted = frame_of(kind, WHERE + b"\x09" + CELL_AND_STATUS, 5)
    assert play(connected(), counted).reports[0].codes == report.codes


@pytest.mark.parametrize("kind", [0x12, 0x22, 0xA0])
def test_a_place_without_a_cell_is_a_place(kind: int) -> None:
    (report,) = play(connected(), frame_of(kind, WHERE, 5)).reports
    assert report.kind is ReportKind.REPORT
    assert report.fix is not None


def test_a_log_in_and_a_question_for_the_time_may_have_either_start() -> None:
    name = bytes.fromhex("0353413532150362")
    outcome = play(Gt06().session(), frame_of(0x01, name, 1, extended=True))
    (report,) = outcome.reports
    assert report.kind is ReportKind.LOGIN
    assert report.device == "353413532150362"
    assert outcome.answers == [frame_of(0x01, b"", 1)]
    asked = [frame_of(0x8A, b"", 2, extended=long) for long in (False, True)]
    plain, extended = (play(connected(), frame) for frame in asked)
    assert extended.reports[-1].kind is ReportKind.HEARTBEAT
    assert extended.answers == plain.answers

"""`minifinder2` against captured packets, and every alarm bit beside every other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import crc16_xmodem
from adapters.devices.minifinder2 import Minifinder2, frame_of
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn import assert_interleaved, assert_never_nothing
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, parametrized, play

IMEI = b"\x10\x01861629050000896"

# Why: docs/devices.md, "Where we differ".
DIFFERS: dict[str, set[str]] = {}


def connected() -> WireSession:
    return Minifinder2().session()


def alarm(bits: int, *, flags: int = 0x10) -> bytes:
    record = b"\x09\x02" + bits.to_bytes(4, "little") + bytes(4)
    return frame_of(b"\x01" + IMEI + record, 0x1234, flags=flags)


@parametrized("minifinder2")
def test_a_captured_packet_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    assert_agrees(vector, play(connected(), vector.frame), DIFFERS.get(vector.name, ()))


@pytest.mark.slow
@parametrized("minifinder2", sos=True)
def test_an_sos_torn_split_or_repeated_never_ends_in_nothing(vector: Vector) -> None:
    assert_never_nothing(connected, vector.frame)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [alarm(1 << 12), frame_of(b"\x01" + IMEI, 2), alarm(1 << 12 | 1)]
    assert_interleaved(connected, frames, sizes)


@given(st.integers(0, 2**32 - 1))
def test_no_alarm_bit_masks_the_sos(bits: int) -> None:
    report = play(connected(), alarm(bits | 1 << 12)).told[0]
    assert Signal.SOS in report.signals
    assert "alarm:bit12" in report.codes


@pytest.mark.parametrize("bit", [13, 14])
def test_a_side_button_is_a_button_for_the_profile_to_read(bit: int) -> None:
    report = play(connected(), alarm(1 << bit)).told[0]
    assert report.signals == {Signal.BUTTON}
    assert report.codes == (f"alarm:bit{bit}",)


@pytest.mark.parametrize("fence", range(4))
@pytest.mark.parametrize("entered", [True, False])
def test_a_fence_that_is_entered_is_no_more_than_one_that_is_left(
    fence: int, *, entered: bool
) -> None:
    report = play(connected(), alarm(1 << 4 + fence | entered << 26 + fence)).told[0]
    assert report.signals == {Signal.GEOFENCE}


def test_a_bit_that_nobody_has_described_is_an_unknown_signal() -> None:
    assert play(connected(), alarm(1 << 30)).told[0].signals == {Signal.UNKNOWN}


def test_a_bad_field_does_not_take_the_alarm_with_it() -> None:
    body = b"\x01" + IMEI + b"\x03\x2a\x80\x01" + b"\x05\x02" + b"\x00\x10\x00\x00"
    report = play(connected(), frame_of(body, 1, flags=0x10)).told[0]
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_an_alarm_without_an_imei_is_one_of_an_unknown_device() -> None:
    body = b"\x01\x05\x02\x00\x10\x00\x00"
    report = play(connected(), frame_of(body, 1)).told[0]
    assert report.signals == {Signal.SOS}
    assert report.device is None


def test_only_a_frame_that_asks_is_answered_with_its_own_sequence() -> None:
    assert play(connected(), alarm(1, flags=0)).answers == []
    answer = bytes.fromhex("ab00030008c734127f0100")
    assert play(connected(), alarm(1)).answers == [answer]


def test_a_time_request_is_answered_with_the_time_of_receipt() -> None:
    body = b"\x03" + IMEI + b"\x01\x12"
    (answer,) = play(connected(), frame_of(body, 1, flags=0x10)).answers
    assert answer[8:] == b"\x03\x05\x12" + (RECEIVED_AT.ms // 1000).to_bytes(
        4, "little"
    )
    assert crc16_xmodem(answer[8:]) == int.from_bytes(answer[4:6], "little")


def test_a_type_that_nobody_has_described_is_shown() -> None:
    report = play(connected(), frame_of(b"\x55\x01", 1)).reports[0]
    assert report.kind is ReportKind.UNDECODABLE


def test_an_alarm_says_when_it_was_where_no_status_does() -> None:
    pressed = Instant.parse("2026-03-01T10:20:30Z")
    stamp = (pressed.ms // 1000).to_bytes(4, "little")
    field = b"\x09\x02" + (1 << 12).to_bytes(4, "little") + stamp
    (got,) = play(connected(), frame_of(b"\x01" + IMEI + field, 1)).told
    assert got.signals == {Signal.SOS}
    assert got.device_at == pressed
    later = ((pressed.ms // 1000) + 60).to_bytes(4, "little")
    status = b"\x09\x24" + later + bytes(4)
    (got,) = play(connected(), frame_of(b"\x01" + IMEI + field + status, 1)).told
    assert got.device_at == Instant.parse("2026-03-01T10:21:30Z")


def test_an_alarm_in_what_asks_for_something_was_a_mere_sign_of_life() -> None:
    cells = b"\x09\x21" + bytes.fromhex("0601031034127856")
    sos = b"\x05\x02" + (1 << 12).to_bytes(4, "little")
    frame = frame_of(b"\x03" + IMEI + sos + cells, 7, flags=0x10)
    outcome = play(connected(), frame)
    (report,) = outcome.reports
    assert report.kind is ReportKind.REPORT
    assert report.signals == {Signal.SOS}
    assert report.cells == ("262-3-4660-22136@16",)
    assert outcome.answers == [frame_of(b"\x03" + b"\x0a\x21" + bytes(9), 7)]


def test_an_alarm_that_is_cut_short_in_what_asks_for_something_was_silent() -> None:
    cells = b"\x09\x21" + bytes.fromhex("0601031034127856")
    for fields, kind in (
        (b"\x03\x02\x00\x10" + cells, ReportKind.UNDECODABLE),
        (b"\x01\x21", ReportKind.HEARTBEAT),
    ):
        frame = frame_of(b"\x03" + IMEI + fields, 7, flags=0x10)
        assert play(connected(), frame).reports[0].kind is kind


def test_cells_whose_place_is_asked_for_are_a_report_and_a_question_is_none() -> None:
    cells = b"\x09\x21" + bytes.fromhex("0601031034127856")
    for fields, kind in ((cells, ReportKind.REPORT), (b"", ReportKind.HEARTBEAT)):
        frame = frame_of(b"\x03" + IMEI + b"\x01\x12" + fields, 7, flags=0x10)
        assert play(connected(), frame).reports[0].kind is kind


def test_a_device_that_says_how_its_new_firmware_went_is_answered() -> None:
    frame = frame_of(b"\x7e" + b"\x02\x01\x00", 7, flags=0x10)
    outcome = play(connected(), frame, alarm(1 << 12))
    assert outcome.reports[0].kind is ReportKind.HEARTBEAT
    assert outcome.answers[0] == frame_of(b"\x7f\x01\x00", 7)
    assert outcome.reports[1].signals == {Signal.SOS}

"""A report in the making: signals are a set, places are kept and never trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from engine.ports.device import ReportKind
from engine.values import Instant, Signal
from tests.adapters.devices.vectors import RECEIVED_AT


def draft() -> Draft:
    return Draft(protocol="p", frame=b"raw", received_at=RECEIVED_AT)


@given(st.lists(st.sampled_from(Signal), max_size=8))
def test_nothing_takes_a_signal_away(signals: list[Signal]) -> None:
    made = draft()
    made.signal("first", Signal.SOS)
    for signal in signals:
        made.signal("later", signal)
    assert made.finish().signals == {Signal.SOS, *signals}


def test_a_code_that_a_table_lacks_is_unknown_and_a_state_is_nothing() -> None:
    made = draft()
    made.look_up("alarm", 0x55, {1: (Signal.SOS,)})
    made.look_up("alarm", 0x00, {0: ()})
    assert made.finish().signals == {Signal.UNKNOWN}
    assert made.finish().codes == ("alarm:0x55",)


def test_every_set_bit_counts_for_itself() -> None:
    made = draft()
    table = {0: (Signal.SOS,), 1: (Signal.FALL,), 2: ()}
    made.bits("flags", 0b10111, table, alarms=range(8))
    assert made.finish().signals == {Signal.SOS, Signal.FALL, Signal.UNKNOWN}
    assert made.finish().codes == ("flags:bit0", "flags:bit1", "flags:bit4")


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "valid", "reason", "kept"),
    [
        (50.0, 14.0, True, None, False),
        (50.0, 14.0, False, "not_valid", True),
        (0.0, 0.0, True, "zero", True),
        (91.0, 0.0, True, "out_of_range", False),
        (float("nan"), 0.0, True, "out_of_range", False),
    ],
)
def test_a_place_is_a_fix_or_says_why_not(
    *, lat_deg: float, lon_deg: float, valid: bool, reason: str | None, kept: bool
) -> None:
    made = draft()
    made.locate(lat_deg, lon_deg, valid=valid)
    report = made.finish()
    assert report.no_fix_reason == reason
    assert (report.fix is None) == (reason is not None)
    assert (report.doubtful_fix is not None) == kept


def test_a_fix_is_as_old_as_the_device_says_else_as_its_receipt() -> None:
    made = draft()
    made.locate(50.0, 14.0)
    assert made.fix is not None
    assert made.fix.at == RECEIVED_AT
    made.device_at = Instant.parse("2026-03-01T10:20:30Z")
    made.locate(50.0, 14.0)
    assert made.fix.at == made.device_at


def test_a_heartbeat_with_a_signal_is_a_report() -> None:
    made = draft()
    made.kind = ReportKind.HEARTBEAT
    assert made.finish().kind is ReportKind.HEARTBEAT
    made.signal("status", Signal.SOS)
    assert made.finish().kind is ReportKind.REPORT


def test_a_torn_frame_keeps_what_was_read_and_is_shown_where_nothing_was() -> None:
    empty, told = draft(), draft()
    told.signal("word", Signal.SOS)
    for made in (empty, told):
        made.torn()
    assert empty.finish().kind is ReportKind.UNDECODABLE
    assert told.finish().kind is ReportKind.REPORT
    assert told.finish().attributes == {"incomplete": "true"}


def test_what_cannot_be_is_left_out() -> None:
    made = draft()
    made.speed_mps, made.course_deg = -1.0, 400.0
    made.battery_percent(255)
    made.cell(0, 0, 0, 0)
    made.access_point("00:00:00:00:00:00", -50)
    report = made.finish()
    assert (report.speed_mps, report.course_deg, report.battery_ratio) == (None,) * 3
    assert (report.cells, report.wifi) == ((), ())


def test_neighbours_are_bounded() -> None:
    made = draft()
    for number in range(1, 500):
        made.cell(230, 1, number, number)
        made.access_point(f"{number:012x}", -50)
    assert len(made.finish().cells) == len(made.finish().wifi) == 64

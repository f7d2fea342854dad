"""Makers' own messages of `jt808`: passed-through data, and padlocks' places."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.jt808 import Jt808
from adapters.devices.jt808_frame import STANDARD
from adapters.devices.jt808_own import read_passed_on
from adapters.devices.reading import Reader
from engine.ports.device import ReportKind
from engine.values import Signal
from tests.adapters.devices.vectors import RECEIVED_AT, play

PLACE = bytes.fromhex("0103261020305005247101425240370000")


def padlock(alarm: int, *, kind: int = 0x5501, product: int = 3) -> bytes:
    states = bytes((31, 8)) + (12).to_bytes(4) + b"\x57" + bytes(6)
    states += bytes((product,)) + (0x0820).to_bytes(2) + alarm.to_bytes(2)
    head = kind.to_bytes(2) + bytes(2) + bytes.fromhex("012345678901") + b"\x01"
    return STANDARD.frame_of(head + PLACE + states + bytes.fromhex("100102"))


@given(st.binary(max_size=120))
def test_nothing_that_is_passed_on_raises(said: bytes) -> None:
    made = Draft(protocol="jt808", frame=b"", received_at=RECEIVED_AT)
    read_passed_on(Reader(said), made)


def test_a_padlock_says_where_it_is_and_in_what_state() -> None:
    (report,) = play(Jt808().session(), padlock(0)).reports
    assert report.fix is not None
    assert round(report.fix.lat_deg, 4) == 50.0875
    assert round(report.fix.lon_deg, 4) == 14.4207
    assert report.battery_ratio == 0.87
    assert report.attributes["blocked"] == "true"
    assert report.attributes["wake_source"] == "2"
    assert report.attributes["odometer_m"] == "12000.0"


def test_the_place_of_a_blind_padlock_is_doubtful() -> None:
    (report,) = play(Jt808().session(), padlock(0, kind=0x5502)).reports
    assert report.fix is None
    assert report.doubtful_fix is not None


def test_each_alarm_bit_of_a_padlock_counts_and_an_undescribed_one_is_shown() -> None:
    (report,) = play(Jt808().session(), padlock(0b101)).reports
    assert report.signals == {Signal.OVERSPEED, Signal.VIBRATION}
    (report,) = play(Jt808().session(), padlock(1 << 15)).reports
    assert report.signals == {Signal.UNKNOWN}
    assert report.kind is ReportKind.REPORT

"""Binary messages of `gl200`: records of newer trackers, alarms of the older form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.checksums import crc8_nrsc5
from adapters.devices.gl200 import Gl200, Gl200Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Instant, Signal
from tests.adapters.devices.test_gl200 import SOS
from tests.adapters.devices.torn import assert_interleaved
from tests.adapters.devices.vectors import RECEIVED_AT, play

AT = Instant.parse("2026-03-01T10:20:30Z")
EPOCH = (AT.ms // 1000).to_bytes(4)
WHERE = (-70_650_000).to_bytes(4, signed=True) + (-33_450_000).to_bytes(4, signed=True)
PLACE = b"\x52\x16\x29" + WHERE + EPOCH + bytes.fromhex("017d0a00b40001b30c")
CELL = bytes.fromhex("550e06035b6100100002100010000000")
LEVEL = b"\x0a\x01\x58"


def connected() -> WireSession:
    return Gl200().session()


def record(kind: int, data: bytes = PLACE, *, event: int = 0) -> bytes:
    body = EPOCH + b"\x00\x07" + bytes((kind, event)) + data
    if len(body) + 1 < 0x80:
        return bytes((len(body) + 1,)) + body
    return (0x8000 | len(body) + 2).to_bytes(2) + body


def frame(
    *records: bytes, mark: bytes = b"+", split: bytes = b"\0", checked: bool = True
) -> bytes:
    name = bytes.fromhex("0861234567890123")
    body = split + name + bytes.fromhex("c031000a0000") + b"".join(records)
    head = mark + b"\0" + (len(body) + 8).to_bytes(2)
    whole = head + body + b"\x01\x0f"
    return whole + bytes((crc8_nrsc5(whole) ^ (not checked),)) + b"$"


# The vendor's pages of GL601 (qdc.queclinksz.com), and of SOS a GL533's reader.
@pytest.mark.parametrize(
    ("kind", "event", "signals"),
    [
        (0x10, 0, {Signal.SOS}),
        (0x81, 1, {Signal.TAMPERED}),
        (0x81, 0, set()),
        (0x28, 0, {Signal.VIBRATION}),
        (0x74, 0, {Signal.ACCIDENT}),
        (0x05, 0, {Signal.POWER_OFF}),
        (0x50, 0, set()),
        (0x77, 0, {Signal.UNKNOWN}),
    ],
)
def test_a_record_is_read_with_its_signal_and_place(
    kind: int, event: int, signals: set[Signal]
) -> None:
    (report,) = play(connected(), frame(record(kind, event=event))).reports
    assert report.signals == signals
    assert report.device == "861234567890123"
    assert report.device_at == AT
    assert report.fix is not None
    assert (report.fix.lat_deg, report.fix.lon_deg) == (-33.45, -70.65)
    assert report.fix.at == AT
    assert report.speed_mps == pytest.approx(38.1 / 3.6)
    assert report.course_deg == 180
    assert report.altitude_m == 43.5
    assert report.sequence == 0x010F
    assert report.checksum_ok
    assert not report.buffered


def test_an_sos_without_a_fix_has_its_cell_and_battery() -> None:
    stale = PLACE[:2] + b"\x25" + PLACE[3:]
    (report,) = play(connected(), frame(record(0x10, stale + CELL + LEVEL))).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is None
    assert report.doubtful_fix is not None
    assert report.cells == ("220-1-16-135168",)
    assert report.battery_ratio == 0.88


def test_each_record_is_a_report_also_of_a_message_that_is_long_split_or_stored() -> (
    None
):
    data = b"\x02\x7f" + bytes(127) + PLACE
    whole = frame(record(0x50), record(0x10, data), mark=b"-", split=b"\x80\x02\x01")
    reports = play(connected(), whole).reports
    assert [set(report.signals) for report in reports] == [set(), {Signal.SOS}]
    assert [report.part for report in reports] == [0, 1]
    assert all(report.buffered and report.fix for report in reports)


def test_a_wrong_checksum_is_flagged_and_never_dropped() -> None:
    (report,) = play(connected(), frame(record(0x10), checked=False)).reports
    assert report.signals == {Signal.SOS}
    assert report.checksum_ok is False


def test_a_record_that_is_cut_off_keeps_its_alarm() -> None:
    (report,) = play(connected(), frame(record(0x10, PLACE[:9]))).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"
    assert play(connected(), frame()).reports[0].kind is ReportKind.UNDECODABLE


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_segments_may_end_anywhere(sizes: list[int]) -> None:
    frames = [frame(record(0x50)), SOS, frame(record(0x10)), frame(record(0x50)), SOS]
    assert_interleaved(connected, frames, sizes)


@pytest.mark.parametrize("cut", [4, 20, 50])
def test_a_torn_message_swallows_no_text_behind_it(cut: int) -> None:
    outcome = play(connected(), frame(record(0x50))[:cut] + SOS)
    assert outcome.reports[-1].signals == {Signal.SOS}
    assert outcome.answers == [b"+SACK:193D$"]


@pytest.mark.parametrize("cut", [2, 3, 20, 50])
@pytest.mark.parametrize("behind", [frame(record(0x10)), SOS])
def test_a_torn_long_message_swallows_none_behind_it(cut: int, behind: bytes) -> None:
    long = frame(record(0x50, b"\x02\x7f" + bytes(127) + PLACE), *[record(0x50)] * 20)
    session = connected()
    told = [
        r for d in session.feed(long[:cut] + behind, RECEIVED_AT) for r in d.reports
    ]
    if cut > len(b"+\0\1\2"):
        assert told[-1].signals == {Signal.SOS}
    told += [r for d in session.finish(RECEIVED_AT) for r in d.reports]
    assert sum(Signal.SOS in report.signals for report in told) == 1


@pytest.mark.parametrize(
    "head", [b"+RSP\x03\0\xfc\x1f\xff\x01\x90\x45", b"-\0\5\xa0\0"]
)
def test_what_stands_behind_a_torn_message_is_read_once_no_more_comes(
    head: bytes,
) -> None:
    unchecked = frame(record(0x10), checked=False)
    reports = play(connected(), head + bytes(9) + unchecked).reports
    assert reports[-1].signals == {Signal.SOS}


OLDER_PLACE = (
    bytes.fromhex("01000000005a000c") + WHERE + bytes.fromhex("07ea03010a141e")
)
OLDER_SENT = bytes.fromhex("07ea03010a1428054e5c6e0d0a")


def older(mark: bytes, kind: int, place: bytes = OLDER_PLACE) -> bytes:
    name = bytes.fromhex("560c22384e591703")  # 86 12 34 56 78 89 23 3
    body = bytes.fromhex("4501010108") + name + bytes.fromhex("58000041090101") + place
    length = (11 + len(body) + len(OLDER_SENT)).to_bytes(2)
    return mark + bytes((kind,)) + b"\x00\xfc\x1f\xbf" + length + body + OLDER_SENT


# NorbertoRios/eE9hv8AL, `queclinkreport`: the numbers that all of its models share.
@pytest.mark.parametrize(
    ("mark", "kind", "signal"),
    [
        (b"+RSP", 10, Signal.SOS),
        (b"+BSP", 10, Signal.SOS),
        (b"+RSP", 9, Signal.OVERSPEED),
        (b"+EVT", 2, Signal.POWER_OFF),
        (b"+EVT", 6, Signal.LOW_BATTERY),
        (b"+BVT", 20, Signal.JAMMED),
    ],
)
def test_an_alarm_of_the_older_form_is_one_and_is_answered(
    mark: bytes, kind: int, signal: Signal
) -> None:
    outcome = play(Gl200Udp().session(), older(mark, kind))
    (report,) = outcome.reports
    assert report.signals == {signal}
    assert report.device == "861234567889233"
    assert report.buffered == (mark[1:2] == b"B")
    assert report.device_at == Instant.parse("2026-03-01T10:20:40Z")
    assert report.fix is not None
    assert (report.fix.lat_deg, report.fix.lon_deg) == (-33.45, -70.65)
    assert report.fix.at == AT
    assert outcome.answers == [b"+SACK:054E$"]


def test_an_alarm_of_the_older_form_without_a_place_is_one() -> None:
    (report,) = play(connected(), older(b"+RSP", 10, bytes(30))).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is None


@pytest.mark.parametrize(("mark", "kind"), [(b"+RSP", 7), (b"+EVT", 23), (b"+INF", 10)])
def test_what_is_no_alarm_in_the_older_form_is_shown(mark: bytes, kind: int) -> None:
    outcome = play(connected(), older(mark, kind))
    assert outcome.reports[0].kind is ReportKind.UNDECODABLE
    assert outcome.answers == []

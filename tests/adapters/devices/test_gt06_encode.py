"""What our encoder sends is what captured devices sent, byte for byte."""

import pytest

from adapters.devices import gt06_encode as encode
from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_tables import EXTENDED_TEXT
from engine.ports.device import DeviceReport, ReportKind
from engine.values import Instant, Signal
from tests.adapters.devices import vectors
from tests.adapters.devices.vectors import Vector, parametrized, play

SOS = bytes.fromhex(
    "787825161a03010a141ec8055fb164018c1358001400"
    "0900e6011db500a6222004040102000700430d0a"
)
REMOVED = bytes.fromhex(
    "787825261a03010a141ec8055fb164018c1358001400"
    "0900e6011db500a6220004041802000725a30d0a"
)
VIBRATION = bytes.fromhex(  # gt06-141, of a real device
    "787825160f0c1d0a2b21c8027ac8040c46581000146f"
    "0901cc00287d001f714804040301001c84cf0d0a"
)
LOG_IN = "78780d01035341353215036200011f9d0d0a"
NOW = Instant.parse("2026-11-25T03:04:05Z")


def test_a_log_in_equals_the_captured_one() -> None:
    assert encode.log_in("353413532150362", serial=1).hex() == LOG_IN
    captured = "78780d01012345678901234500018cdd0d0a"
    assert encode.log_in("123456789012345", serial=1).hex() == captured


@pytest.mark.parametrize(
    ("captured", "serial", "options"),
    [
        (
            SOS,
            7,
            {},
        ),
        (
            REMOVED,
            7,
            {"kind": 0x26, "code": 0x18, "status": 0},
        ),
    ],
)
def test_an_alarm_equals_the_captured_one(
    captured: bytes, serial: int, options: dict[str, int]
) -> None:
    gps = encode.Gps(
        lat_deg=50.087451111111115,
        lon_deg=14.420671111111112,
        at=Instant.parse("2026-03-01T10:20:30Z"),
    )
    cell = encode.Cell(mcc=230, mnc=1, lac=7605, cid=42530)
    assert encode.alarm(gps, cell, serial=serial, **options) == captured


def test_an_alarm_of_a_real_device_is_rebuilt_from_what_was_read() -> None:
    gps = encode.Gps(
        lat_deg=23.11168222222222,
        lon_deg=114.40925333333334,
        at=Instant.parse("2015-12-29T10:43:33Z"),
        course_deg=111,
    )
    cell = encode.Cell(mcc=460, mnc=0, lac=10365, cid=8049)
    built = encode.alarm(gps, cell, serial=28, code=3, status=0x48, language=1)
    assert built == VIBRATION


def test_a_stored_location_equals_a_real_one() -> None:
    # gt06-054, sent out of the device's memory.
    captured = (
        "787822220f0c1d023305c9027ac8180c46586000140001cc00287d001f71000001000820860d0a"
    )
    gps = encode.Gps(
        lat_deg=23.111693333333335,
        lon_deg=114.40929777777777,
        at=Instant.parse("2015-12-29T02:51:05Z"),
        satellites=9,
    )
    cell = encode.Cell(mcc=460, mnc=0, lac=10365, cid=8049)
    assert encode.stored_location(gps, cell, serial=8).hex() == captured


def test_a_location_is_a_plain_report_with_its_fix() -> None:
    gps = encode.Gps(lat_deg=-33.5, lon_deg=-70.25, at=NOW, speed_kmh=36, course_deg=90)
    cell = encode.Cell(mcc=730, mnc=1, lac=1, cid=2)
    report = play(Gt06().session(), encode.location(gps, cell, serial=3)).told[0]
    assert report.kind is ReportKind.REPORT
    assert report.signals == frozenset()
    assert report.checksum_ok
    assert report.fix is not None
    assert (report.fix.lat_deg, report.fix.lon_deg) == (-33.5, -70.25)
    assert report.fix.at == NOW
    assert report.speed_mps == pytest.approx(10)


def test_a_heartbeat_equals_the_derived_one() -> None:
    captured = "78780a1320040400010007f4230d0a"
    assert encode.heartbeat(serial=7, status=0x20).hex() == captured


@parametrized("gt06")
def test_a_moved_packet_differs_in_nothing_but_its_time_and_checksum(
    vector: Vector,
) -> None:
    def read(frame: bytes) -> vectors.Outcome:
        session = Gt06().session()
        session.feed(bytes.fromhex(LOG_IN), vectors.RECEIVED_AT)
        return play(session, frame)

    def place(report: DeviceReport) -> tuple[float, float] | None:
        fix = report.fix or report.doubtful_fix
        return None if fix is None else (fix.lat_deg, fix.lon_deg)

    before, after = read(vector.frame), read(encode.with_device_time(vector.frame, NOW))
    assert len(before.reports) == len(after.reports)
    for old, new in zip(before.reports, after.reports, strict=True):
        assert (new.kind, new.signals, new.codes) == (old.kind, old.signals, old.codes)
        assert (new.cells, new.wifi, new.buffered) == (
            old.cells,
            old.wifi,
            old.buffered,
        )
        assert place(new) == place(old)
        if old.device_at is not None and old.raw[4] != EXTENDED_TEXT:
            assert new.device_at == NOW
            assert new.checksum_ok is not False


def test_every_captured_sos_with_a_clock_can_be_moved_to_now() -> None:
    for vector in vectors.load("gt06"):
        if vector.carries_sos and "heartbeat" not in vector.name:
            frame = encode.with_device_time(vector.frame, NOW)
            report = play(Gt06().session(), frame).told[0]
            assert report.device_at == NOW
            assert Signal.SOS in report.signals

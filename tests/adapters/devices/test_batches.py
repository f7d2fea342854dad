"""Many reports in one frame: none is lost at the end, and none multiplies the frame."""

import json

import pytest

from adapters.devices.eelink import EelinkUdp, datagram_of, package_of
from adapters.devices.minifinder2 import Minifinder2, frame_of
from adapters.devices.osmand import Osmand
from adapters.devices.spot import Spot
from engine.intake.reports import encode_report
from engine.ports.device import (
    DeviceReport,
    HttpDecoded,
    HttpRequest,
    HttpWireProtocol,
    ReportKind,
)
from engine.values import Signal
from tests.adapters.devices.vectors import RECEIVED_AT, play

ROW = {"id": "359000000000000", "timestamp": 1_772_360_430, "lat": 50.08, "lon": 14.42}


def post(protocol: HttpWireProtocol, body: bytes, query: str = "") -> HttpDecoded:
    request = HttpRequest(method="POST", path="/", query=query, headers={}, body=body)
    return protocol.decode(request, RECEIVED_AT)


def nested(count: int, alarm: str) -> bytes:
    coords = {"latitude": 50.08, "longitude": 14.42}
    place = {"timestamp": "2026-03-01T10:20:30Z", "coords": coords, "alarm": alarm}
    return json.dumps({"device_id": ROW["id"], "location": [place] * count}).encode()


def array(count: int, alarm: str) -> bytes:
    return json.dumps([ROW | {"alarm": alarm, "note": "y" * 300}] * count).encode()


def pushes(count: int, kind: str) -> bytes:
    message = f"<message><esn>0-1</esn><messageType>{kind}</messageType></message>"
    return f"<messageList>{message * count}</messageList>".encode()


def kept(reports: tuple[DeviceReport, ...]) -> int:
    return sum(len(encode_report(report)) for report in reports if report.signals)


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        (Osmand(), array(500, "sos")),
        (Osmand(), nested(500, "sos")),
        (Spot(), pushes(200, "HELP")),
    ],
)
def test_what_is_kept_of_a_request_grows_with_it_and_no_faster(
    protocol: HttpWireProtocol, body: bytes
) -> None:
    decoded = post(protocol, body, "x=" + "1" * 9000)
    assert all(Signal.SOS in report.signals for report in decoded.reports)
    assert len({(r.raw, r.part) for r in decoded.reports}) == len(decoded.reports)
    assert kept(decoded.reports) < 20 * len(body)


def test_a_row_keeps_what_it_said_itself() -> None:
    rows = [ROW | {"alarm": "sos", "mark": "one"}, ROW | {"mark": "two"}]
    one, two = post(Osmand(), json.dumps(rows).encode()).reports
    assert b'"mark": "one"' in one.raw
    assert b"two" not in one.raw
    assert b'"mark": "two"' in two.raw


def test_an_app_that_was_away_for_a_day_is_taken_with_all_it_says() -> None:
    rows = [ROW | {"note": "y" * 60}] * 1200 + [ROW | {"alarm": "sos"}]
    decoded = post(Osmand(), json.dumps(rows).encode())
    assert decoded.status == 200
    assert decoded.reports[-1].signals == {Signal.SOS}


@pytest.mark.parametrize(
    ("protocol", "body"),
    [
        (Osmand(), b"[" + b'{"id":"7"},' * 2000 + b'{"id":"7","alarm":"sos"}]'),
        (Spot(), pushes(300, "TRACK").replace(b"TRACK", b"HELP", 1)),
    ],
)
def test_what_is_beyond_the_bound_of_a_request_is_shown(
    protocol: HttpWireProtocol, body: bytes
) -> None:
    decoded = post(protocol, body)
    assert decoded.status == 400
    assert decoded.reports[-1].kind is ReportKind.UNDECODABLE
    assert decoded.reports[-1].raw.endswith(body)


def test_what_is_beyond_the_bound_of_a_frame_is_shown() -> None:
    name = b"\x10\x01359000000000000"
    plain, sos = b"\x05\x02\0\0\0\0", b"\x05\x02\x00\x10\x00\x00"
    frame = frame_of(b"\x01" + name + plain * 300 + sos, 1, flags=0x10)
    reports = play(Minifinder2().session(), frame).reports
    assert reports[-1].kind is ReportKind.UNDECODABLE
    assert reports[-1].device == "359000000000000"

    packages = package_of(0x03, 1, b"\0\0") * 300
    datagram = datagram_of(bytes.fromhex("0359000000000000"), packages)
    reports = play(EelinkUdp().session(), datagram).reports
    assert reports[-1].kind is ReportKind.UNDECODABLE
    assert len({report.part for report in reports}) == len(reports)

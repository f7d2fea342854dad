"""Each handset says what its decoder reads, and waits for what the decoder answers."""

import math
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fleet.handsets import HANDSETS, device_name
from adapters.fleet.said import Due, Frame, Said
from engine.ports.device import (
    DeviceReport,
    HttpRequest,
    ReportKind,
    Transport,
)
from engine.values import Instant, Signal
from tests.adapters.devices.mutation import protocols
from tests.fakes import START

NAMES = sorted(HANDSETS)
SAID = st.builds(
    Said,
    device=st.integers(0, 9_999_999).map(device_name),
    at=st.integers(0, 10_000_000).map(lambda s: START.plus(timedelta(seconds=s))),
    lat_deg=st.floats(-89, 89).filter(lambda lat: abs(lat) > 0.1),
    lon_deg=st.floats(-179, 179).filter(lambda lon: abs(lon) > 0.1),
    serial=st.integers(1, 200_000),
    sos=st.booleans(),
    battery_percent=st.integers(0, 100),
)


def heard(name: str, frames: list[Frame], at: Instant) -> tuple[DeviceReport, bytes]:
    """Return the last report, and the answer to the last frame."""
    protocol = protocols()[name]
    if protocol.transport is Transport.HTTP:
        decoded = protocol.decode(_request(frames[-1].data), at)
        assert decoded.status == 200
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        return decoded.reports[-1], answer
    session = protocol.session()
    for frame in frames:
        said = session.feed(frame.data, at)
        assert len(said) == 1
    return said[0].reports[-1], said[0].answer


def _request(data: bytes) -> HttpRequest:
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = dict(line.split(": ") for line in lines)
    assert int(headers["content-length"]) == len(body)
    parts = urlsplit(target)
    return HttpRequest(
        method=method, path=parts.path, query=parts.query, headers=headers, body=body
    )


@pytest.mark.parametrize("name", NAMES)
@given(said=SAID)
def test_what_a_handset_says_is_what_is_read(name: str, said: Said) -> None:
    handset = HANDSETS[name]
    greeting = handset.log_in(said.device)
    frame = handset.report(said)
    frames = [frame] if greeting is None else [greeting, frame]
    report, answer = heard(name, frames, said.at)
    assert report.kind is ReportKind.REPORT
    assert report.device == said.device
    assert (Signal.SOS in report.signals) == said.sos
    assert Signal.UNKNOWN not in report.signals
    assert report.checksum_ok is not False
    assert report.fix is not None
    assert math.isclose(report.fix.lat_deg, said.lat_deg, abs_tol=1e-5)
    assert math.isclose(report.fix.lon_deg, said.lon_deg, abs_tol=1e-5)
    assert report.device_at is not None
    assert abs(report.device_at.since(said.at)) < timedelta(seconds=1)
    _assert_due(frame, answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_log_in_names_the_device_and_is_answered(name: str) -> None:
    greeting = HANDSETS[name].log_in(device_name(7))
    if greeting is None:
        return
    report, answer = heard(name, [greeting], START)
    assert report.device == device_name(7)
    _assert_due(greeting, answer)


def _assert_due(frame: Frame, answer: bytes) -> None:
    if frame.due is None:
        assert answer == b""
    else:
        assert frame.due.size_in(answer) == len(answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_handset_is_called_and_reached_as_its_wire_protocol(name: str) -> None:
    handset, protocol = HANDSETS[name], protocols()[name]
    ours = (handset.name, handset.transport, handset.port)
    assert ours == (protocol.name, protocol.transport, protocol.port)


def test_an_answer_that_is_not_whole_is_waited_for() -> None:
    timed = Due(b"*HQ,1,V4,", more=3)
    assert timed.size_in(b"") is None
    assert timed.size_in(b"*HQ,1") is None
    assert timed.size_in(b"*HQ,1,V4,12") is None
    assert timed.size_in(b"*HQ,1,V4,12#*HQ") == 12
    ended = Due(b"HTTP/1.1 200 OK\r\n", ends=b"\r\n\r\n")
    assert ended.size_in(b"HTTP/1.1 200 OK\r\na: b\r\n") is None
    assert ended.size_in(b"HTTP/1.1 200 OK\r\na: b\r\n\r\nH") == 25


def test_an_answer_of_another_kind_is_none() -> None:
    assert Due(b"LOAD").size_in(b"ON") == 0
    assert Due(b"HTTP/1.1 200 OK\r\n").size_in(b"HTTP/1.1 503 Service") == 0

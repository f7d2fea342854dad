"""Torn requests over HTTP: what stands whole counts, and the rest is shown."""

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.osmand import Osmand
from adapters.devices.owntracks import Owntracks
from adapters.devices.spot import Spot
from adapters.devices.torn_request import read_json
from engine.ports.device import HttpRequest, HttpWireProtocol, ReportKind, Tear
from engine.values import Signal
from tests.adapters.devices.torn_requests import (
    OWNTRACKS_SOS,
    SPOT_FEED,
    decode,
    is_visible,
    sos_requests,
    torn,
)
from tests.adapters.devices.vectors import RECEIVED_AT

CASES = sos_requests()
each_sos = pytest.mark.parametrize(
    ("wire", "request_"),
    [(wire, request) for _, wire, request in CASES],
    ids=[name for name, _, _ in CASES],
)


def post(body: bytes, *, query: str = "", torn: Tear | None = None) -> HttpRequest:
    return HttpRequest(
        method="POST", path="/", query=query, headers={}, body=body, torn=torn
    )


@each_sos
def test_an_sos_in_every_truncation_is_one_or_is_shown(
    wire: HttpWireProtocol, request_: HttpRequest
) -> None:
    whole = wire.decode(request_, RECEIVED_AT)
    assert any(Signal.SOS in report.signals for report in whole.reports)
    for cut in torn(request_):
        assert is_visible(decode(wire, cut)), cut


@each_sos
def test_the_device_of_a_torn_request_is_named_once_its_name_stands_whole(
    wire: HttpWireProtocol, request_: HttpRequest
) -> None:
    whole = wire.decode(request_, RECEIVED_AT)
    (device,) = {report.device for report in whole.reports}
    named = False
    for cut in torn(request_):
        found = {report.device for report in decode(wire, cut)}
        assert found <= {device, None}, "half a name is nobody's"
        assert not named or cut.headers != request_.headers or found == {device}
        named |= found == {device}
    assert named


def test_the_form_names_its_device_and_keeps_its_place_until_the_alarm_is_whole() -> (
    None
):
    body = b"id=48241179&lat=50.0&lon=14.0&timestamp=1772360430&al"
    (report,) = decode(Osmand(), post(body, torn=Tear.LATER))
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device == "48241179"
    assert report.fix is not None
    assert report.raw.endswith(body)
    (report,) = decode(Osmand(), post(body + b"arm=sos", torn=Tear.LATER))
    assert report.kind is ReportKind.REPORT
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


def test_half_a_number_is_no_place() -> None:
    (report,) = decode(Osmand(), post(b"id=1&lat=50.5&lon=14.4", torn=Tear.LATER))
    assert report.fix is None
    assert report.kind is ReportKind.UNDECODABLE


def test_a_signal_that_is_no_sos_does_not_hide_that_the_rest_is_missing() -> None:
    body = b"id=1&alarm=lowBattery&lat=5"
    signalled, shown = decode(Osmand(), post(body, torn=Tear.LATER))
    assert signalled.signals == {Signal.LOW_BATTERY}
    assert shown.kind is ReportKind.UNDECODABLE
    assert shown.device == "1"
    assert (signalled.raw, signalled.part) != (shown.raw, shown.part)


def test_a_query_that_came_whole_is_believed_whatever_the_body_lacks() -> None:
    (report,) = decode(Osmand(), post(b"", query="alarm=sos&id=1", torn=Tear.LATER))
    assert report.signals == {Signal.SOS}
    assert report.device == "1"


def test_the_rows_before_the_torn_one_are_read_with_their_places() -> None:
    rows = [
        {"id": "1", "lat": 50.0, "lon": 14.0, "timestamp": 1772360430},
        {"id": "1", "lat": 50.1, "lon": 14.0, "alarm": "sos"},
        {"alarm": "lowBattery", "lat": 50.2, "lon": 14.0, "id": "1"},
    ]
    body = json.dumps(rows).encode()[:-12]
    reports = decode(Osmand(), post(body))
    assert [report.device for report in reports] == ["1", "1", "1"]
    assert [report.signals for report in reports] == [
        set(),
        {Signal.SOS},
        {Signal.LOW_BATTERY},
    ]
    assert reports[1].fix is not None


def test_a_document_with_bytes_missing_within_names_its_device_and_its_alarm() -> None:
    body = b'{"location":{"alarm":"sos" "extras":}},"device_id":"48241179"}'
    (report,) = decode(Osmand(), post(body))
    assert report.signals == {Signal.SOS}
    assert report.device == "48241179"
    body = body.replace(b"sos", b"")
    (report,) = decode(Osmand(), post(body))
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device == "48241179"


@pytest.mark.parametrize("wire", [Osmand(), Owntracks(), Spot()])
def test_a_head_that_did_not_end_is_shown_as_it_came(wire: HttpWireProtocol) -> None:
    head = b"POST / HTTP/1.1\r\nHost: eng"
    request = replace(post(b"", torn=Tear.LATER), head=head)
    (report,) = decode(wire, request)
    assert report.kind is ReportKind.UNDECODABLE
    assert report.raw == head


def test_the_app_that_names_itself_in_a_head_is_named_though_no_body_came() -> None:
    request = replace(OWNTRACKS_SOS, body=b"", torn=Tear.LATER, head=b"POST / HT")
    (report,) = decode(Owntracks(), request)
    assert report.device == "heron/phone"


def test_a_call_for_help_in_a_torn_feed_is_one_with_its_place() -> None:
    body = SPOT_FEED.body
    cut = body[: body.index(b'"longitude"', body.index(b"HELP")) + 25]
    track, call = decode(Spot(), post(cut))
    assert track.signals == set()
    assert call.signals == {Signal.SOS}
    assert call.device == "heron"


@pytest.mark.parametrize(
    ("torn_text", "read"),
    [
        ('{"a":1,"b":2', {"a": 1}),
        ('{"a":{"b":"x"},"c":"y', {"a": {"b": "x"}}),
        ('{"a":"b"', {"a": "b"}),
        ('{"a', {}),
        ('{"a":[1,2', {"a": [1]}),
        ('[{"a":"}]"},{"b":"[', [{"a": "}]"}, {}]),
        ('{"a":"\\"', {}),
        ("", None),
        ("nothing", None),
        ("}", None),
    ],
)
def test_torn_json_is_closed_behind_its_last_whole_value(
    torn_text: str, read: object
) -> None:
    assert read_json(torn_text.encode()) == (read, False)


@given(
    st.recursive(
        st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=9,
    ).filter(lambda document: isinstance(document, list | dict)),
    st.data(),
)
def test_every_beginning_of_a_document_can_be_read(
    document: object, data: st.DataObject
) -> None:
    text = json.dumps(document).encode()
    read, whole = read_json(text[: data.draw(st.integers(1, len(text) - 1))])
    assert not whole
    assert type(read) is type(document)


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"[", b",", b'{"a":', b'"', b"<message>", b"\\", b"1,"]
)
@pytest.mark.parametrize("wire", [Osmand(), Owntracks(), Spot()])
def test_no_hostile_body_takes_long(wire: HttpWireProtocol, piece: bytes) -> None:
    for start in (b"[", b"", b"<message>\0"):
        body = start + piece * (256 * 1024 // len(piece))
        took_s = []
        for _ in range(3):  # a machine with much else to do takes its time now and then
            began_s = time.process_time()
            wire.decode(post(body, torn=Tear.LATER), RECEIVED_AT)
            took_s.append(time.process_time() - began_s)
        assert min(took_s) < 0.25

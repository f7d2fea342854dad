"""`osmand` in its four forms: what is read, what is answered, what is never lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices import osmand_encode as encode
from adapters.devices.osmand import Osmand
from engine.ports.device import HttpDecoded, HttpRequest, ReportKind
from engine.values import DeviceId, Fix, Instant, Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.torn_requests import decode as decode_torn
from tests.adapters.devices.torn_requests import is_visible
from tests.adapters.devices.vectors import (
    RECEIVED_AT,
    Outcome,
    Vector,
    http_request,
    parametrized,
)

AT = Instant.parse("2026-03-01T10:20:30Z")
FIX = Fix(lat_deg=50.087451, lon_deg=14.420671, at=AT, accuracy_m=12.5)


# Why: docs/devices.md, "Where we differ".
DIFFERS = {"osmand-query-alarm-clienttest": {"alarms"}}


def decode(request: HttpRequest) -> HttpDecoded:
    return Osmand().decode(request, RECEIVED_AT)


def post(body: str | bytes, content_type: str = "application/json") -> HttpRequest:
    data = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": content_type}
    return HttpRequest(method="POST", path="/", query="", headers=headers, body=data)


def get(query: str) -> HttpRequest:
    return HttpRequest(method="GET", path="/", query=query, headers={}, body=b"")


@parametrized("osmand")
def test_a_captured_request_is_read_and_answered_as_its_source_does(
    vector: Vector,
) -> None:
    decoded = decode(http_request(vector))
    assert_agrees(
        vector, Outcome(reports=list(decoded.reports)), DIFFERS.get(vector.name, ())
    )
    replies = vector.raw["decoded"]["replies"]
    assert decoded.status == (replies[0]["status"] if replies else 200)
    assert decoded.answer == b""
    assert (vector.carries_sos) <= (Signal.SOS in decoded.reports[0].signals)


@pytest.mark.parametrize("form", [encode.query, encode.form, encode.document])
def test_each_form_of_our_encoder_carries_sos_place_and_time(
    form: Callable[..., HttpRequest],
) -> None:
    decoded = decode(form("48241179", at=AT, fix=FIX, alarm="sos"))
    (report,) = decoded.reports
    assert decoded.status == 200
    assert report.signals == {Signal.SOS}
    assert report.fix == FIX
    assert report.device_at == AT


def test_the_form_of_our_encoder_equals_the_captured_one_field_by_field() -> None:
    body = encode.form("48241179", at=AT, fix=FIX, alarm="sos").body.decode()
    captured = (
        "id=48241179&lat=50.087451&lon=14.420671&timestamp=1772360430&accuracy=12.5"
        "&altitude=201.3&speed=2.92&bearing=90.0&batt=42.0&charge=false&alarm=sos"
    )
    assert set(body.split("&")) <= set(captured.split("&"))


def test_a_token_upload_is_neither_a_position_nor_an_alarm() -> None:
    (report,) = decode(post("id=1&notificationToken=abc", "text/plain")).reports
    assert report.kind is ReportKind.HEARTBEAT
    assert not report.signals
    assert "abc" not in str(report.attributes)


def test_an_alarm_without_an_id_is_stored_as_unverified() -> None:
    decoded = decode(get("lat=1&lon=2&alarm=sos"))
    assert decoded.status == 200
    assert decoded.reports[0].device is None
    assert decoded.reports[0].signals == {Signal.SOS}


def test_a_position_without_an_id_cannot_be_used_and_says_so() -> None:
    decoded = decode(get("lat=1&lon=2"))
    assert decoded.status == 400
    assert decoded.reports[0].kind is ReportKind.UNDECODABLE


@pytest.mark.parametrize("name", ["", "%0A", "a%20b", "x" * 65, "%F0%9F%90%A6"])
def test_what_no_device_can_be_called_is_no_device(name: str) -> None:
    decoded = decode(get(f"id={name}&lat=1&lon=2&alarm=sos"))
    assert decoded.reports[0].device is None
    assert decoded.reports[0].signals == {Signal.SOS}


def test_an_unreadable_place_of_a_named_device_does_not_block_its_queue() -> None:
    decoded = decode(get("id=1&lat=north&lon=2"))
    assert decoded.status == 200
    assert decoded.reports[0].kind is ReportKind.UNDECODABLE


def test_an_unreadable_place_does_not_take_the_alarm_with_it() -> None:
    decoded = decode(get("id=1&lat=north&lon=&timestamp=soon&batt=x&alarm=sos"))
    assert decoded.reports[0].signals == {Signal.SOS}
    assert decoded.reports[0].attributes["incomplete"] == "true"


def test_neither_place_of_an_alarm_masks_the_other() -> None:
    place = {"alarm": "lowBattery", "extras": {"alarm": "sos"}}
    (report,) = decode(post(json.dumps({"device_id": 7, "location": place}))).reports
    assert report.signals == {Signal.SOS, Signal.LOW_BATTERY}
    assert report.device == "7"


def test_an_unknown_word_is_an_unknown_signal_with_the_word_as_code() -> None:
    (report,) = decode(get("id=1&alarm=Ayuda%21")).reports
    assert report.signals == {Signal.UNKNOWN}
    assert report.codes == ("alarm:Ayuda!",)


def test_an_array_is_one_report_each_and_a_bad_row_does_not_spoil_the_others() -> None:
    rows = [
        {"id": "1", "lat": 50.0, "lon": 14.0, "timestamp": 1772360430},
        "what is this",
        {"device_id": "1", "location": {"alarm": "sos"}},
    ]
    decoded = decode(post(json.dumps(rows)))
    assert decoded.status == 200
    kinds = [report.kind for report in decoded.reports]
    assert kinds == [ReportKind.REPORT, ReportKind.UNDECODABLE, ReportKind.REPORT]
    assert decoded.reports[2].signals == {Signal.SOS}
    assert len({(report.raw, report.part) for report in decoded.reports}) == 3


@pytest.mark.parametrize(
    "stamp",
    ["1772360430", "1772360430000", "2026-03-01T10:20:30Z", "2026-03-01 10:20:30"],
)
def test_each_way_to_write_a_time_is_read(stamp: str) -> None:
    assert decode(get(f"id=1&lat=1&lon=2&timestamp={stamp}")).reports[0].device_at == AT


def test_a_place_the_phone_calls_invalid_is_kept_and_not_trusted() -> None:
    (report,) = decode(get("id=1&lat=1&lon=2&valid=false")).reports
    assert report.fix is None
    assert report.doubtful_fix is not None
    assert report.no_fix_reason == "not_valid"


@pytest.mark.parametrize("length", range(1, 60))
def test_a_torn_body_is_an_sos_or_shown_and_is_not_acknowledged(length: int) -> None:
    whole = encode.document("1", at=AT, alarm="sos").body
    assert is_visible(decode_torn(Osmand(), post(whole[:-length])))


@pytest.mark.parametrize("length", range(1, 35))
def test_a_body_shorter_than_announced_is_shown_with_its_device(length: int) -> None:
    request = encode.form("1", at=AT, alarm="sos")
    torn = replace(request, body=request.body[:-length])
    (report,) = decode_torn(Osmand(), torn)
    assert report.kind is ReportKind.UNDECODABLE
    assert report.device == ("1" if b"&" in torn.body else None)


@given(st.binary(max_size=400), st.text(max_size=100))
def test_no_request_raises(body: bytes, query: str) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        decoded = Osmand().decode(post(body, kind), RECEIVED_AT)
        assert decoded.status in {200, 400}
    decode(get(query))


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["location", "coords", "latitude", "alarm", "id", "timestamp"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_json_document_raises(document: object) -> None:
    assert decode(post(json.dumps(document))).status in {200, 400}


def test_deeply_nested_json_is_unreadable_and_nothing_worse() -> None:
    assert decode(post("[" * 100_000)).status == 400


def test_several_alarms_joined_by_commas_are_all_read() -> None:
    (report,) = decode(get("id=1&lat=50&lon=14&alarm=sos,lowBattery")).reports
    assert report.signals == {Signal.SOS, Signal.LOW_BATTERY}
    assert report.codes == ("alarm:sos", "alarm:lowBattery")


@pytest.mark.parametrize("word", ["cancel", "checkin", "test"])
def test_a_word_that_calms_counts_only_alone(word: str) -> None:
    (report,) = decode(get(f"id=1&alarm=sos,{word}")).reports
    assert report.signals == {Signal.SOS, Signal.UNKNOWN}
    (report,) = decode(get(f"id=1&alarm={word}")).reports
    assert Signal.UNKNOWN not in report.signals


@pytest.mark.parametrize("reading", ["altitude=NaN", "accuracy=x", "batt=x", "speed=-"])
def test_a_reading_that_is_none_costs_no_place(reading: str) -> None:
    (report,) = decode(get(f"id=1&lat=50&lon=14&{reading}")).reports
    assert report.kind is ReportKind.REPORT
    assert report.fix is not None


def test_a_battery_may_have_its_sign() -> None:
    (report,) = decode(get("id=1&lat=50&lon=14&batt=85%25")).reports
    assert report.battery_ratio == 0.85


def test_a_qr_code_sets_up_traccar_client_as_its_source_reads_it() -> None:
    """`lib/configuration_service.dart`: origin and path, then the query's settings."""
    wire = Osmand()
    device = wire.device_of("a1b2")
    uri = wire.setup_uri(
        "https://sos.example.org:5055", device, secret="", heartbeat_s=600
    )
    parts = urlsplit(uri)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://sos.example.org:5055/"
    )
    settings = dict(parse_qsl(parts.query, strict_parsing=True))
    assert settings == {"id": "a1b2", "accuracy": "high", "heartbeat": "200"}


def test_a_path_of_the_listener_stays_and_no_heartbeat_is_none() -> None:
    uri = Osmand().setup_uri(
        "https://sos.example.org/t/", DeviceId("x&y"), secret="", heartbeat_s=None
    )
    assert uri == "https://sos.example.org/t/?id=x%26y&accuracy=high"

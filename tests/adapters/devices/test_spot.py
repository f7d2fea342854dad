"""`spot`: pushes and the feed, by the vendor's description."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.spot import Spot
from engine.ports.device import HttpDecoded, HttpRequest, ReportKind
from engine.values import Signal
from tests.adapters.devices.agreement import assert_agrees
from tests.adapters.devices.vectors import (
    RECEIVED_AT,
    Outcome,
    Vector,
    http_request,
    parametrized,
)


def decode(body: bytes) -> HttpDecoded:
    request = HttpRequest(method="POST", path="/", query="", headers={}, body=body)
    return Spot().decode(request, RECEIVED_AT)


def push(kind: str, *, count: int = 1) -> bytes:
    message = (
        f"<message><esnName>0-1234567</esnName><messageType>{kind}</messageType>"
        "<timestamp>2026-03-01T10:20:30.000Z</timestamp><latitude>50.087451</latitude>"
        "<longitude>14.420671</longitude></message>"
    )
    return f"<messageList>{message * count}</messageList>".encode()


@parametrized("spot")
def test_a_captured_push_is_read_as_its_source_does(vector: Vector) -> None:
    decoded = Spot().decode(http_request(vector), RECEIVED_AT)
    assert_agrees(vector, Outcome(reports=list(decoded.reports)))
    assert decoded.status == 200
    assert Signal.SOS in decoded.reports[0].signals


@pytest.mark.parametrize(
    ("kind", "signals"),
    [
        ("HELP", {Signal.SOS}),
        ("SOS", {Signal.SOS}),
        ("HELP-CANCEL", {Signal.CANCEL}),
        ("OK", {Signal.CHECK_IN}),
        ("TRACK", set()),
        ("CUSTOM", {Signal.UNKNOWN}),
    ],
)
def test_each_kind_of_message_is_its_own_signal(
    kind: str, signals: set[Signal]
) -> None:
    (report,) = decode(push(kind)).reports
    assert report.signals == signals


def test_the_feed_is_read_like_a_push() -> None:
    row = {
        "messengerId": "0-1234567",
        "messengerName": "heron",
        "unixTime": 1772360430,
        "messageType": "HELP",
        "latitude": 50.087451,
        "longitude": 14.420671,
        "batteryState": "LOW",
    }
    feed = {"response": {"feedMessageResponse": {"messages": {"message": [row, row]}}}}
    reports = decode(json.dumps(feed).encode()).reports
    assert [report.part for report in reports] == [0, 1]
    assert reports[0].signals == {Signal.SOS, Signal.LOW_BATTERY}
    assert reports[0].fix is not None


def test_a_call_for_help_with_an_unreadable_place_is_one() -> None:
    (report,) = decode(push("HELP").replace(b"50.087451", b"north")).reports
    assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"


@pytest.mark.parametrize("time", ["2026-03-01 10:20:30", "noon", "9" * 40])
def test_a_time_that_nobody_can_read_cost_the_place(time: str) -> None:
    stamp = b"2026-03-01T10:20:30.000Z"
    (report,) = decode(push("HELP").replace(stamp, time.encode())).reports
    assert report.signals == {Signal.SOS}
    assert report.fix is not None
    assert report.fix.at == RECEIVED_AT
    assert report.attributes["incomplete"] == "true"


@pytest.mark.parametrize("length", range(1, 60))
def test_a_torn_push_is_a_call_for_help_and_not_acknowledged(length: int) -> None:
    decoded = decode(push("HELP")[: -(length + len("/message></messageList>"))])
    assert decoded.status == 400
    assert decoded.reports[0].signals == {Signal.SOS}
    assert decoded.reports[0].attributes["incomplete"] == "true"


def test_a_push_torn_before_its_kind_is_shown_with_its_device() -> None:
    decoded = decode(push("HELP").partition(b"</messageType>")[0])
    assert decoded.status == 400
    assert decoded.reports[0].kind is ReportKind.UNDECODABLE
    assert decoded.reports[0].device == "0-1234567"


@pytest.mark.parametrize("name", ["My SPOT", "J\xf6rg", ""])
def test_an_sos_of_a_device_whose_name_has_a_space_was_nobodys(name: str) -> None:
    own = f"<esnName>{name}</esnName><esn>0-1234567</esn>".encode()
    pushed = push("HELP").replace(b"<esnName>0-1234567</esnName>", own)
    row = {"messengerName": name, "messengerId": "0-1234567", "messageType": "HELP"}
    feed = {"response": {"feedMessageResponse": {"messages": {"message": row}}}}
    for body in (pushed, json.dumps(feed).encode()):
        (report,) = decode(body).reports
        assert report.signals == {Signal.SOS}
        assert report.device == "0-1234567"
    torn = decode(pushed.partition(b"</messageType>")[0]).reports[0]
    assert torn.device == "0-1234567"


def test_a_document_type_is_refused() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]>' + push("HELP")
    assert decode(bomb).reports[0].kind is ReportKind.UNDECODABLE


@given(st.binary(max_size=300))
def test_no_body_raises(body: bytes) -> None:
    assert decode(b"<message>" + body + b"</message>").status in {200, 400}
    assert decode(body).status in {200, 400}


def feed_in_xml(*kinds: str) -> bytes:
    messages = "".join(
        f'<message clientUnixTime="0"><id>{at}</id><messengerId>0-1234567</messengerId>'
        f"<messengerName>0-1234567</messengerName><unixTime>1772360430</unixTime>"
        f"<messageType>{kind}</messageType><latitude>50.087451</latitude>"
        "<longitude>14.420671</longitude><dateTime>2026-03-01T10:20:30+0000</dateTime>"
        "<batteryState>GOOD</batteryState></message>"
        for at, kind in enumerate(kinds)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><response><feedMessageResponse>'
        f"<count>{len(kinds)}</count><feed><id>0A</id></feed>"
        f"<messages>{messages}</messages></feedMessageResponse></response>"
    ).encode()


def test_the_feed_in_xml_is_read_like_that_in_json() -> None:
    # The vendor's page of the API: `.xml` behind the feed gives XML.
    decoded = decode(feed_in_xml("TRACK", "HELP"))
    assert decoded.status == 200
    assert [set(report.signals) for report in decoded.reports] == [set(), {Signal.SOS}]
    assert decoded.reports[1].device == "0-1234567"
    assert decoded.reports[1].fix is not None
    torn = decode(feed_in_xml("HELP", "TRACK").partition(b"</messages>")[0])
    assert torn.status == 400
    assert Signal.SOS in torn.reports[0].signals

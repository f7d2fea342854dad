"""Requests with an SOS in them, torn at every byte: an SOS, or their bytes shown."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from adapters.devices.osmand import Osmand
from adapters.devices.owntracks import Owntracks
from adapters.devices.spot import Spot
from engine.ports.device import (
    DeviceReport,
    HttpRequest,
    HttpWireProtocol,
    ReportKind,
    Tear,
)
from engine.values import Signal
from tests.adapters.devices.vectors import RECEIVED_AT, http_request, load

OWNTRACKS_SOS = HttpRequest(
    method="POST",
    path="/",
    query="",
    headers={
        "Content-Type": "application/json",
        "X-Limit-U": "heron",
        "X-Limit-D": "phone",
    },
    body=json.dumps(
        {
            "_type": "location",
            "tid": "HE",
            "topic": "owntracks/heron/phone",
            "lat": 50.087451,
            "lon": 14.420671,
            "tst": 1772360430,
            "tag": "SOS",
            "batt": 42,
        }
    ).encode(),
)
SPOT_FEED = HttpRequest(
    method="POST",
    path="/",
    query="",
    headers={"Content-Type": "application/json"},
    body=json.dumps(
        {
            "response": {
                "feedMessageResponse": {
                    "count": 2,
                    "messages": {
                        "message": [
                            {
                                "id": number,
                                "messengerId": "0-1234567",
                                "messengerName": "heron",
                                "unixTime": 1772360430 + number,
                                "messageType": kind,
                                "latitude": 50.087451,
                                "longitude": 14.420671,
                            }
                            for number, kind in enumerate(("TRACK", "HELP"))
                        ]
                    },
                }
            }
        }
    ).encode(),
)


def sos_requests() -> list[tuple[str, HttpWireProtocol, HttpRequest]]:
    """Return each captured request with an SOS, and those of forms never captured."""
    wires: list[HttpWireProtocol] = [Osmand(), Owntracks(), Spot()]
    captured = [
        (vector.name, wire, http_request(vector))
        for wire in wires
        for vector in load(wire.name)
        if vector.carries_sos
    ]
    return [
        *captured,
        ("owntracks-tag-sos", Owntracks(), OWNTRACKS_SOS),
        ("spot-feed-help", Spot(), SPOT_FEED),
    ]


def torn(request: HttpRequest) -> Iterator[HttpRequest]:
    """Return a request torn within its last part at every byte."""
    if not request.body:
        for length in range(1, len(request.query)):
            cut = request.query[:length]
            yield replace(request, query=cut, torn=Tear.QUERY)
        return
    announced = {"Content-Length": str(len(request.body))}
    for length in range(1, len(request.body)):
        cut_body = request.body[:length]
        yield replace(request, body=cut_body, torn=Tear.LATER)
        yield replace(request, body=cut_body, headers={**request.headers, **announced})


def is_visible(reports: Sequence[DeviceReport]) -> bool:
    """Say whether HQ sees an SOS in them, or the bytes of what could not be read."""
    return any(
        Signal.SOS in report.signals
        or (report.kind is ReportKind.UNDECODABLE and report.raw.strip())
        for report in reports
    )


def decode(wire: HttpWireProtocol, request: HttpRequest) -> Sequence[DeviceReport]:
    """Return the reports of a request that must not be acknowledged."""
    decoded = wire.decode(request, RECEIVED_AT)
    assert decoded.status == 400
    return decoded.reports

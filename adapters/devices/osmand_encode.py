"""What the phone app sends, for the demo, the simulator and tests: requests whole."""

import json
from urllib.parse import urlencode

from engine.ports.device import HttpRequest
from engine.values import Fix, Instant


def query(
    device: str, *, at: Instant, fix: Fix | None = None, alarm: str | None = None
) -> HttpRequest:
    """Return the request of the app up to version 8: everything in the query."""
    return HttpRequest(
        method="GET",
        path="/",
        query=urlencode(_fields(device, at, fix, alarm)),
        headers={},
        body=b"",
    )


def form(
    device: str, *, at: Instant, fix: Fix | None = None, alarm: str | None = None
) -> HttpRequest:
    """Return the request of the app from version 10: a form in the body."""
    body = urlencode(_fields(device, at, fix, alarm)).encode()
    return _post(body, "application/x-www-form-urlencoded")


def document(
    device: str,
    *,
    at: Instant,
    fix: Fix | None = None,
    alarm: str | None = None,
    speed_mps: float = -1,
) -> HttpRequest:
    """Return the request of the app's version 9: one JSON object."""
    location: dict[str, object] = {"timestamp": str(at), "extras": {}}
    if fix is not None:
        location["coords"] = {
            "latitude": fix.lat_deg,
            "longitude": fix.lon_deg,
            "accuracy": -1 if fix.accuracy_m is None else fix.accuracy_m,
            "speed": speed_mps,
        }
    if alarm is not None:
        location["alarm"] = alarm
    body = json.dumps({"location": location, "device_id": device}).encode()
    return _post(body, "application/json")


def _fields(
    device: str, at: Instant, fix: Fix | None, alarm: str | None
) -> dict[str, str]:
    fields = {"id": device, "timestamp": str(at.ms // 1000)}
    if fix is not None:
        fields |= {"lat": repr(fix.lat_deg), "lon": repr(fix.lon_deg)}
        if fix.accuracy_m is not None:
            fields["accuracy"] = repr(fix.accuracy_m)
    if alarm is not None:
        fields["alarm"] = alarm
    return fields


def _post(body: bytes, content_type: str) -> HttpRequest:
    return HttpRequest(
        method="POST",
        path="/",
        query="",
        headers={"content-type": content_type, "content-length": str(len(body))},
        body=body,
    )

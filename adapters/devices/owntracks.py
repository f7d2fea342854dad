"""`owntracks` over HTTP: the free phone app, as a fall-back without an SOS of its own.

Our convention: `SOS` as the tag or the point of interest of a publish is an SOS; a
publish by hand (`"t": "u"`) is a check-in. The app keeps a message until it gets
2xx, so every JSON object is answered 200 with an empty list, whatever it holds. Of a
torn one the fields that stand whole are read, and it is said again.
"""

import base64
import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from adapters.devices.beats import beat_s
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    moment_of_epoch,
)
from adapters.devices.session import undecodable
from adapters.devices.torn_request import is_torn, json_values, read_json, shown
from engine.ports.device import HttpDecoded, HttpRequest, ReportKind, Transport
from engine.values import DeviceId, Instant, Signal


class Owntracks:
    """The wire protocol, found by entry point."""

    name = "owntracks"
    transport = Transport.HTTP
    port = 5144
    app = "OwnTracks"
    takes_secret = True

    def device_of(self, token: str) -> DeviceId:
        """Return user and device, as the headers of the app name them."""
        return DeviceId(f"{token}/phone")

    def setup_uri(
        self, url: str, device: DeviceId, *, secret: str, heartbeat_s: float | None
    ) -> str:
        """Return the app's configuration as its URL has it.

        Elements by the OwnTracks booklet (tech/json, features/remoteconfig, 2026-06):
        `mode` 3 is HTTP, `monitoring` 1 reports significant moves, `ping` is in minutes
        and Android's alone. Its base64 is the standard one; without padding and plus
        nothing of it is changed by whoever reads a query.
        """
        user, _, name = device.partition("/")
        if not (user and name) or "/" in name:
            message = "OwnTracks calls itself USER/DEVICE, such as k7f2m9qx/phone"
            raise ValueError(message)
        settings: dict[str, object] = {
            "_type": "configuration",
            "mode": 3,
            "url": url,
            "auth": bool(secret),
            "username": user,
            "password": secret,
            "deviceId": name,
            "tid": user[:2],
            "monitoring": 1,
        }
        if heartbeat_s is not None:
            settings["ping"] = max(_PING_MIN, beat_s(heartbeat_s) // 60)
        text = json.dumps(settings, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 3)
        inline = quote(base64.b64encode(text), safe="")
        return f"owntracks:///config?inline={inline}"

    def decode(self, request: HttpRequest, received_at: Instant) -> HttpDecoded:
        """Return what a request reports."""
        body = request.body.strip()
        raw = request.head or request.body
        if not (body or request.head):
            return HttpDecoded(answer=_DONE)
        message, whole = read_json(body)
        if not isinstance(message, Mapping):
            device = _device(request, dict(json_values(body, "topic", "tid")))
            lost = undecodable(self.name, raw, received_at, device=device)
            return HttpDecoded(reports=(lost,), status=_UNREADABLE)
        device = _device(request, message)
        draft = Draft(
            protocol=self.name, frame=raw, received_at=received_at, device=device
        )
        _read(message, draft)
        report = draft.finish()
        if whole and not is_torn(request):
            return HttpDecoded(reports=(report,), answer=_DONE)
        lost = undecodable(self.name, raw, received_at, device=device)
        return HttpDecoded(reports=shown((report,), lost), status=_UNREADABLE)


def _read(message: Mapping[str, object], draft: Draft) -> None:
    texts = (str(message.get(key, ""))[:_CHARS_MAX] for key in ("tag", "poi"))
    words = {word.casefold() for text in texts for word in _WORD.findall(text)}
    if words & _SOS_WORDS:
        draft.signal("tag:sos", Signal.SOS)
    match message.get("_type"):
        case "location":
            if message.get("t") == "u" and not draft.signals:
                draft.signal("t:u", Signal.CHECK_IN)
            _read_place(message, draft)
        case "transition":
            draft.signal("transition", Signal.GEOFENCE)
            _read_place(message, draft)
        case "encrypted":
            draft.kind = ReportKind.UNDECODABLE
        case _:
            draft.kind = ReportKind.HEARTBEAT


def _read_place(message: Mapping[str, object], draft: Draft) -> None:
    for key, name in _TEXTS.items():
        if isinstance(message.get(key), str):
            draft.attributes[name] = str(message[key])[:_CHARS_MAX]
    seconds = _spare(message, "tst", draft)
    if seconds is not None:
        draft.device_at = moment_of_epoch(seconds)
    accuracy_m = _spare(message, "acc", draft)
    try:
        draft.locate(
            _number(message, "lat"), _number(message, "lon"), accuracy_m=accuracy_m
        )
    except UnreadableError:
        draft.torn()
        return
    percent, kmh = (_spare(message, key, draft) for key in ("batt", "vel"))
    if percent is not None:
        draft.battery_percent(percent)
    if kmh is not None:
        draft.speed_mps = kmh * KMH_MPS
    draft.course_deg = _spare(message, "cog", draft)
    draft.altitude_m = _spare(message, "alt", draft)


def _spare(message: Mapping[str, object], key: str, draft: Draft) -> float | None:
    """Return what a place can do without; what is no number is let go."""
    if key not in message:
        return None
    try:
        return _number(message, key)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"
        return None


def _number(message: Mapping[str, object], key: str) -> float:
    value = message.get(key)
    if isinstance(value, bool):
        return decimal("")
    return decimal(repr(value) if isinstance(value, int | float) else "")


def _device(request: HttpRequest, message: Mapping[str, object]) -> DeviceId | None:
    """Return who publishes: by the headers of the app, its topic or its initials."""
    headers = {key.casefold(): value for key, value in request.headers.items()}
    names = (headers.get("x-limit-u", ""), headers.get("x-limit-d", ""))
    named = "/".join(names) if all(names) else message.get("topic", message.get("tid"))
    try:
        return device_id(named) if isinstance(named, str) else None
    except UnreadableError:
        return None


_DONE = b"[]"
_PING_MIN = 15
_CHARS_MAX = 64
# Who or what made the app publish, and where a transition leads.
_TEXTS = {"t": "event", "event": "transition", "desc": "region"}
_UNREADABLE = 400
# ruff: noqa: RUF001 -- six languages
_SOS_WORDS = frozenset(
    {"sos", "help", "panic", "emergency", "hjälp", "сос", "помощь", "помогите"}
    | {"ayuda", "auxilio", "socorro", "aide", "secours", "نجدة", "مساعدة"}
)
_WORD = re.compile(r"[^\W\d_]+")

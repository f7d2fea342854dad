"""`spot` over HTTP: satellite messengers, by the vendor's description.

SPOT pushes XML (`messageList/message`); its public feed is polled and gives JSON
(`response/feedMessageResponse/messages/message`). Both hold the same fields. No
alarm of a real device has been captured.
"""

import json
import re
from collections.abc import Mapping
from xml.sax.saxutils import unescape

from adapters.devices.draft import Draft
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    moment_of_epoch,
    text_of,
)
from adapters.devices.session import undecodable
from engine.ports.device import (
    DeviceReport,
    HttpDecoded,
    HttpRequest,
    Transport,
)
from engine.values import DeviceId, Instant, Signal

Fields = Mapping[str, str]


class Spot:
    """The wire protocol, found by entry point."""

    name = "spot"
    transport = Transport.HTTP
    port = 5156

    def decode(self, request: HttpRequest, received_at: Instant) -> HttpDecoded:
        """Return what a push, or an answer of the feed, reports."""
        body = request.body.strip()
        if not body:
            return HttpDecoded(status=_UNREADABLE)
        messages = _of_json(body) if body[:1] in {b"{", b"["} else _of_xml(body)
        if not messages:
            lost = undecodable(self.name, request.body, received_at, device=None)
            return HttpDecoded(reports=(lost,), status=_UNREADABLE)
        reports = tuple(
            _report(fields, request.body, part, received_at)
            for part, fields in enumerate(messages[:_MESSAGES_MAX])
        )
        return HttpDecoded(reports=reports)


def _report(
    fields: Fields, raw: bytes, part: int, received_at: Instant
) -> DeviceReport:
    name = fields.get("esnName") or fields.get("messengerName") or fields.get("esn")
    draft = Draft(protocol=Spot.name, frame=raw, part=part, received_at=received_at)
    if name:
        draft.device = _device(name)
    kind = fields.get("messageType", "").strip().upper()
    draft.look_up("messageType", kind[:_WORD_CHARS_MAX], _SIGNALS)
    if fields.get("batteryState", "").upper() == "LOW":
        draft.signal("batteryState:LOW", Signal.LOW_BATTERY)
    try:
        _read_time(fields, draft)
        if fields.get("latitude") or fields.get("longitude"):
            lat, lon = fields.get("latitude", ""), fields.get("longitude", "")
            draft.locate(decimal(lat), decimal(lon))
    except UnreadableError:
        draft.torn()
    return draft.finish()


def _device(name: str) -> DeviceId | None:
    try:
        return device_id(name)
    except UnreadableError:
        return None


def _read_time(fields: Fields, draft: Draft) -> None:
    if fields.get("unixTime"):
        draft.device_at = moment_of_epoch(decimal(fields["unixTime"]))
        return
    text = fields.get("timestamp") or fields.get("dateTime")
    if text:
        try:
            draft.device_at = Instant.parse(text)
        except (ValueError, OverflowError) as fault:
            message = "not a time"
            raise UnreadableError(message) from fault


def _of_json(body: bytes) -> list[Fields]:
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return []
    for key in ("response", "feedMessageResponse", "messages", "message"):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
    rows = found if isinstance(found, list) else [found]
    return [
        {str(key): str(value) for key, value in row.items() if value is not None}
        for row in rows
        if isinstance(row, Mapping) and "messageType" in row
    ]


def _of_xml(body: bytes) -> list[Fields]:
    """Return the flat elements of each message; a document type is refused."""
    text = text_of(body)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return []
    return [
        {
            field["name"]: unescape(field["text"])
            for field in _ELEMENT.finditer(message["fields"])
        }
        for message in _MESSAGE.finditer(text)
    ]


_UNREADABLE = 400
_MESSAGES_MAX = 200
_WORD_CHARS_MAX = 64
_MESSAGE = re.compile(r"<message>(?P<fields>[^\0]*?)</message>")
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z]{1,32})>(?P<text>[^<]{0,512})</")
_SIGNALS: dict[str, tuple[Signal, ...]] = {
    "HELP": (Signal.SOS,),
    "SOS": (Signal.SOS,),
    "HELP-CANCEL": (Signal.CANCEL,),
    "SOS-CANCEL": (Signal.CANCEL,),
    "OK": (Signal.CHECK_IN,),
    "TEST": (Signal.TEST,),
    "POWER-OFF": (Signal.POWER_OFF,),
    "POWER-ON": (Signal.POWER_ON,),
    "NEWMOVEMENT": (Signal.MOVEMENT,),
    "TRACK": (),
    "EXTREME-TRACK": (),
    "UNLIMITED-TRACK": (),
    "STOP": (),
    "STATUS": (),
}

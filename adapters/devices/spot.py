"""`spot` over HTTP: satellite messengers, by the vendor's description.

SPOT pushes XML (`messageList/message`); its public feed is polled and gives JSON
(`response/feedMessageResponse/messages/message`), or the same in XML, where a message
has an attribute. All hold the same fields. No alarm of a real device has been captured.
A device is known by the name that its owner gave it, or where that cannot be one (`My
SPOT`) by its number.
Of a torn push the fields that stand whole are read, and it is not acknowledged.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
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
from adapters.devices.torn_request import (
    is_torn,
    json_values,
    own_frame,
    read_json,
    shown,
)
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
        raw = request.head or request.body
        if not raw.strip():
            return HttpDecoded(status=_UNREADABLE)
        is_json = body[:1] in {b"{", b"["}
        messages, whole = _of_json(body) if is_json else _of_xml(body)
        several = len(messages) > 1
        reports = tuple(
            _report(
                fields,
                own_frame(b"", fields) if several else raw,
                part,
                received_at,
                whole=whole,
            )
            for part, fields in enumerate(messages[:_MESSAGES_MAX])
        )
        lost = undecodable(self.name, raw, received_at, device=_named(body))
        if len(messages) > _MESSAGES_MAX:
            rest = replace(lost, part=len(reports))
            return HttpDecoded(reports=(*reports, rest), status=_UNREADABLE)
        if reports and whole and not is_torn(request):
            return HttpDecoded(reports=reports)
        return HttpDecoded(reports=shown(reports, lost), status=_UNREADABLE)


def _report(
    fields: Fields, raw: bytes, part: int, received_at: Instant, *, whole: bool
) -> DeviceReport:
    draft = Draft(protocol=Spot.name, frame=raw, part=part, received_at=received_at)
    draft.device = _device(fields, whole=whole)
    if whole or "messageType" in fields:
        kind = fields.get("messageType", "").strip().upper()
        draft.look_up("messageType", kind[:_WORD_CHARS_MAX], _SIGNALS)
        if kind:
            draft.attributes["event"] = kind[:_WORD_CHARS_MAX]
    if fields.get("batteryState", "").upper() == "LOW":
        draft.signal("batteryState:LOW", Signal.LOW_BATTERY)
    try:
        _read_time(fields, draft)
    except UnreadableError:  # the place counts all the same
        draft.attributes["incomplete"] = "true"
    try:
        if fields.get("latitude") or fields.get("longitude"):
            lat, lon = fields.get("latitude", ""), fields.get("longitude", "")
            draft.locate(decimal(lat), decimal(lon))
    except UnreadableError:
        draft.torn()
    return draft.finish()


def _named(body: bytes) -> DeviceId | None:
    """Return the device whose name stands whole in what could not be read."""
    elements = _ELEMENT.finditer(text_of(body))
    in_xml = [(found["name"], unescape(found["text"])) for found in elements]
    found = (*json_values(body, *_NAMES, _NUMBER), *in_xml)
    return _device(dict(reversed(found)), whole=False)  # of several the first


def _device(fields: Fields, *, whole: bool) -> DeviceId | None:
    """Return the first name that a device can have; its number, where its name is none.

    In the feed the number comes first: of a torn one it counts behind its name alone.
    """
    keys = (*_NAMES, _NUMBER) if whole or "messengerName" in fields else _NAMES
    for key in keys:
        try:
            return device_id(fields.get(key, ""))
        except UnreadableError:
            continue
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


def _of_json(body: bytes) -> tuple[list[Fields], bool]:
    """Return the messages of the feed, and whether they are all that was said."""
    found, whole = read_json(body)
    for key in ("response", "feedMessageResponse", "messages", "message"):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
    rows = found if isinstance(found, list) else [found]
    messages: list[Fields] = [
        {str(key): str(value) for key, value in row.items() if value is not None}
        for row in rows
        if isinstance(row, Mapping) and ("messageType" in row or not whole)
    ]
    return messages, whole


def _of_xml(body: bytes) -> tuple[list[Fields], bool]:
    """Return the flat elements of each message, and whether the push is whole.

    A document type is refused.
    """
    text = text_of(body)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return [], True
    found = list(_MESSAGE.finditer(text))
    messages: list[Fields] = [
        {
            field["name"]: unescape(field["text"])
            for field in _ELEMENT.finditer(message["fields"])
        }
        for message in found
    ]
    is_open = any(f"<{name}>" in text and f"</{name}>" not in text for name in _LISTS)
    return messages, not is_open and all(message["end"] for message in found)


_UNREADABLE = 400
_MESSAGES_MAX = 200
_WORD_CHARS_MAX = 64
_LISTS = ("messageList", "messages")
_NAMES, _NUMBER = ("esnName", "messengerName", "esn"), "messengerId"
_MESSAGE = re.compile(
    r"<message(?:\s[^<>]{0,256})?>(?P<fields>[^\0]*?)(?P<end></message>|\Z|(?=\0))"
)
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

"""`osmand` over HTTP: the Traccar Client app on phones, in its four forms.

Query, form POST, JSON object and JSON array. The app queues plain positions head of
line and never repeats an SOS that failed, so whatever names a device is answered
2xx once it is durable, an unknown device and an unreadable place included; 4xx is
for what cannot be read at all, or not to its end: an SOS that stands whole in that is
one, and the rest is shown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from adapters.devices.beats import beat_s
from adapters.devices.draft import KNOT_MPS, Draft
from adapters.devices.osmand_alarms import ALARM_WORDS
from adapters.devices.osmand_noise import is_noise
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    integer,
    moment_of_epoch,
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
    ReportKind,
    Tear,
    Transport,
)
from engine.values import DeviceId, Instant, Signal

Fields = list[tuple[str, str]]


class Osmand:
    """The wire protocol, found by entry point."""

    name = "osmand"
    transport = Transport.HTTP
    port = 5055
    app = "Traccar Client"
    takes_secret = False

    def device_of(self, token: str) -> DeviceId:
        """Return the token: the app has nothing else to prove itself by."""
        return DeviceId(token)

    def setup_uri(
        self, url: str, device: DeviceId, *, secret: str, heartbeat_s: float | None
    ) -> str:
        """Return the address with the app's settings as its query.

        So read by Traccar Client (`lib/configuration_service.dart`, 2026-08): scheme,
        host, port and path are its server, `heartbeat` is in seconds.
        """
        del secret
        settings = {"id": device, "accuracy": "high"}
        if heartbeat_s is not None:
            settings["heartbeat"] = str(beat_s(heartbeat_s))
        return f"{url.rstrip('/')}/?{urlencode(settings)}"

    def decode(self, request: HttpRequest, received_at: Instant) -> HttpDecoded:
        """Return what a request reports; a torn one keeps its alarm and gets 400."""
        if not (request.query or request.body or request.head):
            return HttpDecoded(status=_UNREADABLE)
        raw = request.head or _raw(request)
        lost = undecodable(self.name, raw, received_at, device=_named(raw))
        try:
            records, whole = _records(request)
        except UnreadableError:
            return HttpDecoded(reports=(lost,), status=_UNREADABLE)
        room = max(_RECORDS_MAX, len(raw) // _RECORD_BYTES_MIN)
        line = b"" if len(records) == 1 else _line(request)
        reports = tuple(
            _report(fields, own_frame(line, row) if line else raw, part, received_at)
            for part, (fields, row) in enumerate(records[:room])
        )
        if len(records) > room:
            rest = replace(lost, part=len(reports))
            return HttpDecoded(reports=(*reports, rest), status=_UNREADABLE)
        if not whole:
            return HttpDecoded(reports=shown(reports, lost), status=_UNREADABLE)
        readable = any(r.device is not None or r.signals for r in reports)
        keys = (key for fields, _ in records for key, _ in fields)
        if not readable and is_noise(raw, keys):
            noise = replace(lost, kind=ReportKind.NOISE)
            return HttpDecoded(reports=(noise,), status=_UNREADABLE)
        status = _STORED if readable else _UNREADABLE
        return HttpDecoded(reports=reports, status=status)


def _records(request: HttpRequest) -> tuple[list[tuple[Fields, object]], bool]:
    """Return the fields of each report, and whether they are all that was said.

    JSON is turned into the query's names; beside its fields stands its row.
    """
    query = _form(request.query, torn=request.torn is Tear.QUERY)
    body = request.body.strip()
    torn = is_torn(request)
    if not body:
        return [(query, None)], not torn
    if body[:1] not in {b"{", b"["}:
        form = _form(body.decode("utf-8", "replace"), torn=torn)
        return [(query + form, None)], not torn
    document, whole = read_json(body)
    if document is None and not whole:
        return [(query + json_values(body, *_NAMES, "alarm"), None)], False
    rows = document if isinstance(document, list) else [document]
    records = [(query + fields, own) for row in rows for fields, own in _fields(row)]
    if not records:
        message = "an empty array"
        raise UnreadableError(message)
    return records, whole and not torn


def _form(text: str, *, torn: bool) -> Fields:
    """Return a form's fields; of a torn one the last only where it is an alarm."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as fault:
        message = "more fields than any report has"
        raise UnreadableError(message) from fault
    if torn and fields and not text.endswith("&"):
        key, value = fields[-1]
        if key != "alarm" or _letters(value) not in ALARM_WORDS:
            fields.pop()
    return fields


def _fields(row: object) -> Iterable[tuple[Fields, object]]:
    """Return a row in the query's names; one with several places is several rows."""
    if not isinstance(row, Mapping):
        return [([], row)]
    location = row.get("location")
    if isinstance(location, list):
        shared = {key: row[key] for key in (*_NAMES, "alarm") if key in row}
        return [
            (_nested(row, place), {"location": place, **shared}) for place in location
        ]
    if isinstance(location, Mapping):
        return [(_nested(row, location), row)]
    return [(_flat(row), row)]


def _flat(row: Mapping[str, object]) -> Fields:
    return [
        (key, _text(one))
        for key, value in row.items()
        for one in (value if isinstance(value, list) else [value])
        if one is not None
    ]


def _nested(row: Mapping[str, object], location: object) -> Fields:
    place = location if isinstance(location, Mapping) else {}
    coords = _mapping(place.get("coords"))
    battery = _mapping(place.get("battery"))
    found = {
        "id": row.get("device_id", row.get("id")),
        "timestamp": place.get("timestamp"),
        "lat": coords.get("latitude"),
        "lon": coords.get("longitude"),
        "accuracy": coords.get("accuracy"),
        "speed_mps": coords.get("speed"),
        "heading": coords.get("heading"),
        "altitude": coords.get("altitude"),
        "level": battery.get("level"),
        "charge": battery.get("is_charging"),
        "event": place.get("event"),
        "motion": place.get("is_moving"),
        "odometer": place.get("odometer"),
        "activity": _mapping(place.get("activity")).get("type"),
    }
    alarms = [
        source["alarm"]
        for source in (row, place, _mapping(place.get("extras")))
        if source.get("alarm") is not None
    ]
    fields = [(key, _text(value)) for key, value in found.items() if value is not None]
    return fields + [("alarm", _text(alarm)) for alarm in alarms]


def _report(
    fields: Fields, raw: bytes, part: int, received_at: Instant
) -> DeviceReport:
    first: dict[str, str] = {}
    for key, value in fields:
        first.setdefault(key, value.strip())
    draft = Draft(protocol=Osmand.name, frame=raw, part=part, received_at=received_at)
    names = (first[key] for key in _NAMES if first.get(key))
    draft.device = _device(next(names, ""))
    for key, value in fields:
        if key == "alarm":
            _read_alarm(value, draft)
    torn = not _read_all(fields, first, draft)
    is_located = draft.fix is not None or draft.doubtful_fix is not None
    if not draft.signals and ((torn and not is_located) or draft.device is None):
        draft.kind = ReportKind.UNDECODABLE
    elif torn:
        draft.attributes["incomplete"] = "true"
    elif _PLACES.isdisjoint(first):
        draft.kind = ReportKind.HEARTBEAT
    return draft.finish()


def _device(name: str) -> DeviceId | None:
    try:
        return device_id(name)
    except UnreadableError:
        return None


def _read_all(fields: Fields, first: Mapping[str, str], draft: Draft) -> bool:
    """Read what is there, each part for itself; say whether all could be read."""
    readable = True
    for read in (_read_time, _read_motion, _read_battery, _read_place):
        try:
            read(first, draft)
        except UnreadableError:
            readable = False
    for key, value in fields:
        try:
            _read_neighbour(key, value, draft)
        except UnreadableError:
            readable = False
    for key in _KEPT.keys() & first.keys():
        draft.attributes[_KEPT[key]] = first[key][:_TEXT_CHARS_MAX]
    return readable


def _read_alarm(word: str, draft: Draft) -> None:
    """Read an alarm, or several: who forwards reports joins them by commas.

    A word that calms counts only where it stands alone.
    """
    words = word.split(",", _ALARMS_MAX)[:_ALARMS_MAX]
    for one in words:
        letters = _letters(one)
        signals = ALARM_WORDS.get(letters, (Signal.UNKNOWN,))
        if len(words) > 1 and not _CALMING.isdisjoint(signals):
            signals = (Signal.UNKNOWN,)
        if letters:
            draft.signal(f"alarm:{one.strip()[:_TEXT_CHARS_MAX]}", *signals)


def _letters(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def _read_time(first: Mapping[str, str], draft: Draft) -> None:
    text = first.get("timestamp")
    if not text:
        return
    if text.replace(".", "", 1).isdecimal():
        epoch = decimal(text)
        seconds = epoch / 1000 if epoch >= _MILLISECONDS_FROM else epoch
        draft.device_at = moment_of_epoch(seconds)
        return
    zoned = text if _has_zone(text) else f"{text}Z"
    try:
        draft.device_at = Instant.parse(zoned.replace(" ", "T", 1))
    except (ValueError, OverflowError) as fault:
        message = "not a time"
        raise UnreadableError(message) from fault


def _has_zone(text: str) -> bool:
    return text[-1:] in {"Z", "z"} or "+" in text[10:] or "-" in text[10:]


def _read_place(first: Mapping[str, str], draft: Draft) -> None:
    lat, lon = first.get("lat"), first.get("lon")
    if first.get("location"):
        lat, _, lon = first["location"].partition(",")
    if not lat and not lon:
        return
    accuracy = _ACCURACY.fullmatch(first.get("accuracy", ""))
    draft.locate(
        decimal(lat or ""),
        decimal(lon or ""),
        valid=first.get("valid", "true").casefold() not in {"false", "0"},
        accuracy_m=float(accuracy.group()) if accuracy else None,
    )


def _read_motion(first: Mapping[str, str], draft: Draft) -> None:
    if first.get("speed"):
        draft.speed_mps = decimal(first["speed"]) * KNOT_MPS
    if first.get("speed_mps"):
        draft.speed_mps = decimal(first["speed_mps"])
    course = first.get("bearing") or first.get("heading")
    if course:
        draft.course_deg = decimal(course)
    if first.get("altitude"):
        draft.altitude_m = decimal(first["altitude"])


def _read_battery(first: Mapping[str, str], draft: Draft) -> None:
    if first.get("batt"):
        draft.battery_text(first["batt"])
    if first.get("level"):
        draft.battery_percent(decimal(first["level"]) * 100)


def _read_neighbour(key: str, value: str, draft: Draft) -> None:
    parts = value.split(",")
    if key == "cell":
        numbers = [integer(part) for part in parts[:5]]
        if len(numbers) < _CELL_PARTS_MIN:
            message = "a cell has four parts"
            raise UnreadableError(message)
        draft.cell(*numbers)
    elif key == "wifi":
        strength = integer(parts[1]) if len(parts) > 1 else None
        draft.access_point(parts[0][:_TEXT_CHARS_MAX], strength)


def _named(raw: bytes) -> DeviceId | None:
    """Return the device whose name stands whole in what could not be read."""
    in_json = [name for _, name in json_values(raw, *_NAMES)]
    in_form = [found["name"] for found in _NAME_IN_FORM.finditer(raw.decode("latin-1"))]
    return _device(next(iter((*in_json, *in_form)), ""))


def _raw(request: HttpRequest) -> bytes:
    return _line(request) + request.body


def _line(request: HttpRequest) -> bytes:
    line = f"{request.method} {request.path}?{request.query}\n"
    return line.encode("utf-8", "surrogateescape")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else repr(value)


_STORED, _UNREADABLE = 200, 400
_FIELDS_MAX = 200
# So many reports of a request are read, more of one that has bytes for more.
_RECORDS_MAX, _RECORD_BYTES_MIN = 500, 100
_TEXT_CHARS_MAX = 64
_ALARMS_MAX = 16
_CALMING = frozenset({Signal.CANCEL, Signal.CHECK_IN, Signal.TEST})
_ACCURACY = re.compile(r"\d{1,9}(?:\.\d{1,20})?")
_CELL_PARTS_MIN = 4
_MILLISECONDS_FROM = 1e11
_NAMES = ("id", "deviceid", "device_id")
_NAME_IN_FORM = re.compile(
    r"(?:^|[?&\s])(?:id|deviceid)=(?P<name>[!-%'-~]{1,64})(?=&| HTTP/)"
)
_KEPT = {
    "event": "event",
    "activity": "activity",
    "charge": "charging",
    "motion": "moving",
    "hdop": "hdop",
    "odometer": "odometer_m",
    "steps": "steps",
    "until": "until",
}
_PLACES = frozenset({"lat", "lon", "location", "cell", "wifi", "alarm"})

"""`gl200` over TCP, UDP and SMS: Queclink's @Track text, GL300, GL320M, GL50.

`+RESP:GTxxx,version,imei,...,send time,count$` live, `+BUFF:` the same out of the
device's memory. Layouts differ by model and version, so what matters is found by its
form: the word names the event, a place is speed, course, altitude, longitude,
latitude and a time in a row. A place without a fresh fix is the last one with its own
time. Each message is answered, since a device with SACK on knows only by it that its
SOS has arrived. Binary messages are told apart by how they begin, and read beside.
"""

import re

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.gl200_binary import HEAD, cut_binary, read_binary
from adapters.devices.gl200_readings import read_behind, read_distance, read_front
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, DatagramSession, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Gl200:
    """The wire protocol over TCP, found by entry point."""

    name = "gl200"
    transport = Transport.TCP
    port = 5004

    def session(self) -> WireSession:
        """Start with an empty buffer; each message names its device."""
        return StreamSession(Gl200Decoder(), torn=_TORN)


class Gl200Udp:
    """The wire protocol over UDP, found by entry point."""

    name = Gl200.name
    transport = Transport.UDP
    port = Gl200.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(Gl200Decoder(), torn=_TORN)


class Gl200Decoder:
    """What is known of one connection: which device last named itself."""

    name = Gl200.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message: text ends with `$` or NUL, binary says its length."""
        head = _HEAD.search(buffer)
        if head is None:
            sign = max(buffer.rfind(b"+"), buffer.rfind(b"-"))
            waits = not final and sign >= 0 and len(buffer) - sign < _HEAD_BYTES_MAX
            return Cut(sign if waits else len(buffer), 0)
        start = head.start()
        if b":GT" not in head.group():
            most = self.frame_bytes_max
            return cut_binary(
                buffer, start, text=_TEXT_HEAD, bytes_max=most, final=final
            )
        again = _TEXT_HEAD.search(buffer, start + 1)
        until = again.start() if again else len(buffer)
        end = _TEXT_END.search(buffer, start, until)
        if end is not None:
            return Cut(start, end.end() - start)
        if final and again is None and _WHOLE.search(buffer, start):
            return Cut(start, len(buffer) - start)
        return Cut(until, 0) if again else (Cut(start, 0) if start else None)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message into as many reports as it has places of its own."""
        if not frame.startswith(_TEXT):
            return self._decode_binary(frame, received_at)
        form, _, body = text_of(frame).strip("$\0\r\n ").partition(":")
        fields = body.split(",")
        if not body.startswith("GT") or len(fields) < _FIELDS_MIN:
            message = "no text message"
            raise UnreadableError(message)
        word, count = fields[0], fields[-1]
        named = fields[1] if _IMEI.fullmatch(fields[1]) else fields[2]
        if not _DEVICE.fullmatch(named):
            message = "no device"
            raise UnreadableError(message)
        self.device = DeviceId(named)
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            buffered=form == "+BUFF",
            sequence=integer(count, radix=16) if _COUNT.fullmatch(count) else None,
        )
        if form == "+ACK":
            draft.kind = ReportKind.HEARTBEAT
            draft.attributes["command"] = word[:8]
        else:
            draft.look_up("event", word, _SIGNALS)
            draft.attributes["event"] = word[:8]
            read_front(word, fields, draft)
        draft.device_at = _moment(fields[-2])
        _read_battery(word, fields, body, draft)
        _read_neighbours(body, draft)
        reports = tuple(d.finish() for d in _placed(word, fields, body, draft))
        return Decoded(reports=reports, answer=_answer(form, word, fields))

    def _decode_binary(self, frame: bytes, received_at: Instant) -> Decoded:
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        drafts, answer = read_binary(frame, draft)
        self.device = drafts[0].device
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)


def _placed(word: str, fields: list[str], body: str, draft: Draft) -> list[Draft]:
    """Return a draft per place where each is a point of a track, else one."""
    places = list(_PLACE.finditer(body))[:_PLACES_MAX]
    if word != _TRACK:
        if places:
            _locate(places[0], draft)
            after = _behind(places[-1], fields, body)
            read_behind(word, fields, after, draft)
        elif not (draft.cells or draft.wifi):
            draft.kind = ReportKind.HEARTBEAT
        return [draft]
    drafts = []
    shared = {key: draft.attributes[key] for key in _SHARED if key in draft.attributes}
    for part, place in enumerate(places):
        point = Draft(
            protocol=draft.protocol,
            frame=draft.frame,
            part=part,
            received_at=draft.received_at,
            device=draft.device,
            device_at=_moment(place["time"]),
            buffered=draft.buffered,
            sequence=draft.sequence,
            battery_ratio=draft.battery_ratio,
            cells=draft.cells,
            wifi=draft.wifi,
            attributes=dict(draft.attributes if place is places[-1] else shared),
        )
        _locate(place, point)
        after = _behind(place, fields, body)
        if place is places[-1]:
            read_behind(word, fields, after, point)
        else:
            read_distance(after, point)
        drafts.append(point)
    return drafts or [draft]


def _behind(place: re.Match[str], fields: list[str], body: str) -> list[str]:
    return fields[body.count(",", 0, place.end()) + 1 :]


def _locate(place: re.Match[str], draft: Draft) -> None:
    if place["speed"]:
        draft.speed_mps = decimal(place["speed"]) * KMH_MPS
    if place["course"]:
        draft.course_deg = decimal(place["course"])
    if place["altitude"]:
        draft.altitude_m = decimal(place["altitude"])
    draft.locate(
        decimal(place["lat"]), decimal(place["lon"]), at=_moment(place["time"])
    )
    # The field before a place; of a place that is not first, the end of the last one.
    start = place.start()
    before = place.string[place.string.rfind(",", 0, start) + 1 : start]
    if _DILUTION.fullmatch(before):
        draft.attributes["hdop"] = before


def _read_battery(word: str, fields: list[str], body: str, draft: Draft) -> None:
    """Read the percentage where this event has it: before a state, or at the end."""
    found = _BATTERY_BEFORE_STATE.search(body) if word in _WITH_STATE else None
    if word == "GTINF":
        found = _BATTERY_BEHIND_FIX.search(body)
    if found is None and word in _BATTERY_AT:
        at = _BATTERY_AT[word]
        text = fields[at] if -len(fields) <= at < len(fields) else ""
        found = _PERCENT.fullmatch(text)
    if found is not None:
        draft.battery_percent(integer(found["percent"]))


def _read_neighbours(body: str, draft: Draft) -> None:
    for station in _STATION.finditer(body):
        draft.access_point(station["mac"], integer(station["rssi"]))
    for cell in _CELL.finditer(body):
        lac, cid = integer(cell["lac"], radix=16), integer(cell["cid"], radix=16)
        draft.cell(integer(cell["mcc"]), integer(cell["mnc"]), lac, cid)


def _moment(digits: str) -> Instant | None:
    if len(digits) != _TIME_DIGITS:
        return None
    at = moment_of_digits(digits[2:8], digits[8:])
    return at if digits.startswith("20") else None


def _answer(form: str, word: str, fields: list[str]) -> bytes:
    count = fields[-1]
    if not _COUNT.fullmatch(count):
        return b""
    if form == "+ACK":
        heartbeat = f"+SACK:GTHBD,{fields[1]},{count}$".encode("latin-1")
        return heartbeat if word == "GTHBD" else b""
    return f"+SACK:{count}$".encode("latin-1")


_HEAD = re.compile(rb"\+(?:RESP|BUFF|ACK):GT|" + HEAD)
_TEXT_HEAD = re.compile(rb"\+(?:RESP|BUFF|ACK):GT")
_TEXT_END = re.compile(rb"[$\x00]")
# The time of sending and the count are the last that a message says.
_WHOLE = re.compile(rb",20\d{12},[0-9A-Fa-f]{4}\s*\Z")
_TEXT = (b"+RESP:", b"+BUFF:", b"+ACK:")
_HEAD_BYTES_MAX = 16
_IMEI = re.compile(r"\d{15}")
_DEVICE = re.compile(r"[0-9A-Za-z]{10,20}")
_COUNT = re.compile(r"[0-9A-Fa-f]{4}")
_FIELDS_MIN = 5
_TIME_DIGITS = 14
_PLACES_MAX = 64
_SHARED = ("event", "vin")
_PLACE = re.compile(
    r",(?P<speed>\d{1,3}(?:\.\d)?)?,(?P<course>\d{1,3})?,"
    r"(?P<altitude>-?\d{1,5}(?:\.\d)?)?,"
    r"(?P<lon>-?\d{1,3}\.\d{4,6}),(?P<lat>-?\d{1,2}\.\d{4,6}),(?P<time>\d{14})"
)
_DILUTION = re.compile(r"\d{1,2}(?:\.\d{1,2})?")
_CELL = re.compile(
    r"(?<=,)0?(?P<mcc>[1-9]\d{2}),0?(?P<mnc>\d{2,3}),(?P<lac>[0-9A-Fa-f]{4,8}),"
    r"(?P<cid>[0-9A-Fa-f]{4,8})(?=,)"
)
_STATION = re.compile(r"(?P<mac>[0-9A-Fa-f]{12}),(?P<rssi>-\d{1,3})(?=,)")
_PERCENT = re.compile(r"(?P<percent>\d{1,3})")
_BATTERY_BEFORE_STATE = re.compile(
    r",(?P<percent>\d{1,3}),[0-9A-F]{6}(?:[0-9A-F]{4})?,"
)
# Of a device's report of itself: the last fix's time, a percentage, two fields that may
# be blank and two that are. Vehicles have inputs there, and a time zone behind them.
_BATTERY_BEHIND_FIX = re.compile(
    r",20\d{12},(?P<percent>[1-9]\d{0,2}),[^,]*,[^,]*,,,20\d{12},"
)
_TRACK = "GTFRI"
_WITH_STATE = frozenset({_TRACK, "GTERI"})
# Where the battery stands, from the front or from the end.
_BATTERY_AT = {
    _TRACK: -3,
    "GTSOS": -3,
    "GTRTL": -3,
    "GTNMR": -3,
    "GTPNL": -3,
    "GTWIF": -3,
    # One layout with the SOS (GL200 and GL300 @Track, position reports).
    **dict.fromkeys(("GTGEO", "GTSPD", "GTDIS", "GTDOG", "GTIGL"), -3),
    "GTLBS": 6,
}
_SIGNALS: dict[str, tuple[Signal, ...]] = {
    "GTSOS": (Signal.SOS,),
    "GTBPL": (Signal.LOW_BATTERY,),
    "GTPFA": (Signal.POWER_OFF,),
    "GTPNA": (Signal.POWER_ON,),
    "GTPFR": (Signal.POWER_OFF,),  # with why
    "GTPNR": (Signal.POWER_ON,),
    "GTMPF": (Signal.POWER_CUT,),
    "GTMPN": (Signal.POWER_RESTORED,),
    "GTEPF": (Signal.POWER_CUT,),
    "GTEPN": (Signal.POWER_RESTORED,),
    "GTJDR": (Signal.JAMMED,),
    "GTJDS": (Signal.JAMMED,),
    "GTSTT": (Signal.MOVEMENT,),
    "GTTOW": (Signal.MOVEMENT,),
    "GTNMR": (Signal.MOVEMENT,),
    "GTSPD": (Signal.OVERSPEED,),
    "GTGEO": (Signal.GEOFENCE,),
    "GTGIN": (Signal.GEOFENCE,),
    "GTGOT": (Signal.GEOFENCE,),
    "GTSWG": (Signal.GEOFENCE,),
    "GTHBM": (Signal.HARSH_DRIVING,),
    "GTCRA": (Signal.ACCIDENT,),
    "GTTEM": (Signal.VEHICLE,),
    "GTTMP": (Signal.VEHICLE,),
    "GTANT": (Signal.FAULT,),
}
# Tracks, states and what vehicles say.
_SIGNALS |= dict.fromkeys(
    (
        "GTFRI",
        "GTERI",
        "GTRTL",
        "GTLBS",
        "GTGSM",
        "GTWIF",
        "GTSTR",
        "GTCTN",
        "GTDAT",
        "GTIDL",
        "GTLSW",
        "GTTSW",
        "GTINF",
        "GTPNL",
        "GTDOG",
        "GTPDP",
        "GTBTC",
        "GTSTC",
        "GTSTA",
        "GTCAN",
        "GTOBD",
        "GTIGF",
        "GTIGN",
        "GTIGL",
        "GTVGN",
        "GTVGF",
        "GTVGL",
        "GTIDN",
        "GTIDF",
        "GTBAA",
        "GTBID",
        "GTDTT",
        "GTDAR",
        "GTDIS",
        "GTIDA",
        "GTFLA",
        "GTHBD",
        "GTGPS",
        "GTCID",
        "GTCSQ",
        "GTVER",
        "GTBAT",
        "GTTMZ",
        "GTALL",
        "GTALM",
        "GTGLM",
        "GTRSV",
        "GTSCS",
        "GTOSM",
        "GTUPD",
        "GTLSP",
        "GTLOC",
        "GTGSS",  # whether satellites are heard
        "GTGSV",
        "GTRMD",
        "GTDOS",
        "GTAIS",
        "GTPHL",
        "GTUPC",
        "GTHBE",
    ),
    (),
)
_TORN = Torn(
    begins=re.compile(_HEAD.pattern + rb"|\A\s*\+[A-Z]{0,4}:?G?\Z"),
    named=named_by(
        re.compile(
            rb"\+(?:RESP|BUFF|ACK):GT[^,+]{0,16},"
            rb"(?:(\d{15})|[^,+]{0,16},([0-9A-Za-z]{10,20})),"
        )
    ),
)

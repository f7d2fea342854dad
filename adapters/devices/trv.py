"""`trv` over TCP: watches for children and elders, `TRV` and `IW`; text up to `#`.

Each message has a prefix, a type such as `AP10`, and data; the answer is the type
with its first letter moved on by one (`BP10`). What begins with a serial of six
digits is itself the reply to a command and gets none. `AP10` is an alarm, its kind
stands behind the cell; one without it is an alarm all the same.
"""

import re

from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.framing import cut_line
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    device_id,
    integer,
    moment_of_digits,
    moment_of_epoch,
    text_of,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Trv:
    """The wire protocol, found by entry point."""

    name = "trv"
    transport = Transport.TCP
    port = 5010

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return StreamSession(TrvDecoder(), torn=_TORN)


class TrvDecoder:
    """What is known of one connection: who logged in."""

    name = Trv.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message; a second head in it shows that it is torn."""
        found = cut_line(buffer, closing=(b"#",))
        until = found.skip + found.take if found and found.take else len(buffer)
        head = _HEAD.search(buffer, 0, until)
        if head is None:
            return found if found and found.take else None
        again = _HEAD.search(buffer, head.end(), until)
        if again is not None:
            return Cut(again.start(), 0)
        if found is not None and found.take:
            return Cut(head.start(), until - head.start())
        return Cut(head.start(), 0) if head.start() and not final else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message."""
        found = _MESSAGE.match(text_of(frame).rstrip("#"))
        if found is None:
            message = "no type"
            raise UnreadableError(message)
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        kind, data = found["type"], found["data"]
        if kind == "AP00":
            name = data.split(",")[0]
            self.device = draft.device = device_id(name)
            draft.kind = ReportKind.LOGIN
        elif kind in _PLACES:
            _read_place(kind, data, draft)
        elif kind in _CELL_KINDS:
            _read_cells(data.lstrip(",").split(","), draft)
        elif kind in _EVENTS and _EVENTS[kind].match(data):
            _read_event(kind, data, draft)
        elif kind in _QUIET or _REPLY.match(data):
            draft.kind = ReportKind.HEARTBEAT
            _read_quiet(kind, data, draft)
        else:
            draft.kind = ReportKind.UNDECODABLE
        answer = _answer(found["prefix"], kind, data, received_at)
        return Decoded(reports=(draft.finish(),), answer=answer)


def _read_place(kind: str, data: str, draft: Draft) -> None:
    """Read a place report; the kind of an alarm comes before all else."""
    fields = data.split(",")
    said = "".join(fields[_ALARM : _ALARM + 1])
    if len(fields) > _ALARM and (kind == "AP10" or _TWO_DIGITS.fullmatch(said)):
        draft.look_up("alarm", said[:2].zfill(2), _ALARMS)
    elif kind == "AP10":
        draft.signal(kind, Signal.UNKNOWN)
        draft.attributes["incomplete"] = "true"
    try:
        _read_rest(fields, draft)
    except UnreadableError:
        if not (draft.signals or draft.fix or draft.doubtful_fix):
            raise
        draft.attributes["incomplete"] = "true"


def _read_event(kind: str, data: str, draft: Draft) -> None:
    """Read an alarm without a place: a fall, or whether the watch is worn."""
    fields = data.split(",")
    draft.device_at = moment_of_epoch(integer(fields[-1]))
    if kind == "APWR":
        draft.look_up("worn", fields[2], _WORN)
    else:
        draft.signal(kind, Signal.FALL)


def _read_rest(fields: list[str], draft: Draft) -> None:
    place = _PLACE.match(fields[0])
    if place is None:
        message = "no place"
        raise UnreadableError(message)
    draft.device_at = moment_of_digits(place["date"], place["time"])
    draft.locate(
        degrees_of(place["lat"], place["ns"]),
        degrees_of(place["lon"], place["ew"]),
        valid=place["valid"] == "A",
    )
    draft.speed_mps = decimal(place["speed"]) * KMH_MPS
    draft.course_deg = decimal(place["course"])
    draft.battery_percent(integer(place["battery"]))
    draft.number("gsm", place["gsm"])
    draft.number("satellites", place["satellites"])
    _read_states(place["states"] or "", draft)
    if len(fields) < _ALARM:
        draft.attributes["incomplete"] = "true"
        return
    draft.cell(*(integer(part) for part in fields[1:5]))
    for field in fields[_ALARM:]:
        _read_stations(field, draft)


def _read_states(digits: str, draft: Draft) -> None:
    """Read ignition, two digits of whether it is armed, and two of the mode.

    Of a state 1 says yes and another digit no; 0 says that there is none.
    """
    if len(digits) != _STATE_DIGITS:
        return
    if digits[0] != "0":
        draft.flag("ignition", digits[0] == "1")
    if digits[1:3] != "00":
        draft.flag("armed", digits[1:3] == "01")
    if digits[3:] != "00":
        draft.number("mode", digits[3:])


def _read_beat(digits: str, draft: Draft) -> None:
    """Read a heartbeat: battery, states, and what a longer one says of a vehicle."""
    if not digits[6:9].isdecimal():
        return
    draft.battery_percent(integer(digits[6:9]))
    draft.number("gsm", digits[:3])
    draft.number("satellites", digits[3:6])
    if not digits.isdecimal():
        return
    _read_states(digits[9:14], draft)
    for name, digit, active in zip(_BEAT_FLAGS, digits[25:28], "211", strict=False):
        if digit != "0":
            draft.flag(name, digit == active)


def _read_cells(fields: list[str], draft: Draft) -> None:
    if len(fields) < _CELLS:
        message = "no cells"
        raise UnreadableError(message)
    mcc, mnc = integer(fields[3]), integer(fields[4])
    for field in fields[_CELLS - 1 :]:
        cell = _CELL.fullmatch(field)
        if cell is not None:
            lac, cid, strength = (integer(part) for part in cell.groups())
            draft.cell(mcc, mnc, lac, cid, -strength)
        else:
            _read_stations(field, draft)


def _read_stations(field: str, draft: Draft) -> None:
    for station in _STATION.finditer(field):
        draft.access_point(station["mac"], -abs(integer(station["rssi"])))


def _read_quiet(kind: str, data: str, draft: Draft) -> None:
    fields = data.split(",")
    if kind == "AP50" and len(fields) > 2 and fields[2].isdecimal():  # noqa: PLR2004
        draft.battery_percent(integer(fields[2]))
    elif kind in _BEATS and len(fields) > 1:
        _read_beat(fields[1], draft)
    for name, text in zip(_MEASURED.get(kind, ()), fields[1:], strict=False):
        draft.number(name, text)


def _answer(prefix: str, kind: str, data: str, received_at: Instant) -> bytes:
    if prefix == "IW" and _REPLY.match(data):
        return b""
    head = f"{prefix}{chr(ord(kind[0]) + 1)}{kind[1:]}"
    if prefix == "IW" and kind == "AP00":
        return f"{head},{received_at.to_datetime():%Y%m%d%H%M%S},0#".encode()
    if kind == "AP14":  # it asks where its cells are, and waits for a place: none
        return f"{head},0.000,0.000#".encode()
    return f"{head}#".encode()


_HEAD = re.compile(rb"(?:TRV|IW)[A-Y]P[0-9A-Z]{2}")
_MESSAGE = re.compile(
    r"\s*(?P<prefix>TRV|IW)(?P<type>[A-Y]P[0-9A-Z]{2})(?P<data>.*)", re.DOTALL
)
_REPLY = re.compile(r",\d{6}(?:,|$)")
_PLACE = re.compile(
    r"(?P<date>\d{6})(?P<valid>[AV])(?P<lat>\d{4}\.\d+)(?P<ns>[NS])"
    r"(?P<lon>\d{5}\.\d+)(?P<ew>[EW])(?P<speed>\d{3}\.\d)(?P<time>\d{6})"
    r"(?P<course>[\d.]{6})(?P<gsm>\d{3})(?P<satellites>\d{3})(?P<battery>\d{3})"
    r"(?P<states>\d{5})?"
)
_CELL = re.compile(r"(\d{1,9})\|(\d{1,9})\|(\d{1,3})")
_STATION = re.compile(
    r"\|(?P<mac>(?:[0-9A-Fa-f]{2}[-:]){5}[0-9A-Fa-f]{2})\|(?P<rssi>-?\d{1,3})"
)
_ALARM = 5
_TWO_DIGITS = re.compile(r"\d\d")
_STATE_DIGITS = 5
_BEAT_FLAGS = ("blocked", "charging", "moving")
_CELLS = 6
_CELL_KINDS = frozenset({"AP02", "YP02"})
_BEATS = frozenset({"AP03", "CP01"})
_PLACES = frozenset({"AP01", "AP10", "YP03", "YP14"})
_QUIET = frozenset(
    {"AP03", "AP07", "AP12", "AP14", "AP33", "AP40", "AP49", "AP50", "APHT", "APHP"}
    | {"APHD", "APXL", "APJK", "APWT", "CP01"}
)
# What the fields of a measurement are.
_MEASURED = {
    "AP49": ("heart_rate_bpm",),
    "APHT": ("heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg"),
    "APHP": (
        *("heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "oxygen_percent"),
        *("blood_sugar", "temperature_c"),
    ),
    "AP50": ("temperature_c",),
}
_ALARMS: dict[str, tuple[Signal, ...]] = {
    "00": (),
    "01": (Signal.SOS,),
    "02": (Signal.LOW_BATTERY,),
    "03": (Signal.REMOVED,),
    "05": (Signal.FALL,),
    "06": (Signal.FALL,),
}
# Who, and when; older watches make friends by a fall's type, with a place behind it.
_EVENTS = {
    "APFD": re.compile(r",\d{10,17},\d{9,10}$"),
    "APWR": re.compile(r",\d{10,17},\d,\d{9,10}$"),
}
_WORN: dict[str, tuple[Signal, ...]] = {"0": (Signal.REMOVED,), "1": ()}
_TORN = Torn(
    begins=re.compile(
        rb"(?:TRV|IW)[A-Y]P|\A\s*(?:TR?|(?:TRV|IW)[A-Y]?|I)\Z",
    )
)

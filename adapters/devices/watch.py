"""`watch` over TCP: SeTracker and relatives on the wrist (`3G`, `SG`, `CS`, `ZJ`).

A frame is `[MM*ID*LLLL*content]` or `[MM*ID*IIII*LLLL*content]` with a hexadecimal
length that many models get wrong, so brackets decide. The high half of the status
word are alarms, the low half states; all are read (a state once hid the SOS:
Traccar PR #4190). An `AL` without an alarm bit is an alarm of a kind unknown.
"""

import re
from dataclasses import dataclass

from adapters.devices import orders
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.orders import WatchOrders
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import (
    Decoded,
    DeviceOrder,
    ReportKind,
    Transport,
    WireSession,
)
from engine.values import DeviceId, Instant, Signal


class Watch(WatchOrders):
    """The wire protocol, found by entry point."""

    name = "watch"
    transport = Transport.TCP
    port = 5093

    def session(self) -> WireSession:
        """Start with an empty buffer; each frame names its device."""
        return WatchSession(WatchDecoder())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    maker: str
    device: DeviceId
    index: str | None
    content: str

    def answer(self, content: str) -> bytes:
        """Return an answer in the frame's own form."""
        index = "" if self.index is None else f"{self.index}*"
        length = f"{len(content):04x}"
        return f"[{self.maker}*{self.device}*{index}{length}*{content}]".encode(
            "latin-1"
        )


class WatchSession(StreamSession):
    """A connection of a watch, which is written to in its own form."""

    def __init__(self, decoder: "WatchDecoder") -> None:
        """Start with an empty buffer."""
        super().__init__(decoder, torn=_TORN)
        self._watch = decoder

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return what is written to the device for a command."""
        head = self._watch
        return orders.watch(order, maker=head.maker, has_index=head.has_index)


class WatchDecoder:
    """What is known of one connection: which device last named itself."""

    name = Watch.name
    frame_bytes_max = 16384  # a piece of a voice message

    def __init__(self) -> None:
        """Start before any frame."""
        self.device: DeviceId | None = None
        self.maker, self.has_index = "CS", False

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame by its brackets; names of stations may have some too."""
        opened = _OPENING.search(buffer)
        if opened is None:
            bracket = buffer.rfind(b"[")
            waits = bracket >= 0 and len(buffer) - bracket < _HEAD_BYTES_MAX
            return Cut(len(buffer) if final or not waits else bracket, 0)
        start = opened.start()
        again = _OPENING.search(buffer, start + 1)
        until = again.start() if again else len(buffer)
        end = _end(buffer, start, until)
        if end is not None:
            return Cut(start, end - start)
        return Cut(until, 0) if again else (Cut(start, 0) if start else None)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame."""
        head = _head(frame)
        self.device = head.device
        self.maker, self.has_index = head.maker, head.index is not None
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=head.device,
        )
        kind, *fields = head.content.split(",")
        answer = _answer(kind, head)
        if kind.startswith(_PLACES):
            _read_place(kind, fields, draft)
        elif kind == "LK":
            draft.kind = ReportKind.HEARTBEAT
            if len(fields) >= _LK_FIELDS:
                draft.number("steps", fields[0])
                draft.battery_text(fields[2])
        elif kind.rstrip("0123456789").casefold() in _QUIET:
            draft.kind = ReportKind.HEARTBEAT
            _read_body(kind.casefold(), fields, draft)
        else:
            draft.kind = ReportKind.UNDECODABLE
        return Decoded(reports=(draft.finish(),), answer=answer)


def unescaped(data: bytes) -> bytes:
    """Return content without its escapes (`7D 01` to `7D 05`)."""
    return _ESCAPE.sub(lambda found: _ESCAPED[found.group()[1] - 1], data)


def _end(buffer: bytes, start: int, until: int) -> int | None:
    """Return where a frame ends: at its length where a bracket is, else at its own."""
    head = _HEAD.match(buffer, start)
    if head is not None:
        claimed = head.end() + int(head["length"], 16)
        if claimed < until and buffer[claimed : claimed + 1] == b"]":
            return claimed + 1
    depth = 0
    for bracket in _BRACKET.finditer(buffer, start, until):
        depth += 1 if bracket.group() == b"[" else -1
        if depth == 0:
            return bracket.end()
    last = buffer.rfind(b"]", start, until)
    return last + 1 if last >= 0 and until < len(buffer) else None


def _head(frame: bytes) -> _Head:
    found = _HEAD.match(frame)
    if found is None:
        message = "no head"
        raise UnreadableError(message)
    index = found["index"]
    return _Head(
        maker=text_of(found["maker"]),
        device=DeviceId(text_of(found["device"])),
        index=None if index is None else text_of(index),
        content=text_of(unescaped(frame[found.end() : -1])),
    )


def _answer(kind: str, head: _Head) -> bytes:
    if kind.startswith("AL"):
        return head.answer("AL")
    if kind in {"LK", "TKQ", "TKQ2"}:
        return head.answer(kind)
    if kind == "INIT":
        return head.answer("INIT,1")
    if kind == "JXTK":
        return head.answer("JXTKR,1")
    return b""


def _read_place(kind: str, fields: list[str], draft: Draft) -> None:
    """Read a place report, its alarms first; a torn `AL` is an alarm all the same."""
    if kind == "WAD":
        del fields[:1]  # the language in which an address is asked for
    if not _read_status(kind, "".join(fields[_STATUS : _STATUS + 1]), draft):
        draft.torn()
        return
    draft.device_at = moment_of_digits(fields[0], fields[1], day_first=True)
    draft.battery_text(fields[12])
    draft.number("satellites", fields[10])
    draft.number("gsm", fields[11])
    draft.number("steps", fields[13])
    for read, part in (
        (_read_fix, fields[2:10]),
        (_read_neighbours, fields[_STATUS + 1 :]),
    ):
        try:
            read(part, draft)
        except UnreadableError:
            draft.attributes["incomplete"] = "true"


def _read_status(kind: str, text: str, draft: Draft) -> bool:
    """Read the status word; say whether it is there."""
    is_alarm = kind.startswith("AL")
    try:
        status = integer(text, radix=16)
    except UnreadableError:
        if is_alarm:
            draft.signal("AL", Signal.UNKNOWN)
        return False
    draft.attributes["status"] = text
    draft.bits("status", status, _SIGNALS, alarms=_ALARM_BITS, held=not is_alarm)
    # A word of four digits has states alone, and says by them what it is about.
    is_named = status >> _ALARM_BITS.start or (draft.signals and len(text) <= 4)  # noqa: PLR2004
    if is_alarm and not is_named:
        draft.signal("AL", Signal.UNKNOWN)
    if status & _MOVING:
        draft.flag("moving", value=True)
    return True


def _read_fix(fields: list[str], draft: Draft) -> None:
    """Read a place and what belongs to it; indoors some leave it blank."""
    valid, lat, ns, lon, ew, speed, course, altitude = fields
    if not (lat or lon):
        return
    draft.locate(_degrees(lat, ns), _degrees(lon, ew), valid=valid == "A")
    draft.speed_mps = decimal(speed) * KMH_MPS
    draft.course_deg = decimal(course)
    draft.altitude_m = decimal(altitude)


def _read_body(kind: str, fields: list[str], draft: Draft) -> None:
    """Read a measurement of the wearer's body."""
    for name, text in zip(_MEASURED.get(kind, ()), fields, strict=False):
        if name:
            draft.number(name, text)


def _degrees(text: str, hemisphere: str) -> float:
    """Return signed degrees; a sign and a hemisphere that agree are one, not two."""
    degrees = decimal(text)
    return -abs(degrees) if hemisphere in {"S", "W"} else degrees


def _read_neighbours(fields: list[str], draft: Draft) -> None:
    """Read stations, then cells: names of stations stay out of reports."""
    # A name may have commas in it, so an address is found by its form.
    for station in _STATION.finditer(",".join(fields)):
        draft.access_point(station["mac"], integer(station["rssi"]))
    rest = iter(fields)
    count = integer(next(rest, "0") or "0")
    next(rest, None)  # timing advance
    if count > 0:
        mcc, mnc = (integer(next(rest, "") or "0") for _ in range(2))
        count = min(count, _NEIGHBOURS_MAX)
        cells = [[next(rest, "") for _ in range(3)] for _ in range(count)]
        # Some watches write all areas and cells in hexadecimal; one letter shows it.
        # Where there are fewer than were counted, names of stations stand behind them.
        heard = [cell[:2] for cell in cells if _STRENGTH.fullmatch(cell[2])]
        is_hex = any(_IN_HEX.fullmatch(text) for cell in heard for text in cell)
        for *numbers, strength in cells:
            lac, cid = (integer(text, radix=16 if is_hex else 10) for text in numbers)
            draft.cell(mcc, mnc, lac, cid, -abs(integer(strength or "0")))


_OPENING = re.compile(rb"\[\w\w\*\d{4,20}\*")
_HEAD = re.compile(
    rb"\[(?P<maker>\w\w)\*(?P<device>\d{4,20})\*(?:(?P<index>[0-9A-Fa-f]{1,8})\*)?"
    rb"(?P<length>[0-9A-Fa-f]{4})\*"
)
_ESCAPE = re.compile(rb"\x7d[\x01-\x05]")
_ESCAPED = (b"}", b"[", b"]", b",", b"*")
_BRACKET = re.compile(rb"[\[\]]")
_HEAD_BYTES_MAX = 48
_NEIGHBOURS_MAX = 64
_LK_FIELDS = 3
_STATUS = 15
_IN_HEX = re.compile(r"[0-9A-Fa-f]{0,7}[A-Fa-f][0-9A-Fa-f]{0,7}")
_STRENGTH = re.compile(r"-?\d{0,3}")
_STATION = re.compile(
    r"(?P<mac>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}),(?P<rssi>-?\d{1,3})(?=,|\Z)"
)
_ALARM_BITS = range(16, 32)
_MOVING = 1 << 4
# Reports, and those with which a watch asks what is there (`WAD`), or where it is.
_PLACES = ("UD", "AL", "WT", "WAD", "WG")
# What the fields of a measurement are; an empty name is passed over.
_MEASURED = {
    "pulse": ("heart_rate_bpm",),
    "heart": ("heart_rate_bpm",),
    "blood": ("systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm"),
    "bphrt": ("systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm"),
    "temp": ("temperature_c",),
    "btemp2": ("", "temperature_c"),
    "oxygen": ("", "oxygen_percent"),
}
_SIGNALS = {
    0: (Signal.LOW_BATTERY,),
    1: (Signal.GEOFENCE,),
    2: (Signal.GEOFENCE,),
    14: (Signal.POWER_CUT,),
    16: (Signal.SOS,),
    17: (Signal.LOW_BATTERY,),
    18: (Signal.GEOFENCE,),
    19: (Signal.GEOFENCE,),
    20: (Signal.REMOVED,),
    21: (Signal.FALL,),
    22: (Signal.FALL,),
}
# Log-ins, measurements of the body, voice, and replies to commands.
_QUIET = {
    "init",
    "tkq",
    "tk",
    "jxtk",
    "img",
    "rcapture",
    "pulse",
    "heart",
    "blood",
    "bphrt",
    "btemp",
    "oxygen",
    "temp",
    "cr",
    "upload",
    "sos",
    "sossms",
    "remove",
    "lowbat",
    "message",
    "lz",
    "reset",
    "config",
    "iccid",
    "ccid",
    "verno",
    "ts",
    "pedo",
    "flower",
    "walktime",
    "sleeptime",
    "silencetime",
    "phb",
    "phbx",
    "monitor",
    "center",
    "factory",
    "find",
    "poweroff",
    "pw",
    "removesms",
    "profile",
    "ip",
    "apn",
    "hrtstart",
    "applock",
    "devicefunccount",
    "ryimei",
    "url",
    "imei",
}
_TORN = Torn(
    begins=re.compile(rb"\[\w\w\*|\A\s*\[\w{0,2}\Z"),
    named=named_by(re.compile(rb"\[\w\w\*(\d{4,20})\*")),
)

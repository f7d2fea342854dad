"""`tk103` over TCP and UDP: `(id, command, data)` in brackets, one of the oldest.

The identifier has twelve characters, or stands before a comma; the command has four
and names the event, `BO01` with a digit for its kind. An input wired to a panic
button sets a bit in every ordinary report, and that bit is an SOS as well.
"""

import re

from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.orders import Tk103Orders
from adapters.devices.reading import (
    UnreadableError,
    decimal,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, DatagramSession, StreamSession
from adapters.devices.tk103_battery import BLOCK, BLOCKS, read_battery
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Tk103(Tk103Orders):
    """The wire protocol over TCP, found by entry point."""

    name = "tk103"
    transport = Transport.TCP
    port = 5002

    def session(self) -> WireSession:
        """Start with an empty buffer; each message names its device."""
        return StreamSession(Tk103Decoder(), torn=_TORN)


class Tk103Udp(Tk103Orders):
    """The wire protocol over UDP, found by entry point."""

    name = Tk103.name
    transport = Transport.UDP
    port = Tk103.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(Tk103Decoder(), torn=_TORN)


class Tk103Decoder:
    """What is known of one connection: which device last named itself."""

    name = Tk103.name
    frame_bytes_max = 2048

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message; free text between dollars may hold brackets."""
        head = _HEAD.search(buffer)
        if head is None:
            bracket = buffer.rfind(b"(")
            waits = not final and 0 <= len(buffer) - bracket - 1 < _HEAD_BYTES_MAX
            return Cut(bracket if bracket >= 0 and waits else len(buffer), 0)
        start = head.start()
        text = _FREE_TEXT.match(buffer, start)
        end = (_FREE_END if text else _END).search(
            buffer, text.end() if text else start
        )
        again = _HEAD.search(buffer, head.end())
        if again is not None and (end is None or again.start() < end.start()):
            return Cut(again.start(), 0)
        if end is not None:
            return Cut(start, end.end() - start)
        return Cut(start, 0) if start else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message."""
        found = _MESSAGE.match(text_of(frame))
        if found is None:
            message = "no device and command"
            raise UnreadableError(message)
        self.device = DeviceId(found["device"])
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        _read(found, draft)
        return Decoded(reports=(draft.finish(),), answer=_answer(found))


def _read(found: re.Match[str], draft: Draft) -> None:
    command, data = found["command"], found["data"]
    if command == "BP00":
        draft.kind = ReportKind.LOGIN
        return
    _read_command(command, data, draft)
    try:
        _read_data(command, data, comma=bool(found["comma"]), draft=draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _read_command(command: str, data: str, draft: Draft) -> None:
    kinds = {"BO01": _BO01, "BQ81": _BQ81}.get(command)
    if kinds is not None:
        kind = _KIND.match(data)
        if kind is None:
            draft.signal(command, Signal.UNKNOWN)
        else:
            draft.look_up(command, kind["kind"], kinds)
    elif command in _COMMANDS or not _ANSWER.fullmatch(command):
        draft.look_up("command", command, _COMMANDS)


def _read_data(command: str, data: str, *, comma: bool, draft: Draft) -> None:
    place = _PLACE.search(data)
    if place is not None:
        _read_place(place, comma=comma, draft=draft)
    elif command == "ZC20":
        _read_level(data.split(","), draft)
    elif command in _CELL_COMMANDS or "{" in data:
        _read_cells(command, data, draft)
    elif command[:3] == "DW5":
        _read_stations(data, draft)
    elif command in _BATTERY_COMMANDS:
        draft.kind = ReportKind.HEARTBEAT
        read_battery(command, data, draft)
    elif command in _PLACE_COMMANDS:
        draft.attributes["incomplete"] = "true"
    else:
        draft.kind = ReportKind.HEARTBEAT
        if command == "BV00" and _VIN.fullmatch(data):
            draft.attributes["vin"] = data


def _read_level(fields: list[str], draft: Draft) -> None:
    draft.kind = ReportKind.HEARTBEAT
    if len(fields) < _BATTERY_FIELDS:
        message = "shorter than its level"
        raise UnreadableError(message)
    draft.device_at = moment_of_digits(fields[0], fields[1], day_first=True)
    if fields[2] in _LEVELS:
        draft.battery_percent(_LEVELS[fields[2]])
    for name, text, units in zip(_VOLTS, fields[3:5], (100, 10), strict=False):
        if text != _NO_VOLTS:
            draft.scaled(name, text, units=units)


def _read_place(place: re.Match[str], *, comma: bool, draft: Draft) -> None:
    draft.device_at = moment_of_digits(place["date"], place["time"], day_first=comma)
    inputs = place["inputs"]
    if inputs:
        draft.bits("inputs", integer(inputs[0], radix=16), _INPUTS, held=True)
        draft.attributes["input"] = "0x" + inputs
        draft.flag("charging", place["power"] == "0")
        draft.flag("ignition", place["ignition"] == "1")
    if place["metres"]:
        draft.attributes["odometer_m"] = str(int(place["metres"], 16))
        draft.attributes["fuel"] = str(int(place["fuel"], 16))
    draft.speed_mps = decimal(place["speed"]) * KMH_MPS
    course = (place["course"] or place["plain"] or "").strip()
    if course:
        draft.course_deg = decimal(course)
    draft.locate(
        degrees_of(place["lat"], place["ns"]),
        degrees_of(place["lon"], place["ew"]),
        valid=place["valid"] == "A",
    )


def _read_cells(command: str, data: str, draft: Draft) -> None:
    for cell in _CELL.finditer(data):
        draft.cell(*(integer(part) for part in cell.groups()))
    fields = data.strip(",").split(",")
    if command == "BZ00" and len(fields) > _CELL_PARTS:
        mcc, mnc = integer(fields[0]), integer(fields[1])
        pairs = zip(fields[2:-1:2], fields[3:-1:2], strict=False)
        for lac, cid in pairs:
            draft.cell(mcc, mnc, integer(lac, radix=16), integer(cid, radix=16))


def _read_stations(data: str, draft: Draft) -> None:
    fields = data.split(",")
    if len(fields) < _CELL_PARTS + 2:
        message = "shorter than its cell"
        raise UnreadableError(message)
    draft.device_at = moment_of_digits(fields[-2], fields[-1], day_first=True)
    draft.cell(*(integer(part) for part in fields[:4]))
    for station in _STATION.finditer(data):
        draft.access_point(station["mac"], integer(station["rssi"]))


def _answer(found: re.Match[str]) -> bytes:
    if found["comma"]:
        return b""
    device = found["device"]
    if found["command"] == "BP00":
        return f"({device}AP01HSO)".encode("latin-1")
    if found["command"] == "BP05":
        return f"({device}AP05)".encode("latin-1")
    return b""


_HEAD = re.compile(rb"\((?=\(?[0-9A-Z]{10,17},?[A-Z]{2}[0-9A-Z]{2})")
_HEAD_BYTES_MAX = 24
_FREE_TEXT = re.compile(rb"\([^()$]{0,64},\$")
_FREE_END = re.compile(rb"\$\)")
_END = re.compile(rb"\)")
_MESSAGE = re.compile(
    r"\(+(?P<device>\d{10,17}|[0-9A-Z]{12})(?P<comma>,?)"
    r"(?P<command>[A-Z]{2}[0-9A-Z]{2}),?(?P<data>.*?)\)?$",
    re.DOTALL,
)
# A date behind the command is no kind: some leave that out.
_KIND = re.compile(r",?(?:ALARM,)?(?P<kind>\d)(?!\d{5}[,AV])")
_PLACE = re.compile(
    r"(?P<date>\d{6}),?(?P<valid>[AV]),?"
    r" *(?P<lat>\d*\.\d+)(?P<ns>[NS]),? *(?P<lon>\d*\.\d+)(?P<ew>[EW]),?"
    r"(?P<speed>[ \d.]{1,5})(?:\d*,)?(?P<time>\d{6}),?"
    r"(?:(?P<course>[ \d.]{6}),?(?P<power>[01])(?P<ignition>[01])"
    r"(?P<inputs>[0-9A-F]{3})(?:(?P<fuel>[0-9A-F]{3}),?L(?P<metres>[0-9A-F]{1,8}))?"
    r"|(?P<plain>\d+\.\d+))?"
)
_CELL = re.compile(r"\{(\d{1,4}),(\d{1,4}),(\d{1,9}),(\d{1,9})\}")
_STATION = re.compile(
    r"(?P<mac>(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})\*(?P<rssi>-?\d+)\*"
)
_CELL_PARTS = 4
_BATTERY_FIELDS = 3
_VIN = re.compile(r"[0-9A-Z]{17}")
_BATTERY_COMMANDS = frozenset({BLOCK, BLOCKS})
_CELL_COMMANDS = frozenset({"BZ00"})
_PLACE_COMMANDS = frozenset({"BR00", "BO01", "BP04", "BR01", "BR02"})
_LEVELS = {"6": 100, "5": 80, "4": 50, "3": 20, "2": 10}
_VOLTS, _NO_VOLTS = ("battery_v", "external_v"), "65535"
_INPUTS = {1: (Signal.SOS,)}
_BO01 = {
    "0": (Signal.POWER_CUT,),
    "1": (Signal.ACCIDENT,),
    "2": (Signal.SOS,),
    "3": (Signal.VIBRATION,),
    "4": (),  # slow
    "5": (Signal.OVERSPEED,),
    "6": (Signal.GEOFENCE,),
}
_BQ81 = {
    "0": (Signal.LOW_BATTERY,),
    "1": (Signal.OVERSPEED,),
    "2": (),  # idle
    "3": (Signal.HARSH_DRIVING,),
    "4": (Signal.HARSH_DRIVING,),
    "5": (Signal.VEHICLE,),
}
_EVENTS = {
    0x11: (Signal.MOVEMENT,),
    0x12: (Signal.LOW_BATTERY,),
    0x13: (Signal.POWER_CUT,),
    0x15: (),  # ignition on
    0x16: (),  # ignition off
    0x17: (Signal.REMOVED,),
    0x25: (Signal.SOS,),
    0x26: (Signal.TAMPERED,),
    0x27: (Signal.LOW_BATTERY,),
    0x29: (),  # ignition on
}
_COMMANDS: dict[str, tuple[Signal, ...]] = {
    f"ZC{event:02X}": signals for event, signals in _EVENTS.items()
}
_COMMANDS |= {
    "DW3E": (Signal.SOS,),
    "DW5E": (Signal.SOS,),
    "DW3F": (Signal.TAMPERED,),
    "DW5F": (Signal.TAMPERED,),
    "DW40": (Signal.LOW_BATTERY,),
    "DW60": (Signal.LOW_BATTERY,),
}
for _low, _signals in {
    1: (Signal.MOVEMENT,),
    2: (Signal.LOW_BATTERY,),
    3: (Signal.POWER_CUT,),
    7: (Signal.REMOVED,),
}.items():
    _COMMANDS[f"DW3{_low}"] = _COMMANDS[f"DW5{_low}"] = _signals
# What devices answer and report begins so, `BO` and `BQ` with an alarm.
_ANSWER = re.compile(r"B[PRSTUVXZ][0-9A-Z]{2}")
# Places, cells, states and replies to commands.
_COMMANDS |= dict.fromkeys(
    (
        *("BP00", "BP01", "BP02", "BP03", "BP04", "BP05", "BP12", "BR00", "BR01"),
        *("BR02", "BS50", "BS51", "BQ86", "BV00", "BZ00", "ZC01", "ZC02", "ZC03"),
        *("ZC07", "ZC20", "DW30", "DW35", "DW36", "DW3B", "DW42", "DW50", "DW55"),
        *("DW56", "DW5B", "DW62", "BT00", "BS20", "BS21", "BU00", "BX00", "BX01"),
    ),
    (),
)
# The command behind it is what ends an id.
_TORN = Torn(
    begins=re.compile(rb"\([0-9A-Z]{10,17},?[A-Z]|\A\s*\(+[0-9A-Z]{0,17},?\Z"),
    named=named_by(
        re.compile(rb"\((\d{10,17}|[0-9A-Z]{12}),?[A-Z]{2}[0-9A-Z]{2}"),
    ),
)

"""`gps103` over TCP and UDP: Coban and its clones, the oldest panic trackers.

`imei:N,word,...;` reports, `##,imei:N,A;` logs in, a bare IMEI is a heartbeat. The
word names the alarm. The answer to `help me` is an order that ends the alarm on the
device, whose owner then knows that help has heard: it goes out only once the SOS is
durable. The header has the device's local time, the place has UTC; the date is made
of both.
"""

import re
from datetime import timedelta

from adapters.devices.coban_words import is_alarm, read_word
from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KMH_MPS, KNOT_MPS, Draft
from adapters.devices.framing import cut_line
from adapters.devices.orders import Gps103Orders
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


class Gps103(Gps103Orders):
    """The wire protocol over TCP, found by entry point."""

    name = "gps103"
    transport = Transport.TCP
    port = 5001

    def session(self) -> WireSession:
        """Start with an empty buffer; each report names its device."""
        return StreamSession(Gps103Decoder(), torn=_TORN)


class Gps103Udp(Gps103Orders):
    """The wire protocol over UDP, found by entry point."""

    name = Gps103.name
    transport = Transport.UDP
    port = Gps103.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(Gps103Decoder(), torn=_TORN)


class Gps103Decoder:
    """What is known of one connection: which device last named itself."""

    name = Gps103.name
    frame_bytes_max = 2048

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message; a second `imei:` in it shows that it is torn."""
        start = len(buffer) - len(buffer.lstrip(b" \r\n\0;*"))
        if start > _BLANK_MAX:
            # Not one by one: a datagram of nothing else would keep all others waiting.
            return Cut(0, start)
        found = cut_line(buffer, closing=_ENDS)
        until = found.skip + found.take if found and found.take else len(buffer)
        again = _AGAIN.search(buffer, min(start + 1, until), until)
        if again is not None and _JOINED.fullmatch(buffer[start : again.start()]):
            again = _AGAIN.search(buffer, again.end(), until)
        if again is not None:
            end = again.start()
            return (
                Cut(start, end - start) if _alarms(buffer, start, end) else Cut(end, 0)
            )
        if found is None and final and _BEGINS.match(buffer[start:]):
            return Cut(start, len(buffer) - start)
        return found

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message."""
        text = text_of(frame).strip(";*\r\n\0 ")
        draft = Draft(protocol=self.name, frame=frame, received_at=received_at)
        if not text:
            return Decoded()
        named = _NAMED.search(text)
        if named is None and not _BARE.fullmatch(text):
            message = "no device"
            raise UnreadableError(message)
        self.device = DeviceId(named["imei"] if named else text)
        draft.device = self.device
        beat = b"ON" if text[:1].isdigit() else b""
        if named is None:
            draft.kind = ReportKind.HEARTBEAT
            return Decoded(reports=(draft.finish(),), answer=beat)
        if _LOG_IN.search(text):
            draft.kind = ReportKind.LOGIN
            return Decoded(reports=(draft.finish(),), answer=b"LOAD")
        _read_report(text[named.start() :].split(","), draft)
        if Signal.SOS in draft.signals:
            return Decoded(
                reports=(draft.finish(),),
                answer=f"**,imei:{self.device},E;".encode("latin-1"),
            )
        return Decoded(reports=(draft.finish(),), answer=beat)


def _alarms(buffer: bytes, start: int, end: int) -> bool:
    """Say whether what has no end of its own names an alarm."""
    piece = text_of(buffer[start:end])
    return piece.startswith("imei:") and any(map(is_alarm, piece.split(",")[1:3]))


def _read_report(fields: list[str], draft: Draft) -> None:
    """Read a report, its word first; that of an alarm counts alone."""
    if len(fields) < _FIELDS_MIN and is_alarm(fields[1]):
        read_word(fields[1], draft)
        draft.attributes["incomplete"] = "true"
        return
    if len(fields) < _FIELDS_MIN:
        message = "shorter than its word"
        raise UnreadableError(message)
    alternative = len(fields) > _ALTERNATIVE and _ALTERNATE.match(",".join(fields[5:9]))
    word = fields[2].strip("-") if alternative else fields[1]
    read_word(word, draft)
    if word:
        draft.attributes["event"] = word[:_CHARS_MAX]
    if word == "rfid" and fields[3:4]:
        draft.attributes["driver"] = fields[3][:_CHARS_MAX]
    try:
        if alternative:
            _read_alternative(fields, draft)
        elif len(fields) > _FORM and fields[_FORM] == "L":
            _read_cell(fields, draft)
        elif len(fields) > _LON and fields[_FORM] == "F":
            _read_place(fields, draft)
        else:
            draft.device_at = _local(fields[2], "")
            draft.kind = ReportKind.HEARTBEAT
            if word == "OBD":
                _read_engine(fields, draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _read_place(fields: list[str], draft: Draft) -> None:
    draft.device_at = _local(fields[2], fields[5])
    draft.locate(
        _degrees(fields[7:9], "NS"),
        _degrees(fields[_LON : _LON + 2], "EW"),
        valid=fields[6] == "A",
    )
    padded = fields + [""] * _PADDING
    speed, course, altitude = (padded[at].rstrip(";") for at in (11, 12, 13))
    if speed:
        draft.speed_mps = decimal(speed) * KNOT_MPS
    if course:
        draft.course_deg = decimal(course)
    if altitude:
        draft.altitude_m = decimal(altitude)
    if padded[14] in {"0", "1"}:
        draft.flag("ignition", padded[14] == "1")
    if len(fields) > _DOOR:
        _read_vehicle(padded[_DOOR:], draft)


def _degrees(pair: list[str], hemispheres: str) -> float:
    """Return degrees, before which some write the hemisphere and others behind."""
    digits, hemisphere = [*pair, ""][:2]
    if digits and digits in hemispheres:
        digits, hemisphere = hemisphere, digits
    return degrees_of(digits, hemisphere)


def _read_vehicle(fields: list[str], draft: Draft) -> None:
    """Read a door, two tanks in percent and a sensor of temperature."""
    door, *tanks, celsius = fields[:4]
    if door in {"0", "1"}:
        draft.flag("door", door == "1")
    for name, text in zip(("fuel1", "fuel2"), tanks, strict=False):
        if text.endswith("%"):
            draft.number(name, text[:-1])
    if celsius:
        draft.number("temperature_c", celsius.lstrip("+"))


def _read_engine(fields: list[str], draft: Draft) -> None:
    """Read an engine's own report; a blank is a value that it does not know."""
    for name, text in zip(_ENGINE, fields[3:], strict=False):
        if text and name == "engine_s":
            draft.scaled(name, text, units=1 / 3600)
        elif text:
            draft.number(name, text.rstrip("%").lstrip("+"))
    faults = " ".join(fields[3 + len(_ENGINE) :]).strip()
    if faults:
        draft.attributes["fault_codes"] = faults[:_FAULTS_CHARS_MAX]


def _read_cell(fields: list[str], draft: Draft) -> None:
    draft.device_at = _local(fields[2], "")
    if len(fields) > _CELL_ID and fields[7] and fields[_CELL_ID]:
        lac = integer(fields[7], radix=16)
        draft.cell(0, 0, lac, integer(fields[_CELL_ID], radix=16))


def _read_alternative(fields: list[str], draft: Draft) -> None:
    draft.device_at = moment_of_digits(fields[6], fields[5], day_first=True)
    draft.locate(
        decimal(fields[_LON]), decimal(fields[10]), valid=fields[8] not in {"", "0"}
    )
    draft.speed_mps = decimal(fields[11]) * KMH_MPS
    draft.course_deg = decimal(fields[12])
    draft.altitude_m = decimal(fields[13])
    draft.number("gsm", fields[7])
    for name, text in zip(("hdop", "satellites"), fields[14:16], strict=False):
        draft.number(name, text)
    for name, text in zip(("ignition", "charging"), fields[16:18], strict=False):
        draft.flag(name, text == "1")
    draft.number("sensor_v", fields[4])
    for name, text in zip(("sensor", "error"), (fields[3], *fields[18:]), strict=False):
        if text.strip("-"):
            draft.attributes[name] = text[:_CHARS_MAX]


def _local(header: str, utc: str) -> Instant | None:
    """Return the moment of the header's local time, its zone told by UTC."""
    digits = "".join(mark for mark in header if mark.isdigit())
    local = moment_of_digits(digits[:6], digits[6:].ljust(6, "0"))
    if local is None or not utc[:6].isdigit():
        return local
    in_utc = moment_of_digits(digits[:6], utc)
    if in_utc is None:
        return local
    day = timedelta(days=1)
    ahead = local.since(in_utc)
    if ahead <= -day / 2:
        in_utc = in_utc.plus(-day)
    elif ahead > day / 2:
        in_utc = in_utc.plus(day)
    return in_utc


_BLANK_MAX = 16
_ENDS = (b";", b"*", b"\r\n", b"\n")
_AGAIN = re.compile(rb"(?:##,)?imei:")
_JOINED = re.compile(rb"\d{10,15}|#{0,2},?")
_BEGINS = re.compile(rb"(?:##,)?imei:|\d{15}")
_NAMED = re.compile(r"imei:(?P<imei>\d{10,17}),")
_BARE = re.compile(r"\d{10,17}")
_LOG_IN = re.compile(r"^##,imei:\d+,A|^imei:\d+,L,?$")
_ALTERNATE = re.compile(r"\d{6},\d{6},\d+,\d")
_FIELDS_MIN = 3
_FORM = 4
_LON = 9
_CELL_ID = 9
_ALTERNATIVE = 13
_PADDING = 10
_DOOR = 15
_CHARS_MAX, _FAULTS_CHARS_MAX = 32, 128
_ENGINE = (
    *("obd_odometer", "fuel_use_now", "fuel_use", "engine_s", "obd_kmh"),
    *("engine_load_percent", "coolant_c", "throttle_percent", "engine_rpm"),
    "external_v",
)
_TORN = Torn(
    begins=re.compile(
        rb"imei:|\A\s*(?:#{1,2},?|(?:##,|\d{10,17})?i(?:m(?:ei?)?)?|\d{1,17})\Z",
    ),
    named=named_by(re.compile(rb"imei:(\d{10,17}),")),
)

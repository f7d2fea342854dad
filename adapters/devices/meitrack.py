"""`meitrack` over TCP and UDP: MT90 and relatives; text `AAA`, binary `CCC` and `CCE`.

`$$<flag><length>,imei,AAA,event,...*CS` with a sum of all bytes as checksum; the
length counts from the comma on. The event number is the alarm. `CCE` packs the same
into numbered parameters, `CCC` into fixed records. `AAA` needs no answer.
"""

import re

from adapters.devices import meitrack_binary as binary
from adapters.devices.checksums import sum8
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.framing import cut_by_length
from adapters.devices.meitrack_binary import temperature_name
from adapters.devices.meitrack_events import EVENTS
from adapters.devices.orders import MeitrackOrders
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
from engine.values import DeviceId, Instant


class Meitrack(MeitrackOrders):
    """The wire protocol over TCP, found by entry point."""

    name = "meitrack"
    transport = Transport.TCP
    port = 5020

    def session(self) -> WireSession:
        """Start with an empty buffer; each message names its device."""
        return StreamSession(MeitrackDecoder(), torn=_TORN)


class MeitrackUdp(MeitrackOrders):
    """The wire protocol over UDP, found by entry point."""

    name = Meitrack.name
    transport = Transport.UDP
    port = Meitrack.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(MeitrackDecoder(), torn=_TORN)


class MeitrackDecoder:
    """What is known of one connection: which device last named itself."""

    name = Meitrack.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message by its length; the last may lack its line end."""
        cut = cut_by_length(
            buffer, marks=(b"$$",), end_of=_end_of, holds=_holds, final=final
        )
        if cut is None and final and _SUM_AT_END.search(buffer):
            is_alone = buffer.find(b"$$", 2) < 0
            return Cut(0, len(buffer)) if is_alone or _holds(buffer) else None
        return cut

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message into as many reports as it has records."""
        parts = frame.split(b",", 3)
        if len(parts) < _PARTS_MIN or not parts[1].isdigit():
            message = "no device"
            raise UnreadableError(message)
        self.device = DeviceId(text_of(parts[1][:_ID_CHARS_MAX]))
        kind = text_of(parts[2].split(b"*")[0])
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            checksum_ok=_holds(frame),
        )
        data = parts[3] if len(parts) > _PARTS_MIN else b""
        drafts, answer = [draft], b""
        if kind in {"AAA", "AFF"}:
            fields = text_of(data.rsplit(b"*", 1)[0]).split(",")
            _read_text(fields[1:] if kind == "AFF" else fields, draft)
        elif kind == "CCE":
            drafts = binary.read_parameters(data, draft)
        elif kind == "CCC":
            drafts = binary.read_fixed(data, draft)
            answer = _answer(parts, f"CCC,{len(drafts)}")
        elif kind == "AAC":
            draft.kind = ReportKind.HEARTBEAT
            answer = _answer(parts, text_of(b",".join(parts[2:]).split(b"*")[0]))
        elif kind[:1] in _COMMANDS and kind[:2] not in _REPORTS:
            draft.kind = ReportKind.HEARTBEAT
        else:
            draft.kind = ReportKind.UNDECODABLE
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)


def _read_text(fields: list[str], draft: Draft) -> None:
    """Read a report, its event first."""
    if len(fields) <= 1:
        message = "shorter than its event"
        raise UnreadableError(message)
    event = integer(fields[0])
    draft.look_up("event", event, EVENTS)
    draft.attributes["event"] = str(event)
    if len(fields) < _FIELDS_MIN:
        draft.torn()
        return
    try:
        _read_rest(fields, draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _read_rest(fields: list[str], draft: Draft) -> None:
    draft.device_at = moment_of_digits(fields[3][:6], fields[3][6:])
    if fields[1] or fields[2]:  # indoors some leave all of it blank
        draft.locate(decimal(fields[1]), decimal(fields[2]), valid=fields[4] == "A")
        draft.speed_mps = decimal(fields[7]) * KMH_MPS
        draft.course_deg = decimal(fields[8])
    draft.number("satellites", fields[5])
    draft.number("gsm", fields[6])
    cell_at = next((i for i, field in enumerate(fields) if field.count("|") == 3), 0)  # noqa: PLR2004 - mcc, mnc, lac, cid
    # Some models leave the dilution out, so the altitude is found from the cell.
    if cell_at >= _CELL_MIN:
        if fields[cell_at - 3]:
            draft.altitude_m = decimal(fields[cell_at - 3])
        draft.number("odometer_m", fields[cell_at - 2])
        if cell_at > _CELL_MIN + 1:
            draft.number("hdop", fields[cell_at - 4])
        draft.number("runtime_s", fields[cell_at - 1])
        _read_wires(fields[cell_at + 1 : cell_at + 3], draft)
        _read_event_data(fields[0], fields[cell_at + 3 :], draft)
        mcc, mnc, lac, cid = fields[cell_at].split("|")
        if lac and cid:
            parts = integer(lac, radix=16), integer(cid, radix=16)
            draft.cell(integer(mcc), integer(mnc), *parts)


def _read_wires(fields: list[str], draft: Draft) -> None:
    """Read inputs, outputs and volts; without points these differ by model."""
    inputs, volts = [*fields, "", ""][:2]
    if _INPUTS.fullmatch(inputs):
        for name, word in zip(("input", "output"), bytes.fromhex(inputs), strict=True):
            draft.attributes[name] = str(word)
    parts = volts.split("|")
    if "." in volts:
        for name, text in zip(("battery_v", "external_v"), parts, strict=False):
            draft.number(name, text)
        return
    for name, text in zip(_WIRES, parts, strict=False):
        if _HEX.fullmatch(text):
            draft.attributes[name] = str(int(text, 16))


def _read_event_data(event: str, fields: list[str], draft: Draft) -> None:
    """Read what the event is about, a tank and up to some ten thermometers."""
    if not any(fields):
        return
    said, _, form, tank, sensors = [*fields, "", "", "", "", ""][:5]
    if said:
        name = "driver" if event == _KEY_HELD else "event_data"
        draft.attributes[name] = said[:_DATA_CHARS_MAX]
    if _INPUTS.fullmatch(tank):
        whole, hundredths = bytes.fromhex(tank)
        draft.attributes["fuel"] = repr(round(whole + hundredths / 100, 2))
    for sensor in _SENSOR.findall(sensors[:_SENSORS_CHARS_MAX]):
        place, high, low = (int(part, 16) for part in sensor)
        signed = high - 256 if high & 0x80 else high
        if form.isdecimal() and int(form[:4]) >= _HUNDREDTHS_FORM:
            celsius = ((signed << 8) + low) / 100
        else:
            celsius = signed + (-low if signed < 0 else low) / 100
        draft.attributes[temperature_name(place)] = repr(round(celsius, 2))


def _answer(parts: list[bytes], content: str) -> bytes:
    """Return `@@` with the message's own flag, a length and a sum."""
    flag, imei = text_of(parts[0][2:3]), text_of(parts[1])
    body = f",{imei},{content}*"
    head = f"@@{flag}{len(body) + 4}"
    text = (head + body).encode("latin-1")
    return text + f"{sum8(text):02X}\r\n".encode()


def _end_of(buffer: bytes, start: int) -> int | None:
    comma = buffer.find(b",", start + 3, start + _HEAD_BYTES_MAX)
    if comma < 0:
        return None if len(buffer) - start < _HEAD_BYTES_MAX else 0
    digits = buffer[start + 3 : comma]
    if not digits.isdigit():
        return 0
    text = _TEXT.match(buffer, comma)
    end = text.end() if text else comma + int(digits)
    return end if _FRAME_BYTES_MIN < end - start <= _FRAME_BYTES_MAX else 0


def _holds(frame: bytes) -> bool:
    body, star, check = frame.rstrip(b"\r\n").rpartition(b"*")
    return check.upper() == f"{sum8(body + star):02X}".encode()


# Text ends where its sum and line end stand, whatever its length says.
_TEXT = re.compile(rb",\d{10,17},A[AF][ACF],[^$]{0,1024}?\*[0-9A-Fa-f]{2}\r\n")
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_INPUTS = re.compile(r"[0-9A-Fa-f]{4}")
_SENSOR = re.compile(r"([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})([0-9A-Fa-f]{2})(?:\||$)")
_WIRES = ("adc1", "adc2", "adc3", "battery_raw", "external_raw")
_KEY_HELD = "37"
_HUNDREDTHS_FORM = 3
_DATA_CHARS_MAX, _SENSORS_CHARS_MAX = 64, 112
_PARTS_MIN = 3
_ID_CHARS_MAX = 20
_FIELDS_MIN = 10
_SUM_AT_END = re.compile(rb"\*[0-9A-Fa-f]{2}\Z")
_CELL_MIN = 11
_HEAD_BYTES_MAX = 9
_FRAME_BYTES_MIN, _FRAME_BYTES_MAX = 16, MeitrackDecoder.frame_bytes_max
# Replies to commands, photographs and settings, by their first letter.
_COMMANDS = frozenset("ABCDEFG")
# Reports begin so, also those of a form that is not described: CCB has events, too.
_REPORTS = frozenset({"AA", "CC"})
_TORN = Torn(
    begins=re.compile(rb"\$\$[!-~]\d|\A\s*\$(?:\$[!-~]?)?\Z"),
    named=named_by(re.compile(rb"\$\$[!-~]\d{1,5},(\d{1,20}),")),
)

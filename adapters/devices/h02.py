"""`h02` over TCP and UDP: very cheap pendants and clips, text and binary.

Text is `*HQ,id,TYPE,...#`, binary `$` with packed decimals. The status word is active
low: a zero is the alarm, and every bit counts for itself (a vibration once hid the
SOS). Bit 18 is tilt for some models, SOS for one: it is kept as a code for the
device's profile and signals nothing by itself (Traccar #2920).

`ALRM` is the alarm of some models ("device alarm" of the protocol document that
traccar.org has for port 5013): where no status word says which, it is `UNKNOWN`.
"""

import re
from datetime import timedelta

from adapters.devices.coordinates import degrees_of
from adapters.devices.draft import KNOT_MPS, Draft
from adapters.devices.h02_cut import BINARY, SHORT, WITH_IMEI, cut_binary, has_imei
from adapters.devices.orders import H02Orders
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    bcd,
    decimal,
    device_id,
    integer,
    moment_of_digits,
    text_of,
)
from adapters.devices.session import Cut, DatagramSession, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class H02(H02Orders):
    """The wire protocol over TCP, found by entry point."""

    name = "h02"
    transport = Transport.TCP
    port = 5013

    def session(self) -> WireSession:
        """Start with an empty buffer; each message names its device."""
        return StreamSession(H02Decoder(), torn=_TORN)


class H02Udp(H02Orders):
    """The wire protocol over UDP, found by entry point."""

    name = H02.name
    transport = Transport.UDP
    port = H02.port

    def session(self) -> WireSession:
        """Start with nothing."""
        return DatagramSession(H02Decoder(), torn=_TORN)


class H02Decoder:
    """What is known of one connection: the device, and how long its frames are."""

    name = H02.name
    frame_bytes_max = 1024

    def __init__(self) -> None:
        """Start before any message."""
        self.device: DeviceId | None = None
        self._binary_bytes = SHORT

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first message; binary ends where the next one starts."""
        head = _HEAD.search(buffer)
        if head is None:
            star = max(buffer.rfind(b"*"), buffer.rfind(b"$"))
            waits = not final and star >= 0 and len(buffer) - star < _HEAD_BYTES_MAX
            return Cut(star if waits else len(buffer), 0)
        start = head.start()
        if head.group() in {b"$", b"X"}:
            usual = self._binary_bytes
            cut = cut_binary(buffer, start, text=_TEXT_HEAD, usual=usual, final=final)
            if cut is not None and cut.take in BINARY:
                self._binary_bytes = cut.take
            return cut
        again = _TEXT_HEAD.search(buffer, start + 1)
        until = again.start() if again else len(buffer)
        end = _TEXT_END.search(buffer, start, until)
        if end is not None:
            return Cut(start, end.end() - start)
        return Cut(until, 0) if again else (Cut(start, 0) if start else None)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one message."""
        draft = Draft(protocol=self.name, frame=frame, received_at=received_at)
        if frame[:1] == b"$":
            self._read_binary(Reader(frame), draft)
            return Decoded(reports=(draft.finish(),))
        if frame[:1] == b"X" and _named(frame):
            message = "the beginning of another message in it"
            raise UnreadableError(message)
        body = text_of(frame).rstrip("#\r\n")
        maker, name, kind, *_ = [*body.split(","), "", ""]
        if name:
            self.device = device_id(name)
            draft.device = self.device
        answer = _answer(maker, name, kind, received_at)
        _read_text(kind, body, draft)
        return Decoded(reports=(draft.finish(),), answer=answer)

    def _read_binary(self, reader: Reader, draft: Draft) -> None:
        imei = reader.left == WITH_IMEI and has_imei(draft.frame)
        if reader.left not in BINARY:
            draft.attributes["incomplete"] = "true"
        reader.take(1)
        name = bcd(reader.take(8))[:15] if imei else bcd(reader.take(5))
        draft.device = self.device = DeviceId(name)
        body = reader.take(19)
        status = reader.unsigned(4)
        _read_status(status, draft, held=True)
        time, date = bcd(body[:3]), bcd(body[3:6])
        draft.device_at = moment_of_digits(date, time, day_first=True)
        lat = bcd(body[6:10])
        level = body[10]
        lon = body[11:16].hex()
        flags = integer(lon[9], radix=16)
        motion = bcd(body[16:19])
        if level in _LEVELS:
            draft.battery_percent(_LEVELS[level])
        draft.speed_mps = integer(motion[:3]) * KNOT_MPS
        draft.course_deg = float(integer(motion[3:]))
        draft.locate(
            degrees_of(f"{lat[:4]}.{lat[4:]}", "N" if flags & 4 else "S"),
            degrees_of(f"{lon[:5]}.{lon[5:9]}", "E" if flags & 8 else "W"),
            valid=bool(flags & 2),
        )


def _named(raw: bytes) -> DeviceId | None:
    """Return whom torn bytes name: in text up to a comma, in binary in five bytes."""
    # Another mark within the five bytes shows that they may have been cut.
    packed = (piece[:5].hex() for piece in raw.split(b"$", _PIECES_MAX)[1:])
    whole = (id_ for id_ in packed if len(id_) == _ID_DIGITS and id_.isdecimal())
    return _NAMED(raw) or next(map(DeviceId, whole), None)


def _read_text(kind: str, body: str, draft: Draft) -> None:
    """Read a message by what it holds: any kind may have the fields of a `V1`."""
    fields = body.split(",")
    place = _PLACE.search(body)
    status = _find_status(kind, body, place)
    if kind in _BEATS:
        draft.battery_text("".join(fields[_BATTERY : _BATTERY + 1]))
    elif kind == "SMS":
        draft.said(",".join(fields[3:]))
    elif kind == "V4" and place is not None:
        draft.said(body[len(",".join(fields[:3])) + 1 : place.start()])
    if kind in _QUIET and place is None:
        draft.kind = ReportKind.HEARTBEAT
        if status is None:
            return
    _read_word(kind, body, status, draft, has_place=place is not None)
    try:
        _read_rest(kind, body, place, draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _read_word(
    kind: str,
    body: str,
    status: re.Match[str] | None,
    draft: Draft,
    *,
    has_place: bool,
) -> None:
    """Read the status word; most kinds have one."""
    if status is not None:
        # Some models send this kind because of an alarm: its bits are an event.
        word, held = integer(status["status"], radix=16), kind != "ALRM"
        _read_status(word, draft, held=held)
        if has_place and status.end() < len(body):
            _read_extra(body[status.end() + 1 :], draft)
    elif kind not in _MAY_LACK_STATUS:
        message = "no status word"
        raise UnreadableError(message)
    if kind == "ALRM" and not draft.signals:
        draft.signal(kind, Signal.UNKNOWN)


def _find_status(
    kind: str, body: str, place: re.Match[str] | None
) -> re.Match[str] | None:
    """Find the status word: where no place leads to it, by the date before it.

    The number of an LTE cell has eight digits as well, and stands before both.
    """
    if place is not None:
        return _STATUS.search(body, place.end())
    dated = _find_dated(kind, body)
    if dated is not None or kind in _CELL_KINDS | _QUIET:
        return dated
    return _STATUS.search(body, body.index(",") + 1)


def _find_dated(kind: str, body: str) -> re.Match[str] | None:
    """Find a date and the status word behind it.

    Behind cells it is the last one that has a letter, which no number of a cell has;
    how much some models have behind it is not known. Without a letter it is the end.
    What says no more than that the device lives may hold any number: there the date
    has to be one, or the word to have a letter.
    """
    if kind not in _CELL_KINDS | _QUIET:
        return _DATED.search(body)
    found = _DATED_WORD.match(body)
    if found is None and kind in {"NBR", "V3"}:
        return _DATED_END.search(body)
    dates = (one for one in _DATED.finditer(body) if _is_date(one["date"]))
    return found or next(dates, None)


def _is_date(digits: str) -> bool:
    return moment_of_digits(digits, "000000", day_first=True) is not None


def _read_rest(kind: str, body: str, place: re.Match[str] | None, draft: Draft) -> None:
    date, fields = _find_dated(kind, body), body.split(",")
    if place is None and date is not None and len(fields) > _BATTERY:
        digits = date["date"] or ""
        draft.device_at = moment_of_digits(digits, fields[3], day_first=True)
    if place is None and kind in {"NBR", "V3", "LINK"}:
        if kind == "LINK":
            draft.kind = ReportKind.HEARTBEAT
            draft.battery_percent(decimal("".join(fields[6:7])))
            for name, text in zip(_LINK, fields[4:9], strict=False):
                draft.number(name, text)
        else:
            if kind == "V3" and fields[-3] == "X" and _HEX.fullmatch(fields[-5]):
                draft.attributes["battery_raw"] = str(integer(fields[-5], radix=16))
            _read_cells(kind, fields[4:], draft)
        return
    if place is None:
        if kind == "VP1" and fields[3:4] == ["V"]:
            _read_short_cells(fields[4:], draft)
        return
    if place["date"]:
        _read_date(place["date"], place["time"], draft)
    draft.speed_mps = decimal(place["speed"] or "0") * KNOT_MPS
    if place["course"]:
        draft.course_deg = decimal(place["course"])
    draft.locate(
        _degrees(place["lat"], place["ns"]),
        _degrees(place["lon"], place["ew"]),
        valid=place["valid"] == "A" or place["valid"].isdecimal(),
    )


def _read_date(date: str, time: str | None, draft: Draft) -> None:
    """Read when it was: a date alone is midnight, and today's is no time at all.

    As a time it would be hours old, and no place newer than another of that day.
    """
    at = moment_of_digits(date, time or "000000", day_first=True)
    is_today = at is not None and timedelta() <= draft.received_at.since(at) < _DAY
    draft.device_at = None if is_today and not time else at


def _read_extra(text: str, draft: Draft) -> None:
    """Keep what stands behind the status word; most of it differs by model."""
    vehicle = _VEHICLE.fullmatch(text)
    if vehicle is None:
        for place, field in enumerate(text.split(",")[:_EXTRA_MAX], 1):
            if field:
                draft.attributes[f"io{place}"] = field.strip()[:_EXTRA_CHARS_MAX]
        return
    draft.number("odometer_m", vehicle["metres"])
    draft.number("temperature_c", vehicle["celsius"])
    draft.number("fuel", vehicle["fuel"])
    draft.altitude_m = decimal(vehicle["altitude"])
    lac, cid = integer(vehicle["lac"], radix=16), integer(vehicle["cid"], radix=16)
    draft.cell(0, 0, lac, cid)


def _degrees(text: str, hemisphere: str) -> float:
    signed = _SIGNED.fullmatch(text)
    if signed is not None:
        degrees = decimal(signed["degrees"]) + decimal(signed["minutes"]) / 60
        return -degrees if hemisphere in {"S", "W"} else degrees
    if "." not in text:
        text = f"{text[:-4]}.{text[-4:]}"
    return degrees_of(text, hemisphere)


def _read_cells(kind: str, fields: list[str], draft: Draft) -> None:
    if len(fields) < _CELL_FIELDS_MIN:
        message = "no cells"
        raise UnreadableError(message)
    if kind == "NBR":
        mcc, mnc, count, width = integer(fields[0]), integer(fields[1]), fields[3], 3
        cells = fields[4:]
    else:
        mcc, mnc = integer(fields[0][:3]), integer(fields[0][3:])
        count, width, cells = fields[1], 4, fields[2:]
    for index in range(min(integer(count), _CELLS_MAX)):
        parts = [integer(part) for part in cells[index * width : index * width + 3]]
        if len(parts) < _CELL_PARTS:
            message = "fewer cells than counted"
            raise UnreadableError(message)
        draft.cell(mcc, mnc, parts[0], parts[1], -abs(parts[2]))


def _read_short_cells(fields: list[str], draft: Draft) -> None:
    """Read cells that a `Y` parts, all of one network."""
    mcc, mnc, *_ = [*map(integer, fields[:2]), 0, 0]
    for cell in ",".join(fields[2:]).split("Y")[:_CELLS_MAX]:
        lac, cid, strength, *_ = [*map(integer, cell.split(",")[:3]), 0, 0, 0]
        draft.cell(mcc, mnc, lac, cid, -abs(strength))


def _read_status(status: int, draft: Draft, *, held: bool) -> None:
    draft.attributes["status"] = f"{status:08x}"
    draft.flag("ignition", status & _IGNITION)
    draft.bits("status", ~status & 0xFFFFFFFF, _SIGNALS, held=held)
    if not status & _TILT:
        draft.codes.append("status:bit18")


def _answer(maker: str, name: str, kind: str, received_at: Instant) -> bytes:
    """Return the answer: a beat is sent back as it came, with its maker's letters."""
    if not name:
        return b""
    if kind in {"HTBT", "V0"}:
        return f"{maker},{name},{kind}#".encode("latin-1")
    if kind in {"V1", "NBR"}:
        now = f"{received_at.to_datetime():%Y%m%d%H%M%S}"
        return f"*HQ,{name},V4,{kind},{now}#".encode("latin-1")
    return b""


_HEAD = re.compile(rb"\*[A-Za-z]{2},|\$|X(?=[\x00-\x99])")
_TEXT_HEAD = re.compile(rb"\*[A-Za-z]{2},")
_TEXT_END = re.compile(rb"#|\r\n")
_HEAD_BYTES_MAX = 4
_ID_DIGITS = 10
_PIECES_MAX = 16
_CELLS_MAX = 32
_CELL_PARTS = 3
_CELL_FIELDS_MIN = 4
_HEX = re.compile(r"[0-9A-Fa-f]{4}")
_BATTERY = 3
_DAY = timedelta(days=1)
_TILT = 1 << 18
_IGNITION = 1 << 10
_LINK = ("gsm", "satellites", "battery_percent", "steps", "turnovers")
_EXTRA_MAX, _EXTRA_CHARS_MAX = 16, 64
# Metres, degrees, fuel, altitude and a cell, of a model of vehicle trackers.
_VEHICLE = re.compile(
    r"(?P<metres>\d{1,10}),(?P<celsius>-?\d{1,3}),(?P<fuel>\d{1,4}\.\d{1,3}),"
    r"(?P<altitude>-?\d{1,5}),(?P<lac>[0-9A-Fa-f]{1,8}),(?P<cid>[0-9A-Fa-f]{1,8})"
)
_SIGNALS = {
    0: (Signal.VIBRATION,),
    1: (Signal.SOS,),
    2: (Signal.OVERSPEED,),
    19: (Signal.POWER_CUT,),
}
_BEATS = frozenset({"HTBT", "V0"})
# Kinds in which a date, or nothing, and the status word stand behind cells.
_CELL_KINDS = frozenset({"NBR", "V3", "VP1", "BS", "BASE"})
# Kinds that say no more than that the device lives, where neither place nor word does.
_QUIET = _BEATS | {"", "XT", "BS", "BASE", "SMS", "ICCID", "V8", "TQ"}
_MAY_LACK_STATUS = _QUIET | {"ALRM", "VP1"}
_PLACE = re.compile(
    r",(?:(?P<time>\d{6})?,)?(?P<valid>[ABV]?|\d{1,2}),"
    r"(?P<lat>-?\d{1,4}-?\d*\.\d+|\d{7,8}),(?P<ns>[NS]),"
    r"(?P<lon>-?\d{1,5}-?\d*\.\d+|\d{8,9}),(?P<ew>[EW]),"
    r" *(?P<speed>\d+\.?\d*)?,(?P<course>-?\d+\.?\d*)?,"
    r"(?:\d{1,3},)?(?P<date>\d{6})?(?=,|$)"
)
_SIGNED = re.compile(r"-(?P<degrees>\d{1,3})-(?P<minutes>\d{1,2}\.\d+)")
_STATUS = re.compile(r",(?P<status>[0-9A-Fa-f]{8})(?=,|$)(?!,\d+\.\d)")
_DATED = re.compile(r",(?P<date>\d{6}),(?P<status>[0-9A-Fa-f]{8})(?=,|$)")
_DATED_WORD = re.compile(
    r".*,(?P<date>\d{6})?,(?P<status>(?=\d{0,7}[A-Fa-f])[0-9A-Fa-f]{8})(?=,|$)"
)
_DATED_END = re.compile(r",(?P<date>\d{6})?,(?P<status>[0-9A-Fa-f]{8})(?:,[^,]*)?$")
# The level byte: steps, a percentage, or steps again.
_LEVELS = (
    {1: 0, 2: 10, 3: 20, 4: 60, 5: 80, 6: 100}
    | {percent: percent for percent in range(7, 101)}
    | {0xF0 + step: step for step in range(1, 7)}
)
_NAMED = named_by(re.compile(rb"\*[A-Za-z]{2},([0-9A-Za-z]{1,20})[,#]"))
_TORN = Torn(
    begins=re.compile(rb"\*[A-Za-z]{2},|\A\s*(?:\*[A-Za-z]{0,2}\Z|\$)"),
    named=_named,
)

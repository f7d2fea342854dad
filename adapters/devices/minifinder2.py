"""`minifinder2` over TCP: Eview EV-04, EV-07B and relatives, sold as personal alarms.

A frame is `AB | flags | length u16 | CRC u16 | sequence u16 | body`, little-endian;
the CRC is XMODEM over the body. The body is a type and records of `length, key,
value`; a key that comes again begins the next report. One bad value must not drop
the alarm beside it (Traccar #5393, #5564), so each is read for itself.
"""

import re
from dataclasses import dataclass, field

from adapters.devices.checksums import crc16_xmodem
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.framing import cut_by_length
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    moment_of_epoch,
    text_of,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn, named_by
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Minifinder2:
    """The wire protocol, found by entry point."""

    name = "minifinder2"
    transport = Transport.TCP
    port = 5187

    def session(self) -> WireSession:
        """Start with an empty buffer; the device names itself in its data."""
        return StreamSession(Minifinder2Decoder(), torn=_TORN)


@dataclass(slots=True)
class _Record:
    """The fields of one report, in the order of the frame."""

    fields: list[tuple[int, bytes]] = field(default_factory=list)

    def has(self, key: int) -> bool:
        return any(known == key for known, _ in self.fields)


class Minifinder2Decoder:
    """What is known of one connection: which device last named itself."""

    name = Minifinder2.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any frame."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame by its length; one whose CRC holds wins over a torn."""
        return cut_by_length(
            buffer, marks=(_MARK,), end_of=_end_of, holds=_holds, final=final
        )

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame into as many reports as it has records."""
        head = Reader(frame, little_endian=True)
        head.take(1)
        flags = head.unsigned(1)
        head.take(4)
        sequence = head.unsigned(2)
        kind = head.unsigned(1)
        records, whole = _split(head.rest())
        holds = _holds(frame)
        self._name(records)
        drafts = []
        for part, record in enumerate(records):
            draft = Draft(
                protocol=self.name,
                frame=frame,
                part=part,
                received_at=received_at,
                device=self.device,
                sequence=sequence,
                checksum_ok=holds,
            )
            if not _read_record(kind, record, draft):
                whole = False
                draft.torn()
            drafts.append(draft)
        if not whole:
            drafts[-1].torn()
        asked = bool(flags & _ACKNOWLEDGE) and (whole or holds)
        answer = _answer(kind, sequence, records, received_at) if asked else b""
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)

    def _name(self, records: list[_Record]) -> None:
        for record in records:
            for key, value in record.fields:
                if key == _IMEI and value[:15].isdigit():
                    self.device = DeviceId(text_of(value[:15]))


def _split(body: bytes) -> tuple[list[_Record], bool]:
    """Split a body into records; say whether it ended where it should.

    More than a frame has room for are one that is torn.
    """
    reader = Reader(body)
    records = [_Record()]
    while reader.left:
        length = reader.unsigned(1)
        if not 0 < length <= reader.left:
            return records, False
        key, value = reader.unsigned(1), reader.take(length - 1)
        if records[-1].has(key) and key not in _MANY:
            if len(records) == _RECORDS_MAX:
                return [*records, _Record()], False
            records.append(_Record())
        records[-1].fields.append((key, value))
    return records, True


def _read_record(kind: int, record: _Record, draft: Draft) -> bool:
    """Read a record's fields, the alarm first; say whether all could be read.

    What asks for something may have fields as data has: cells whose place is asked for.
    """
    if kind != _DATA:
        draft.kind = ReportKind.HEARTBEAT if kind in _QUIET else ReportKind.UNDECODABLE
        if kind == _RESPONSE and record.fields:
            draft.said(str(record.fields[0][0]))
        if kind == _SERVICES:
            readable = _read_fields(record, draft)
            if not readable and record.has(_ALARM):
                return False
            if draft.fix or draft.doubtful_fix or draft.cells or draft.wifi:
                draft.kind = ReportKind.REPORT
        return True
    return _read_fields(record, draft)


def _read_fields(record: _Record, draft: Draft) -> bool:
    readable = True
    for key, value in sorted(record.fields, key=lambda entry: _ORDER.get(entry[0], 9)):
        try:
            _read_field(key, Reader(value, little_endian=True), draft)
        except UnreadableError:
            readable = False
    return readable


def _read_field(key: int, value: Reader, draft: Draft) -> None:
    if key == _ALARM:
        _read_alarm(value, draft)
    elif key == _STATUS:
        _read_status(value, draft)
    elif key == _BATTERY:
        draft.battery_percent(value.unsigned(1))
        if value.left >= 2:  # noqa: PLR2004 - a u16
            draft.attributes["battery_v"] = repr(value.unsigned(2) / 1000)
    elif key == _GPS:
        _read_gps(value, draft)
    elif key in _CELLS:
        _read_cells(key, value, draft)
    elif key in _STATIONS:
        while value.left:
            strength = value.signed(1)
            draft.access_point(value.take(6).hex(), strength)
            value.take(value.unsigned(1) if key == _NAMED_STATIONS else 0)
    elif key in _BEACONS:
        _read_beacon(key, value, draft)
    else:
        _read_measured(key, value, draft)


def _read_alarm(value: Reader, draft: Draft) -> None:
    """Read the alarm's bits, and when it was, which a status says again."""
    alarms = value.unsigned(4)
    draft.bits("alarm", alarms, _ALARMS, alarms=range(32))
    draft.attributes["event"] = str(alarms)
    if value.left >= _TIME_BYTES:
        draft.device_at = moment_of_epoch(value.unsigned(4))


def _read_measured(key: int, value: Reader, draft: Draft) -> None:
    name, size = _MEASURED.get(key, ("", 0))
    if name and value.left >= _TIME_BYTES + size:
        value.take(_TIME_BYTES)  # when it was measured
        draft.attributes[name] = str(value.unsigned(size))


def _read_beacon(key: int, value: Reader, draft: Draft) -> None:
    """Read where a beacon in reach stands: a place by radio, of some ten metres.

    Its name is what its owner calls the place: a room, say.
    """
    size, flagged = _BEACONS[key]
    flags = value.unsigned(1) if flagged else 0xC0
    tag = ""
    if flags & 0x80:
        tag = _read_tag(value.take(size), draft)
        lat, lon = value.signed(4), value.signed(4)
        if draft.fix is None:
            draft.locate(lat / _DEGREE, lon / _DEGREE)
    elif value.left >= size:
        tag = _read_tag(value.take(size), draft)
    if flags & 0x40 and value.left:
        name = value.rest()
        if key == _COUNTED_NAME:
            behind, name = name[1 + name[0] :], name[1 : 1 + name[0]]
            if tag and len(behind) >= 2:  # noqa: PLR2004 - tenths of a degree
                celsius = int.from_bytes(behind[:2], "little", signed=True) / 10
                draft.attributes[f"{tag}_temperature_c"] = repr(celsius)
        said = name[:_NAME_BYTES_MAX].decode("utf-8", "replace").strip("\0 ")
        if said:
            draft.attributes.setdefault("beacon", said)
            if tag:
                draft.attributes[f"{tag}_name"] = said


def _read_tag(head: bytes, draft: Draft) -> str:
    """Keep what a beacon says before its place; return the name that it has here.

    Its address, last octet first, its strength, that at a metre, and its battery: as
    far as they are sent. None is kept beyond the sixteenth.
    """
    kept = draft.attributes
    tags = (f"tag{place}" for place in range(1, _TAGS_MAX + 1))
    tag = next((tag for tag in tags if f"{tag}_id" not in kept), "")
    if tag:
        kept[f"{tag}_id"] = head[5::-1].hex()
        for name, octet in zip(_TAG_STRENGTHS, head[6:8], strict=False):
            kept[f"{tag}_{name}"] = str(octet - 256 if octet & 0x80 else octet)
        for octet in head[8:9]:
            kept[f"{tag}_battery_percent"] = str(octet)
    return tag


def _read_status(value: Reader, draft: Draft) -> None:
    draft.device_at = moment_of_epoch(value.unsigned(4))
    status = value.unsigned(4)
    draft.battery_percent(status >> 24)
    draft.buffered = bool(status & 0x80)
    draft.flag("charging", status & 0x10)
    draft.flag("moving", status & 0x200)
    draft.attributes["gsm"] = str(status >> 19 & 0x1F)
    draft.attributes["status"] = f"0x{status:08x}"


def _read_gps(value: Reader, draft: Draft) -> None:
    lat, lon = value.signed(4), value.signed(4)
    draft.speed_mps = value.unsigned(2) * KMH_MPS
    draft.course_deg = float(value.unsigned(2))
    draft.altitude_m = float(value.signed(2))
    dilution = value.unsigned(2)
    draft.attributes["hdop"] = f"{dilution / 10:.1f}"
    draft.locate(lat / _DEGREE, lon / _DEGREE, valid=dilution > 0)
    if value.left >= _DISTANCE_AND_SATELLITES:
        draft.attributes["odometer_m"] = str(value.unsigned(4))
        draft.attributes["satellites"] = str(value.unsigned(1))


def _read_cells(key: int, value: Reader, draft: Draft) -> None:
    mcc = value.unsigned(2)
    mnc = value.unsigned(2 if key == _CELLS_4G else 1)
    while value.left:
        strength = value.signed(1)
        lac = value.unsigned(2)
        cid = value.unsigned(2 if key == _CELLS_2G else 4)
        draft.cell(mcc, mnc, lac, cid, strength)


def _answer(
    kind: int, sequence: int, records: list[_Record], received_at: Instant
) -> bytes:
    if kind != _SERVICES:
        return frame_of(bytes((_RESPONSE, 1, 0)), sequence)
    body = bytes((_SERVICES,))
    for record in records:
        for key, _ in record.fields:
            if key in _PLACE_REQUESTS:
                body += bytes((10, key)) + bytes(9)
            elif key == _TIME_REQUEST:
                body += bytes((5, key)) + (received_at.ms // 1000).to_bytes(4, "little")
    return frame_of(body, sequence)


def frame_of(body: bytes, sequence: int, *, flags: int = 0) -> bytes:
    """Return a whole frame, length and CRC made."""
    head = bytes((0xAB, flags)) + len(body).to_bytes(2, "little")
    check = crc16_xmodem(body).to_bytes(2, "little")
    return head + check + sequence.to_bytes(2, "little") + body


def _end_of(buffer: bytes, start: int) -> int | None:
    length = buffer[start + 2 : start + 4]
    if len(length) < 2:  # noqa: PLR2004 - a u16
        return None
    end = start + _HEAD_BYTES + int.from_bytes(length, "little")
    body_type = buffer[start + _HEAD_BYTES : start + _HEAD_BYTES + 1]
    plausible = end - start <= Minifinder2Decoder.frame_bytes_max and (
        not body_type or body_type[0] in _TYPES
    )
    return end if plausible else 0


def _holds(frame: bytes) -> bool:
    return crc16_xmodem(frame[_HEAD_BYTES:]) == int.from_bytes(frame[4:6], "little")


_MARK = b"\xab"
_HEAD_BYTES = 8
_DEGREE = 10_000_000
_ACKNOWLEDGE = 0x10
_RECORDS_MAX = 256
_DATA, _SERVICES, _RESPONSE = 0x01, 0x03, 0x7F
# Settings, what is asked for, orders, and a new firmware.
_QUIET = frozenset({0x02, _SERVICES, 0x04, 0x05, 0x7E, _RESPONSE})
_TYPES = _QUIET | {_DATA}
_IMEI, _TIME_REQUEST = 0x01, 0x12
_PLACE_REQUESTS = frozenset({0x11, 0x21, 0x22})
_ALARM, _BATTERY, _GPS, _STATUS = 0x02, 0x14, 0x20, 0x24
_CELLS_2G, _CELLS_4G = 0x21, 0x2B
_CELLS = frozenset({_CELLS_2G, 0x29, _CELLS_4G})
_NAMED_STATIONS = 0x19
_STATIONS = frozenset({0x22, _NAMED_STATIONS})
_TAGS_MAX = 16
_TAG_STRENGTHS = ("rssi_dbm", "metre_rssi_dbm")
# Bytes before a beacon's place, and whether a flag before them says that it has one.
_BEACONS = {0x23: (6, False), 0x28: (8, True), 0x2A: (7, True), 0x2C: (9, True)}
_DISTANCE_AND_SATELLITES, _TIME_BYTES = 5, 4
_COUNTED_NAME, _NAME_BYTES_MAX = 0x2C, 64
_MANY = frozenset({0x28, 0x2C})
# What of the wearer is measured, and in how many bytes.
_MEASURED = {0x30: ("steps", 4), 0x40: ("heart_rate_bpm", 1)}
# What must be known first: the alarm, then the time that a fix takes as its own.
_ORDER = {_ALARM: 0, _STATUS: 1, _BATTERY: 2, _GPS: 3}
_ALARMS: dict[int, tuple[Signal, ...]] = {
    0: (Signal.LOW_BATTERY,),
    1: (Signal.OVERSPEED,),
    2: (Signal.FALL,),
    3: (Signal.MOVEMENT,),  # tilt
    4: (Signal.GEOFENCE,),
    5: (Signal.GEOFENCE,),
    6: (Signal.GEOFENCE,),
    7: (Signal.GEOFENCE,),
    8: (Signal.POWER_OFF,),
    9: (Signal.POWER_ON,),
    10: (Signal.MOVEMENT,),
    11: (),  # no movement
    12: (Signal.SOS,),
    13: (Signal.BUTTON,),
    14: (Signal.BUTTON,),
    15: (),  # charging begins
    16: (),  # charging ends
    17: (),  # its call for help has ended
    # Of bits 4 to 7, in their order: it was entered, not left (traccar #5462).
    **dict.fromkeys(range(26, 30), ()),
    31: (),  # a dog barks
}
# The high byte of a length; the record of an IMEI, length and key first.
_TORN = Torn(
    begins=re.compile(rb"\xab[\s\S]{2}[\x00-\x10]|\A\xab[\s\S]{0,2}\Z"),
    named=named_by(re.compile(rb"\x10\x01(\d{15})")),
)

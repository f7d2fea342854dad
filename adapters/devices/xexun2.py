"""`xexun2` over TCP: newer Xexun trackers and bracelets, binary between `FAAF` marks.

`FAAF | type u16 | index u16 | IMEI 8 | length u16 | checksum u16 | body | FAAF`, with
`FBBF01` for `FAAF` and `FBBF02` for `FBBF` inside. The closing mark looks like the
next opening one, so it is taken only by a frame whose length or checksum is right.
"""

import re
import struct
from math import isfinite

from adapters.devices.checksums import sum16_inverted
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.orders import Xexun2Orders
from adapters.devices.reading import Reader, UnreadableError, bcd, moment_of_epoch
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Xexun2(Xexun2Orders):
    """The wire protocol, found by entry point."""

    name = "xexun2"
    transport = Transport.TCP
    port = 5233

    def session(self) -> WireSession:
        """Start with an empty buffer; each frame names its device."""
        return StreamSession(Xexun2Decoder(), torn=_TORN)


class Xexun2Decoder:
    """What is known of one connection: which device last named itself."""

    name = Xexun2.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any frame."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame."""
        start = buffer.find(_MARK)
        if start < 0:
            keep = 0 if final else int(buffer.endswith(_MARK[:1]))
            return Cut(len(buffer) - keep, 0)
        end = buffer.find(_MARK, start + 2)
        if end < 0:
            return Cut(start, 0) if start else None
        frame = buffer[start : end + 2]
        if _fits(unescaped(frame[2:-2])):
            return Cut(start, len(frame))
        return Cut(end, 0)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame into as many reports as it has records."""
        content = Reader(unescaped(frame[2:-2]))
        kind, index, name = content.take(2), content.take(2), content.take(8)
        self.device = DeviceId(bcd(name)[:15])
        _, check = content.unsigned(2), content.unsigned(2)
        body = content.rest()
        holds = check == sum16_inverted(body)
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
            checksum_ok=holds,
        )
        answer = _MARK + kind + index + name + b"\x00\x01\xff\xfe\x01" + _MARK
        if kind != _REPORT:
            quiet = kind == _ORDERED
            draft.kind = ReportKind.HEARTBEAT if quiet else ReportKind.UNDECODABLE
            return Decoded(reports=(draft.finish(),), answer=answer)
        drafts = _read_records(Reader(body), draft)
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)


def unescaped(data: bytes) -> bytes:
    """Return what stands between the marks without its escapes."""
    return data.replace(b"\xfb\xbf\x01", _MARK).replace(b"\xfb\xbf\x02", b"\xfb\xbf")


def _named(raw: bytes) -> DeviceId | None:
    """Return whom torn bytes name, where the eight bytes of the IMEI are there."""
    for content in raw.split(_MARK, _PIECES_MAX)[1:]:
        packed = unescaped(content)[4:12].hex()
        if len(packed) == _ID_DIGITS and packed.isdecimal():
            return DeviceId(packed[:15])
    return None


def _read_records(body: Reader, first: Draft) -> list[Draft]:
    sizes = [body.unsigned(2) for _ in range(body.unsigned(1))]
    drafts = []
    for part, size in enumerate(sizes):
        draft = Draft(
            protocol=first.protocol,
            frame=first.frame,
            part=part,
            received_at=first.received_at,
            device=first.device,
            checksum_ok=first.checksum_ok,
        )
        drafts.append(draft)
        try:
            _read_record(Reader(body.take(size)), draft)
        except UnreadableError:
            draft.torn()
    return drafts or [first]


def _read_record(record: Reader, draft: Draft) -> None:
    draft.sequence = record.unsigned(1)
    draft.device_at = moment_of_epoch(record.unsigned(4))
    draft.attributes["gsm"] = str(record.unsigned(1))
    battery = record.unsigned(2)
    draft.battery_percent(battery & 0x7FFF)
    draft.flag("charging", battery >> 15)
    parts = record.unsigned(1)
    if parts & 1:
        alarm = record.unsigned(4)
        draft.bits("alarm", alarm, _ALARMS)
        if alarm and not draft.signals:
            draft.signal(f"alarm:0x{alarm:08x}", Signal.UNKNOWN)
    if parts & 2:
        _read_place(record, draft)


def _read_place(record: Reader, draft: Draft) -> None:
    parts = record.unsigned(1)
    if parts & 1:
        draft.attributes["satellites"] = str(record.unsigned(1))
        lon, lat = struct.unpack(">ff", record.take(8))
        draft.locate(_degrees(lat), _degrees(lon))
    _read_neighbours(parts, record, draft)
    if parts & 32:
        draft.speed_mps = record.unsigned(2) / 10 * KMH_MPS
        draft.course_deg = record.unsigned(2) / 10
    if parts & 64:
        draft.attributes["satellites"] = str(record.unsigned(1))
        lon, lat = struct.unpack(">dd", record.take(16))
        draft.locate(_degrees(lat), _degrees(lon))
    if parts & 128:
        extension = Reader(record.take(record.unsigned(2)))
        while extension.left:
            kind, size = extension.unsigned(1), extension.unsigned(2)
            field = Reader(extension.take(size))
            if kind == _LONG_PLACE:
                _read_long_place(field, draft)


def _read_neighbours(parts: int, record: Reader, draft: Draft) -> None:
    if parts & 2:
        for _ in range(record.unsigned(1)):
            draft.access_point(record.take(6).hex(), -record.unsigned(1))
    if parts & 4:
        for _ in range(record.unsigned(1)):
            mcc, mnc = record.unsigned(2), record.unsigned(2)
            lac, cid = record.unsigned(4), record.unsigned(4)
            draft.cell(mcc, mnc, lac, cid, -record.unsigned(1))
    if parts & 8:
        record.take(12 * record.unsigned(1))


def _read_long_place(field: Reader, draft: Draft) -> None:
    lon, lat = struct.unpack(">dd", field.take(16))
    valid = field.unsigned(1) > 0
    draft.attributes["satellites"] = str(field.unsigned(1))
    draft.speed_mps = field.unsigned(2) / 10 * KMH_MPS
    draft.course_deg = field.unsigned(2) / 10
    field.take(1)
    (altitude_m,) = struct.unpack(">f", field.take(4))
    draft.altitude_m = altitude_m if isfinite(altitude_m) else None
    draft.locate(_degrees(lat), _degrees(lon), valid=valid)


def _degrees(value: float) -> float:
    """Return degrees of a float that runs degrees and minutes together."""
    if not isfinite(value):
        return value
    whole = abs(value) // 100
    degrees = whole + (abs(value) - whole * 100) / 60
    return -degrees if value < 0 else degrees


def _fits(content: bytes) -> bool:
    if len(content) < _HEAD_BYTES:
        return False
    body = content[_HEAD_BYTES:]
    length = int.from_bytes(content[12:14]) & _LENGTH_MASK
    return length == len(body) or sum16_inverted(body) == int.from_bytes(content[14:16])


_MARK = b"\xfa\xaf"
_HEAD_BYTES = 16
_ID_DIGITS = 16
_PIECES_MAX = 8
_LENGTH_MASK = 0x03FF
_REPORT = b"\x00\x14"
_ORDERED = b"\x00\x07"  # what is said to an order; no other type is described
_LONG_PLACE = 0x47
_ALARMS = {
    0: (Signal.SOS,),
    1: (Signal.REMOVED,),
    15: (Signal.FALL,),
}
_TORN = Torn(begins=re.compile(rb"\xfa\xaf|\A\xfa\Z"), named=_named)

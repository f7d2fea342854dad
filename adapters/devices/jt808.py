"""`jt808` over TCP: JT/T 808-2011 and -2019, the Chinese terminal standard.

`7E | type u16 | attributes u16 | id | index u16 | body | xor | 7E`, with `7D01` for
`7D` and `7D02` for `7E` inside. Bit 14 of the attributes is the form of 2019, whose
id has ten bytes instead of six. The clock is China's (GMT+8). A device may leave the
emergency bit set in every report, so a press is told apart by those who group them.
"""

import re
from dataclasses import dataclass

from adapters.devices import jt808_fields as fields
from adapters.devices import jt808_own as own
from adapters.devices.checksums import xor8
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    text_of,
)
from adapters.devices.rows import read_row
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant


class Jt808:
    """The wire protocol, found by entry point."""

    name = "jt808"
    transport = Transport.TCP
    port = 5015

    def session(self) -> WireSession:
        """Start with an empty buffer; each frame names its device."""
        return StreamSession(Jt808Decoder(), torn=_TORN)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    type: int
    attributes: int
    version: bytes
    id: bytes
    index: int

    @property
    def device(self) -> DeviceId:
        """The id as people know it: decimals, or an IMEI packed into 48 bits."""
        digits = self.id.hex()
        if digits.isdecimal():
            return DeviceId(digits)
        number = str(int.from_bytes(self.id))
        return DeviceId(number + _luhn(number))

    def answer(self, kind: int, body: bytes) -> bytes:
        """Return a frame for this device."""
        form = self.attributes & _FORM_2019
        length = (len(body) | form).to_bytes(2)
        head = kind.to_bytes(2) + length + self.version + self.id + bytes(2)
        return frame_of(head + body)


class Jt808Decoder:
    """What is known of one connection: which device last named itself."""

    name = Jt808.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any frame."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame; its last mark may be the first of the next one.

        Text in brackets holds no frame.
        """
        start = buffer.find(_MARK)
        text = buffer.find(b"(")
        if text >= 0 and (start < 0 or text < start):
            end = buffer.find(b")", text, start if start >= 0 else len(buffer))
            if end >= 0:
                return Cut(text, end + 1 - text)
            if start < 0:
                return None
        if start < 0:
            return Cut(len(buffer), 0)
        end = buffer.find(_MARK, start + 1)
        if end < 0:
            return Cut(start, 0) if start and not final else None
        content = unescaped(buffer[start + 1 : end])
        if (content and xor8(content) == 0) or _length_fits(content):
            return Cut(start, end + 1 - start)
        return Cut(start or end, 0)

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame into as many reports as it has records."""
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        if frame[:1] == b"(":
            draft.kind = ReportKind.HEARTBEAT
            draft.said(text_of(frame))
            return Decoded(reports=(draft.finish(),), answer=_time(frame, received_at))
        content = unescaped(frame[1:-1])
        head, body = _head(content[:-1])
        self.device = draft.device = head.device
        draft.sequence = head.index
        draft.checksum_ok = xor8(content) == 0
        answer = _answer(head, received_at)
        try:
            drafts = _read(head.type, body, draft)
        except UnreadableError:
            draft.torn()
            drafts = [draft]
            answer = answer if draft.signals or draft.checksum_ok else b""
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)


def frame_of(content: bytes) -> bytes:
    """Return a whole frame: checksum made, escaped, between marks."""
    checked = content + bytes((xor8(content),))
    escaped = checked.replace(b"\x7d", b"\x7d\x01").replace(_MARK, b"\x7d\x02")
    return _MARK + escaped + _MARK


def unescaped(data: bytes) -> bytes:
    """Return what stands between the marks without its escapes."""
    return data.replace(b"\x7d\x02", _MARK).replace(b"\x7d\x01", b"\x7d")


def _head(content: bytes) -> tuple[_Head, Reader]:
    reader = Reader(content)
    kind, attributes = reader.unsigned(2), reader.unsigned(2)
    new = bool(attributes & _FORM_2019)
    version = reader.take(1 if new else 0)
    name = reader.take(10 if new else 6)
    index = reader.unsigned(1 if kind in fields.SHORT_INDEX else 2)
    head = _Head(
        type=kind, attributes=attributes, version=version, id=name, index=index
    )
    return head, reader


def _named(raw: bytes) -> DeviceId | None:
    """Return whom torn bytes name: their head stands whole, up to its index."""
    for piece in raw.split(_MARK, _PIECES_MAX)[1:]:
        try:
            head, _ = _head(unescaped(piece))
        except UnreadableError:
            continue
        if head.type in _TYPES:
            return head.device
    return None


def _read(kind: int, body: Reader, draft: Draft) -> list[Draft]:
    if kind == fields.PLACE:
        _read_place(body, draft)
    elif kind == fields.BATCH:
        return _read_batch(body, draft)
    elif kind == fields.REGISTER:
        draft.kind = ReportKind.LOGIN
    elif kind == fields.PASSED_ON:
        draft.kind = ReportKind.HEARTBEAT
        own.read_passed_on(body, draft)
    elif kind in fields.SHORT_INDEX:
        own.read_padlock(body, draft, blind=kind == fields.BLIND)
    elif kind in fields.QUIET:
        draft.kind = ReportKind.HEARTBEAT
        fields.read_reply(kind, body, draft)
    else:
        message = "a type that nobody has described"
        raise UnreadableError(message)
    return [draft]


def _read_batch(body: Reader, first: Draft) -> list[Draft]:
    count, stored = body.unsigned(2), body.unsigned(1)
    drafts: list[Draft] = []
    for part in range(min(count, _RECORDS_MAX)):
        draft = first.next(part)
        draft.buffered = stored > 0
        drafts.append(draft)
        try:
            _read_place(Reader(body.take(body.unsigned(2))), draft)
        except UnreadableError:
            draft.torn()
    return drafts or [first]


def _read_place(body: Reader, draft: Draft) -> None:
    """Read a place report, its alarm bits first."""
    draft.bits("alarm", body.unsigned(4), fields.ALARMS, alarms=range(32))
    lat_deg, lon_deg, valid = own.read_state(body, draft)
    draft.altitude_m = float(body.signed(2))
    draft.speed_mps = body.unsigned(2) / 10 * KMH_MPS
    draft.course_deg = float(body.unsigned(2))
    draft.device_at = own.read_clock(body)
    draft.locate(lat_deg, lon_deg, valid=valid)
    if body.left == _OLD_TAIL_BYTES and body.peek(1) == b"\0":
        read_row(body, draft, _OLD_TAIL)
        return
    try:
        while body.left >= _FIELD_HEAD_BYTES:
            key = body.unsigned(1)
            fields.read_field(key, Reader(body.take(body.unsigned(1))), draft)
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _answer(head: _Head, received_at: Instant) -> bytes:
    index = head.index.to_bytes(2)
    if head.type == fields.REGISTER:
        name = head.id.hex().encode()
        return head.answer(0x8100, index + b"\0" + name)
    if head.type in fields.ACKNOWLEDGED:
        return head.answer(0x8001, index + head.type.to_bytes(2) + b"\0")
    if head.type == fields.TIME:
        now = received_at.to_datetime()
        parts = (now.month, now.day, now.hour, now.minute, now.second)
        return head.answer(0x8109, now.year.to_bytes(2) + bytes(parts))
    if head.type in fields.SHORT_INDEX and head.attributes & 0x8000:
        kind = head.type.to_bytes(2)
        return frame_of(b"\x44\x01\x00\x03" + head.id + b"\x01" + kind + b"\0")
    return b""


def _time(frame: bytes, received_at: Instant) -> bytes:
    if b"BASE,2" not in frame:
        return b""
    now = f"{received_at.to_datetime():%Y%m%d%H%M%S}"
    return text_of(frame).replace("TIME", now).encode("latin-1")


def _length_fits(content: bytes) -> bool:
    try:
        head, body = _head(content[:-1])
    except UnreadableError:
        return False
    return head.attributes & _LENGTH_MASK == body.left


def _luhn(number: str) -> str:
    """Return the check digit of an IMEI (3GPP TS 23.003, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return str(-total % 10)


_MARK = b"\x7e"
_FORM_2019 = 0x4000
_LENGTH_MASK = 0x03FF
_RECORDS_MAX = 256
_PIECES_MAX = 8
_FIELD_HEAD_BYTES = 2
# What an old form has where the fields stand; no field has the key 0.
_OLD_TAIL_BYTES = 18
_OLD_TAIL = (
    *(("", 4, 1), ("odometer_m", 4, 0.001), ("battery_v", 2, 10), ("", 4, 1)),
    ("gsm", 1, 1),
)
_TYPES = {fields.PLACE, fields.BATCH, fields.REGISTER} | fields.QUIET
# Inside, a mark counts with the high byte of a type.
_TORN = Torn(begins=re.compile(rb"\A[\x7e(]|\x7e[\x00-\x1f]"), named=_named)

"""`jt808` over TCP: JT/T 808-2011 and -2019, the Chinese terminal standard.

The clock is China's (GMT+8). A device may leave the emergency bit set in every report,
so a press is told apart by those who group them.
"""

import re

from adapters.devices import jt808_fields as fields
from adapters.devices import jt808_own as own
from adapters.devices.checksums import xor8
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.jt808_batch import RECORDS_MAX, Pieces, ReadPlace
from adapters.devices.jt808_frame import OTHER, STANDARD, Head, form_of, head_of
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    text_of,
)
from adapters.devices.rows import read_row
from adapters.devices.session import Cut, ModelSession, no_model
from adapters.devices.torn import Torn
from engine.ports.device import (
    Decoded,
    ModelOf,
    ReportKind,
    Transport,
    WireSession,
)
from engine.values import DeviceId, Instant


class Jt808:
    """The wire protocol, found by entry point."""

    name = "jt808"
    transport = Transport.TCP
    port = 5015

    def session(self) -> WireSession:
        """Start with an empty buffer; each frame names its device."""
        return ModelSession(Jt808Decoder(), torn=_TORN)


class Jt808Decoder:
    """What is known of one connection: which device last named itself."""

    name = Jt808.name
    frame_bytes_max = 4096

    def __init__(self) -> None:
        """Start before any frame."""
        self.device: DeviceId | None = None
        self.model_of: ModelOf = no_model
        self._pieces = Pieces(self._read_place)

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame; its last mark may be the first of the next one.

        Text in brackets holds no frame.
        """
        other = _cut_other(buffer, final=final)
        if other is not None:
            return other if other.skip + other.take else None
        start = buffer.find(_MARK)
        text = buffer.find(b"(")
        if text >= 0 and (start < 0 or text < start):
            end = buffer.find(b")", text, start if start >= 0 else len(buffer))
            if end >= 0:
                return Cut(text, end + 1 - text)
            if start < 0:
                return None
        if start < 0:
            begins = _OTHER_BEGINS.search(buffer, 1)
            return Cut(begins.start() if begins else len(buffer), 0)
        end = buffer.find(_MARK, start + 1)
        if end < 0:
            return Cut(start, 0) if start and not final else None
        if STANDARD.fits(buffer[start : end + 1]):
            # With a type behind it, the mark is the first of the next frame as well.
            shared = int.from_bytes(buffer[end + 1 : end + 3]) in _TYPES
            return Cut(start, end + (not shared) - start)
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
        form = form_of(frame)
        content = form.unescaped(frame[1:].removesuffix(form.mark))
        head, body = head_of(content[:-1], form)
        self.device = draft.device = head.device
        draft.sequence = head.index
        draft.checksum_ok = xor8(content) == 0
        answer = _answer(head, received_at)
        try:
            drafts = _read(head, body, draft, self._pieces, self._read_place)
        except UnreadableError:
            draft.torn()
            drafts = [draft]
            answer = answer if draft.signals or draft.checksum_ok else b""
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)

    def _read_place(self, body: Reader, draft: Draft) -> None:
        model = "" if draft.device is None else self.model_of(draft.device)
        _read_place(body, draft, fields.alarms_of(model))


def _named(raw: bytes) -> DeviceId | None:
    """Return whom torn bytes name: their head stands whole, up to its index."""
    form = form_of(raw)
    for piece in raw.split(form.mark, _PIECES_MAX)[1:]:
        try:
            head, _ = head_of(form.unescaped(piece), form)
        except UnreadableError:
            continue
        if head.type in _TYPES:
            return head.device
    return None


def _read(
    head: Head, body: Reader, draft: Draft, pieces: Pieces, read_place: ReadPlace
) -> list[Draft]:
    if head.type == fields.BATCH and head.pieces > 1:
        return pieces.read(head, body, draft)
    if head.piece > 1 and head.type in fields.QUIET:
        draft.kind = ReportKind.HEARTBEAT
        return [draft]
    if head.piece > 1:
        message = "a later piece of a message"
        raise UnreadableError(message)
    return _read_whole(head.type, body, draft, read_place)


def _read_whole(
    kind: int, body: Reader, draft: Draft, read_place: ReadPlace
) -> list[Draft]:
    if kind == fields.PLACE:
        read_place(body, draft)
    elif kind in fields.ASKED_PLACES:
        body.take(2)  # the index of the question
        read_place(body, draft)
    elif kind == fields.BATCH:
        return _read_batch(body, draft, read_place)
    elif kind == fields.SHORT_BATCH:
        return _read_short_batch(body, draft, read_place)
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
        if kind == fields.MEDIA_DATA:
            _read_media_place(body, draft, read_place)
    else:
        message = "a type that nobody has described"
        raise UnreadableError(message)
    return [draft]


def _read_media_place(body: Reader, draft: Draft, read_place: ReadPlace) -> None:
    """Read where a photograph was taken, which the form of 2011 does not say.

    There its data stand instead, and no date of packed decimals in them.
    """
    said = body.peek(1 + _PLACE_BYTES)[1:]
    if len(said) == _PLACE_BYTES and own.read_clock(Reader(said[-6:])) is not None:
        draft.kind = ReportKind.REPORT
        read_place(Reader(said), draft)


def _read_batch(body: Reader, first: Draft, read_place: ReadPlace) -> list[Draft]:
    count = body.unsigned(2)
    first.buffered = body.unsigned(1) > 0
    return _read_records(body, first, read_place, count=count, length_bytes=2)


def _read_short_batch(body: Reader, first: Draft, read_place: ReadPlace) -> list[Draft]:
    """Read places, each behind its length of one byte; or a level and a time alone."""
    if body.left == _LEVEL_AND_TIME_BYTES:
        first.kind = ReportKind.HEARTBEAT
        first.battery_percent(body.unsigned(1))
        first.device_at = own.read_clock(body)
        return [first]
    return _read_records(body, first, read_place, count=body.left, length_bytes=1)


def _read_records(
    body: Reader,
    first: Draft,
    read_place: ReadPlace,
    *,
    count: int,
    length_bytes: int,
) -> list[Draft]:
    """Read as many places as there are; where one is cut off, it is the last."""
    drafts: list[Draft] = []
    while body.left and len(drafts) < count:
        draft = first.next(len(drafts))
        draft.buffered = first.buffered
        drafts.append(draft)
        try:
            has_room = len(drafts) <= RECORDS_MAX
            size = body.unsigned(length_bytes) if has_room else body.left + 1
            record = Reader(body.take(size))
        except UnreadableError:
            draft.torn()
            return drafts
        try:
            read_place(record, draft)
        except UnreadableError:
            draft.torn()
    if not drafts or (length_bytes > 1 and len(drafts) < count):
        drafts.append(first.next(len(drafts)))
        drafts[-1].torn()
    return drafts


def _read_place(body: Reader, draft: Draft, table: fields.AlarmBits) -> None:
    """Read a place report, its alarm bits first."""
    draft.bits("alarm", body.unsigned(4), table, alarms=range(32), held=True)
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
            value = Reader(body.take(body.unsigned(1)))
            if not fields.read_field(key, value, draft):
                draft.attributes["incomplete"] = "true"
    except UnreadableError:
        draft.attributes["incomplete"] = "true"


def _answer(head: Head, received_at: Instant) -> bytes:
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
        return head.short_answer()
    return b""


def _time(frame: bytes, received_at: Instant) -> bytes:
    if b"BASE,2" not in frame:
        return b""
    now = f"{received_at.to_datetime():%Y%m%d%H%M%S}"
    return text_of(frame).replace("TIME", now).encode("latin-1")


def _cut_other(buffer: bytes, *, final: bool) -> Cut | None:
    """Find the first frame between the other marks, where the buffer begins with one.

    A whole frame of the standard form wins. None where it is for that form to say;
    nothing skipped and nothing taken where more bytes are needed.
    """
    if not buffer.startswith(OTHER.mark):
        return None
    end = buffer.find(OTHER.mark, 1)
    if end >= 0 and OTHER.fits(buffer[: end + 1]):
        return Cut(0, end + 1)
    start = buffer.find(_MARK)
    last = buffer.find(_MARK, start + 1) if start >= 0 else -1
    if last >= 0 and STANDARD.fits(buffer[start : last + 1]):
        return Cut(start, 0)
    if end >= 0:
        return Cut(end, 0)
    return None if final else Cut(0, 0)


_MARK = b"\x7e"
_LEVEL_AND_TIME_BYTES = 7
_PIECES_MAX = 8
_FIELD_HEAD_BYTES = 2
_PLACE_BYTES = 28
# What an old form has where the fields stand; no field has the key 0.
_OLD_TAIL_BYTES = 18
_OLD_TAIL = (
    *(("", 4, 1), ("odometer_m", 4, 0.001), ("battery_v", 2, 10), ("", 4, 1)),
    ("gsm", 1, 1),
)
_TYPES = fields.PLACES | fields.QUIET | {fields.REGISTER}
# Inside, a mark counts with the high byte of a type.
# The other mark is one only at the beginning, or with a type that is known behind it.
_OTHER_BEGINS = re.compile(rb"\xe7(?:[\x00-\x0f][\x00-\xff]|\Z)")
_TORN = Torn(begins=re.compile(rb"\A[\x7e(\xe7]|[\x7e\xe7][\x00-\x1f]"), named=_named)

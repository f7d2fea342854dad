"""`teltonika` over TCP and UDP: TMT250, GH5200, TST100; codecs 8, 8E, 16, 7, 12, 13.

Over TCP a device names itself (`000F` and 15 digits), gets one byte, and then sends
`00000000 | length u32 | codec | count | records | count | CRC u32`. The answer is the
number of records that are stored; a device sends a packet again until it is right, so
a packet that nobody can read is answered too once its bytes are kept, else it would
stand before every later SOS. The CRC is ARC over codec to second count; over UDP there
is none, and what is as long as it says has arrived.
"""

import re
from struct import Struct

from adapters.devices import teltonika_io as io
from adapters.devices.checksums import crc16_arc
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.framing import cut_by_length
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    device_id,
    moment_of_epoch,
    text_of,
)
from adapters.devices.session import Cut, DatagramSession, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant


class Teltonika:
    """The wire protocol over TCP, found by entry point."""

    name = "teltonika"
    transport = Transport.TCP
    port = 5027

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return StreamSession(TeltonikaDecoder(), blanks=b"", torn=_TORN)


class TeltonikaUdp:
    """The wire protocol over UDP, found by entry point."""

    name = Teltonika.name
    transport = Transport.UDP
    port = Teltonika.port

    def session(self) -> WireSession:
        """Start with nothing; each datagram names its device."""
        return DatagramSession(TeltonikaUdpDecoder(), torn=_TORN_DATAGRAM)


class TeltonikaDecoder:
    """What is known of one connection: who logged in."""

    name = Teltonika.name
    frame_bytes_max = 8192

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first log-in, packet or single keep-alive byte."""
        if buffer.startswith(_KEEP_ALIVE):
            return Cut(0, 1)
        return cut_by_length(
            buffer,
            marks=(_PREAMBLE, *_LOG_INS),
            end_of=_end_of,
            holds=_holds,
            final=final,
        )

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame into as many reports as it has records."""
        draft = self._draft(frame, received_at)
        if frame == _KEEP_ALIVE:
            draft.kind = ReportKind.HEARTBEAT
            return Decoded(reports=(draft.finish(),))
        if frame[:2] != b"\0\0":
            self.device = device_id(text_of(frame[2:]))
            draft.device, draft.kind = self.device, ReportKind.LOGIN
            return Decoded(reports=(draft.finish(),), answer=b"\x01")
        draft.checksum_ok = _holds(frame)
        drafts, count = read_records(frame[8:-4], draft, arrived=draft.checksum_ok)
        answer = b"" if count is None else count.to_bytes(4)
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)

    def _draft(self, frame: bytes, received_at: Instant) -> Draft:
        return Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )


class TeltonikaUdpDecoder(TeltonikaDecoder):
    """One peer: `length u16 | id u16 | 01 | AVL id u8 | IMEI | data` in a datagram."""

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Take the datagram whole."""
        return Cut(0, len(buffer)) if final else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one datagram; its answer repeats its AVL id."""
        head = Reader(frame)
        head.take(5)
        packet = head.unsigned(1)
        self.device = device_id(text_of(head.take(head.unsigned(2))))
        arrived = len(frame) == _LENGTH_BYTES + int.from_bytes(frame[:_LENGTH_BYTES])
        draft = self._draft(frame, received_at)
        drafts, count = read_records(head.rest(), draft, arrived=arrived)
        answer = b""
        if count is not None:
            answer = b"\x00\x05\x00\x00\x01" + bytes((packet, count & 0xFF))
        return Decoded(reports=tuple(d.finish() for d in drafts), answer=answer)


def read_records(
    data: bytes, first: Draft, *, arrived: bool
) -> tuple[list[Draft], int | None]:
    """Read codec, count and records.

    Args:
        data: from the codec to the second count.
        first: what all reports of the frame share.
        arrived: it is what the device sent, whether or not it can be read.

    Returns:
        The reports, and the number to answer; None where none is due, since the
        codec has no answer or since the device ought to send a torn packet again.

    """
    codec, count = data[:1], data[1:2]
    if not count:
        message = "no codec and count"
        raise UnreadableError(message)
    if codec[0] in io.TEXT_CODECS:
        _read_text(data, first)
        return [first], None
    drafts, whole = _attempt(data, first, long=False)
    if not whole and codec[0] == io.CODEC_8:
        longer, fits = _attempt(data, first, long=True)
        drafts, whole = (longer, True) if fits else (drafts, False)
    if not whole:
        drafts[-1].torn()
        if arrived and drafts[-1].signals and len(drafts) < count[0]:
            # Nobody sends the records behind it again: HQ looks at them.
            rest = first.next(len(drafts))
            rest.kind = ReportKind.UNDECODABLE
            drafts.append(rest)
    return drafts, count[0] if whole or arrived else None


def _read_text(data: bytes, draft: Draft) -> None:
    """Read what a command was answered with: type and size, then its text.

    Codec 13 has a time before the text. A key that was held to the device is told so.
    """
    draft.kind = ReportKind.HEARTBEAT
    start = 7
    if data[2:3]:
        draft.attributes["type"] = str(data[2])
    if data[0] == io.DATED_TEXT and len(data) > start + 4:
        draft.device_at = moment_of_epoch(int.from_bytes(data[7:11]))
        start = 11
    said = text_of(data[start:-1])
    draft.said(said if _LEGIBLE.fullmatch(said) else data[start:-1].hex())
    key = _KEY.match(said)
    if key is not None:
        draft.attributes["driver"] = key["driver"]


def _attempt(data: bytes, first: Draft, *, long: bool) -> tuple[list[Draft], bool]:
    """Read all records; say whether they ended right before the second count.

    Args:
        data: from the codec to the second count.
        first: what all reports of the frame share.
        long: codec 8 with values of 16 bytes, which some models append.

    """
    reader = Reader(data)
    codec, count = reader.unsigned(1), reader.unsigned(1)
    drafts: list[Draft] = []
    try:
        for part in range(count):
            draft = first.next(part)
            drafts.append(draft)
            _read_record(codec, reader, draft)
            if long:
                for _ in range(reader.unsigned(1)):
                    element = reader.unsigned(1)
                    draft.attributes[f"io{element}"] = reader.take(16).hex()
        whole = reader.rest() == bytes((count,))
    except UnreadableError:
        whole = False
    if not drafts:
        drafts.append(first.next(0))
        drafts[0].kind = ReportKind.HEARTBEAT
    return drafts, whole


def _read_record(codec: int, reader: Reader, draft: Draft) -> None:
    if codec == io.GH3000:
        _read_gh3000(reader, draft)
        return
    if codec not in io.WIDE_ID | {io.CODEC_8}:
        message = "a codec that nobody has described"
        raise UnreadableError(message)
    draft.device_at = moment_of_epoch(reader.unsigned(8) / 1000)
    priority = reader.unsigned(1)
    lon, lat = reader.signed(4), reader.signed(4)
    draft.altitude_m = float(reader.signed(2))
    draft.course_deg = float(reader.unsigned(2))
    satellites = reader.unsigned(1)
    draft.attributes["satellites"] = str(satellites)
    draft.speed_mps = reader.unsigned(2) * KMH_MPS
    draft.locate(lat / _DEGREE, lon / _DEGREE, valid=satellites > 0)
    wide_id = 2 if codec in io.WIDE_ID else 1
    wide_count = 2 if codec == io.CODEC_8E else 1
    event = reader.unsigned(wide_id)
    draft.attributes["event"] = str(event)
    if codec == io.CODEC_16:
        reader.take(1)
    reader.take(wide_count)
    for form in _ELEMENTS[wide_id]:
        size = form.size * reader.unsigned(wide_count)
        there = reader.peek(size)
        whole = there[: len(there) // form.size * form.size]
        io.read_elements(form.iter_unpack(whole), event, draft)
        reader.take(size)
    if codec == io.CODEC_8E:
        for _ in range(reader.unsigned(2)):
            element = reader.unsigned(2)
            io.read_variable(element, reader.take(reader.unsigned(2)), draft)
    io.read_priority(priority, draft)


def _read_gh3000(reader: Reader, draft: Draft) -> None:
    """Read a record of codec 7: masks say which fields follow."""
    stamp = reader.unsigned(4)
    draft.device_at = moment_of_epoch((stamp & 0x3FFFFFFF) + _GH3000_EPOCH_S)
    parts = reader.unsigned(1)
    if parts & 1:
        io.read_gh3000_place(reader, draft)
    for bit, size in ((1, 1), (2, 2), (3, 4)):
        if parts >> bit & 1:
            for _ in range(reader.unsigned(1)):
                element = reader.unsigned(1)
                io.read_gh3000_element(element, reader.unsigned(size), draft)
    io.read_priority(stamp >> 30, draft)


def _end_of(buffer: bytes, start: int) -> int | None:
    if buffer.startswith(_LOG_INS, start):
        end = start + 2 + buffer[start + 1]
        digits = buffer[start + 2 : end]
        return end if not digits or digits.isdigit() else 0
    codec = buffer[start + 8 : start + 9]
    if not codec:
        return None
    if codec[0] not in io.CODECS:
        return 0
    size = 12 + int.from_bytes(buffer[start + 4 : start + 8])
    return start + size if size <= TeltonikaDecoder.frame_bytes_max else 0


def _holds(frame: bytes) -> bool:
    if frame.startswith(_LOG_INS):
        return True
    return crc16_arc(frame[8:-4]) == int.from_bytes(frame[-4:])


_KEEP_ALIVE = b"\xff"
_LEGIBLE = re.compile(r"[\s -~]*")
_KEY = re.compile(r"GTSL\|(?:[^|]{0,16}\|){3}(?P<driver>[0-9A-Za-z]{1,32})")
_PREAMBLE = b"\0\0\0\0"
# An IMEI without its check digit, with it, or with two digits of a version.
_LOG_INS = (b"\x00\x0e", b"\x00\x0f", b"\x00\x10")
_LENGTH_BYTES = 2
_DEGREE = 10_000_000
_ELEMENTS = {
    1: tuple(Struct(form) for form in (">BB", ">BH", ">BI", ">BQ")),
    2: tuple(Struct(form) for form in (">HB", ">HH", ">HI", ">HQ")),
}
_GH3000_EPOCH_S = 1_167_609_600
# A packet up to its codec, or a log-in; over UDP a length that a datagram can have,
# and the byte that is always 1.
_TORN = Torn(
    begins=re.compile(
        rb"\A\x00{1,3}\Z|\A\x00{4}|\x00{4}[\s\S]{4}[%s]|\A\x00[\x0e-\x10]\d{0,16}\Z"
        % re.escape(bytes(sorted(io.CODECS)))
    )
)
_TORN_DATAGRAM = Torn(
    begins=re.compile(rb"\A[\x00-\x05](?:[\s\S]{0,3}\Z|[\s\S]{3}\x01)")
)

"""`topin` over TCP: cheap pendants of Topin and 365GPS, whose SOS is six bytes.

`7878 | length | type | content | 0D0A`: like `gt06` in its marks and in nothing else,
without a checksum, with a length byte that is a count for some types. The SOS has no
time and no place. Log-in, places, status and time must be answered, else the device
hangs up.
"""

import re

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    moment,
    moment_of_six,
)
from adapters.devices.session import Cut, StreamSession
from adapters.devices.torn import Torn
from engine.ports.device import Decoded, ReportKind, Transport, WireSession
from engine.values import DeviceId, Instant, Signal


class Topin:
    """The wire protocol, found by entry point."""

    name = "topin"
    transport = Transport.TCP
    port = 5199

    def session(self) -> WireSession:
        """Start with an empty buffer and no log-in."""
        return StreamSession(TopinDecoder(), torn=_TORN)


class TopinDecoder:
    """What is known of one connection: who logged in."""

    name = Topin.name
    frame_bytes_max = 1024

    def __init__(self) -> None:
        """Start before the log-in."""
        self.device: DeviceId | None = None

    def cut(self, buffer: bytes, *, final: bool) -> Cut | None:
        """Find the first frame: it ends where nothing or another one follows."""
        start = buffer.find(_MARK)
        if start < 0:
            keep = 0 if final else int(buffer.endswith(_MARK[:1]))
            return Cut(len(buffer) - keep, 0)
        end = buffer.find(_TAIL, start + _HEAD_BYTES)
        while end >= 0:
            rest = buffer[end + 2 : end + 4]
            if not rest or _MARK.startswith(rest):
                inner = _whole_inside(buffer[: end + 2], start)
                return Cut(start, end + 2 - start) if inner is None else Cut(inner, 0)
            end = buffer.find(_TAIL, end + 1)
        return Cut(start, 0) if start else None

    def decode(self, frame: bytes, received_at: Instant) -> Decoded:
        """Read one frame."""
        if len(frame) < _HEAD_BYTES + len(_TAIL):
            message = "too short to have a type"
            raise UnreadableError(message)
        length, kind, content = frame[2], frame[3], frame[4:-2]
        draft = Draft(
            protocol=self.name,
            frame=frame,
            received_at=received_at,
            device=self.device,
        )
        if kind == _LOG_IN:
            self.device = draft.device = DeviceId(Reader(content).take(8).hex()[1:])
            draft.kind = ReportKind.LOGIN
            answer = _frame(length, kind, b"\x01") + _time(received_at)
            return Decoded(reports=(draft.finish(),), answer=answer)
        _read(kind, length, Reader(content), draft)
        answer = _answer(kind, length, content, received_at)
        return Decoded(reports=(draft.finish(),), answer=answer)


def _whole_inside(buffer: bytes, start: int) -> int | None:
    """Return where a frame starts that ends with a torn one and says so itself."""
    for _ in range(_MARKS_MAX):
        start = buffer.find(_MARK, start + 1)
        if start < 0:
            break
        if buffer[start + 2 : start + 3] == bytes((len(buffer) - start - 5 & 0xFF,)):
            return start
    return None


def _read(kind: int, length: int, content: Reader, draft: Draft) -> None:
    if kind in _SIGNALS:
        draft.signal(f"type:0x{kind:02x}", *_SIGNALS[kind])
    elif kind in _PLACES and content.left:
        draft.buffered = kind in _STORED
        _read_place(content, draft)
    elif kind in _COMPACT and content.left:
        draft.buffered = kind in _STORED
        _read_compact(content, draft)
    elif kind in _STATIONS:
        draft.buffered = kind in _STORED
        _read_stations(content, draft, count=length, long=kind in _LONG_CELLS)
    elif kind == _STATUS:
        draft.kind = ReportKind.HEARTBEAT
        draft.battery_percent(content.unsigned(1))
    elif kind in _QUIET | _PLACES | _COMPACT:
        draft.kind = ReportKind.HEARTBEAT
    else:
        draft.kind = ReportKind.UNDECODABLE


def _read_place(content: Reader, draft: Draft) -> None:
    draft.device_at = moment(*content.take(6))
    draft.attributes["satellites"] = str(content.unsigned(1) & 15)
    lat, lon = content.unsigned(4), content.unsigned(4)
    draft.speed_mps = content.unsigned(1) * KMH_MPS
    flags = content.unsigned(2)
    if content.left >= _ALTITUDE_AND_ALARM:
        draft.altitude_m = float(content.signed(2))
        draft.bits("alarm", content.unsigned(1), _ALARMS, alarms=range(8))
    draft.course_deg = float(flags & 0x03FF)
    north, east = (1 if flags & 0x0400 else -1), (-1 if flags & 0x0800 else 1)
    valid = bool(flags & 0x1000)
    draft.locate(north * lat / _DEGREE, east * lon / _DEGREE, valid=valid)


def _read_compact(content: Reader, draft: Draft) -> None:
    draft.device_at = moment(*content.take(6))
    lat, lon = _compact_degrees(content), _compact_degrees(content)
    content.take(8)
    draft.speed_mps = content.unsigned(1) * KMH_MPS
    draft.course_deg = float(content.unsigned(1) * 2)
    draft.locate(lat, lon)


def _compact_degrees(content: Reader) -> float:
    degrees, fraction = content.unsigned(1), content.unsigned(3)
    value = degrees + (fraction & 0x0FFFFF) / 1_000_000
    return -value if fraction >> 20 else value


def _read_stations(content: Reader, draft: Draft, *, count: int, long: bool) -> None:
    draft.device_at = moment_of_six(content.take(6))
    for _ in range(count):
        draft.access_point(content.take(6).hex(), -content.unsigned(1))
    cells = content.unsigned(1)
    mcc, mnc = content.unsigned(2), content.unsigned(1)
    size = 4 if long else 2
    for _ in range(cells):
        lac, cid = content.unsigned(size), content.unsigned(size)
        draft.cell(mcc, mnc, lac, cid, -content.unsigned(1))
    if content.left:
        draft.bits("alarm", content.unsigned(1), _ALARMS, alarms=range(8))


def _answer(kind: int, length: int, content: bytes, received_at: Instant) -> bytes:
    if kind in _PLACES | _STATIONS:
        return _frame(length, kind, content[:6])
    if kind == _STATUS:
        return _frame(length, kind, content)
    return _time(received_at) if kind == _TIME else b""


def _time(received_at: Instant) -> bytes:
    now = received_at.to_datetime()
    parts = (now.month, now.day, now.hour, now.minute, now.second)
    return _frame(7, _TIME, now.year.to_bytes(2) + bytes(parts))


def _frame(length: int, kind: int, content: bytes) -> bytes:
    return _MARK + bytes((length, kind)) + content + _TAIL


_MARK, _TAIL = b"\x78\x78", b"\r\n"
_MARKS_MAX = 64
_HEAD_BYTES = 4
_DEGREE = 1_800_000
_ALTITUDE_AND_ALARM = 3
_LOG_IN, _STATUS, _TIME = 0x01, 0x13, 0x30
_SIGNALS = {0x99: (Signal.SOS,), 0x94: (Signal.VIBRATION,)}
_PLACES = frozenset({0x10, 0x11})
_COMPACT = frozenset({0x08, 0x09})
_STATIONS = frozenset({0x17, 0x18, 0x19, 0x69})
_LONG_CELLS = frozenset({0x18, 0x19})
_STORED = frozenset({0x09, 0x11, 0x17, 0x19})
_QUIET = frozenset({0x14, 0x15, 0x16, _TIME, 0x33, 0x41, 0x57, 0x80, 0x92, 0x93})
_ALARMS = {
    0: (Signal.VIBRATION,),
    1: (Signal.OVERSPEED,),
    4: (Signal.LOW_BATTERY,),
}
_TORN = Torn(begins=re.compile(rb"xx|\Ax\Z"))

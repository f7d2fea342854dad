"""Binary forms of `gl200`: the records of newer trackers, and an older form's alarms.

Newer (GL601, GL533): `2B 00 | length u16 | flags | IMEI 8 | type, version u16 each |
u8 | reserved | records | count u16 | CRC-8 | 24`, `2D` in place of `2B` out of the
memory. A record is `length | time u32 | count u16 | id | event | data`, its length
counts itself (qdc.queclinksz.com, GL601 @Track Protocol Pro, "Report"). What its SACK
looks like is not known, so it is not answered.

Older (`+RSP`, `+EVT`; from memory `+BSP`, `+BVT`): a number is the event. Which fields
follow differs by model and by a mask, so only what tells of an alarm is read: who, and
the first place that has its form, two coordinates and a date.
"""

import re
from itertools import islice

from adapters.devices.checksums import crc8_nrsc5
from adapters.devices.draft import KMH_MPS, Draft, NoFix
from adapters.devices.reading import Reader, UnreadableError, moment, moment_of_epoch
from adapters.devices.session import Cut
from engine.ports.device import ReportKind
from engine.values import DeviceId, Instant, Signal

HEAD = (
    rb"\+(?:RSP|BSP|EVT|BVT|INF|BNF|HBD|ACK|LGN|CRD|BRD)(?![:A-Z])"
    rb"|[+-]\x00(?=[\x00-\x05])"
)


def cut_binary(
    buffer: bytes, start: int, *, text: re.Pattern[bytes], bytes_max: int, final: bool
) -> Cut | None:
    """Find the end of a message by its length; another one's beginning ends a torn one.

    Args:
        buffer: all that has come.
        start: where the message begins.
        text: what a text message begins with.
        bytes_max: how long one may be.
        final: no more bytes will come.

    """
    up_to_next = Cut(start + 1, 0) if final else None
    newer = buffer[start + 1 : start + 2] == b"\0"
    mark = buffer[start : start + 4]
    offset, size = (2, 2) if newer else _LENGTHS.get(mark, _LENGTHS[b""])
    length = buffer[start + offset : start + offset + size]
    if len(length) < size:
        return up_to_next
    take = int.from_bytes(length)
    if not _MESSAGE_BYTES_MIN <= take <= bytes_max:
        return Cut(start + 1, 0)
    again = text.search(buffer, start + 1, start + take)
    if again is not None:
        return Cut(again.start(), 0)
    if start + take > len(buffer):
        inner = _whole_inside(buffer, start)
        return Cut(inner, 0) if inner else up_to_next
    if newer and buffer[start + take - 1 : start + take] != _TAIL:
        return Cut(start + 1, 0)
    return Cut(start, take)


def _whole_inside(buffer: bytes, start: int) -> int:
    """Return where a newer message stands whole, with its CRC, behind a torn one."""
    for head in islice(_NEWER.finditer(buffer, start + 1), _NEWER_MAX):
        at = head.start()
        take = int.from_bytes(buffer[at + 2 : at + 4])
        frame = buffer[at : at + take]
        fits = _MESSAGE_BYTES_MIN <= take == len(frame) and frame.endswith(_TAIL)
        if fits and crc8_nrsc5(frame[:-2]) == frame[-2]:
            return at
    return 0


def read_binary(frame: bytes, first: Draft) -> tuple[list[Draft], bytes]:
    """Read a message into as many drafts as it has records.

    Returns:
        The drafts, and the answer.

    Raises:
        UnreadableError: it is of a form that nobody has described.

    """
    if frame[1:2] == b"\0":
        return _read_records(frame, first), b""
    return [first], _read_event(frame, first)


def _read_records(frame: bytes, first: Draft) -> list[Draft]:
    content = Reader(frame[4:-4])
    content.take(2 if content.unsigned(1) & _SPLIT else 0)
    first.device = DeviceId(content.take(8).hex()[1:])
    content.take(5)  # type, version, and whose own version
    content.take(content.unsigned(1))
    first.checksum_ok = crc8_nrsc5(frame[:-2]) == frame[-2]
    first.sequence = int.from_bytes(frame[-4:-2])
    drafts: list[Draft] = []
    while content.left and len(drafts) < _RECORDS_MAX:
        draft = first.next(len(drafts))
        draft.buffered = frame[:1] == b"-"
        drafts.append(draft)
        size, used = _number(content)
        try:
            _read_record(Reader(content.take(size - used)), draft)
        except UnreadableError:
            draft.torn()
    if not drafts:
        message = "a report without a record"
        raise UnreadableError(message)
    if content.left:
        drafts.append(first.next(len(drafts)))
        drafts[-1].torn()
    return drafts


def _read_record(record: Reader, draft: Draft) -> None:
    """Read a record, its id first; its data as far as they are described."""
    draft.device_at = moment_of_epoch(record.unsigned(4))
    record.take(2)
    kind, event = record.unsigned(1), record.unsigned(1)
    if kind == _TAMPER and not event:
        draft.codes.append(f"record:0x{kind:02x}:0")  # released
    else:
        draft.look_up("record", kind, _RECORDS)
    draft.attributes["event"] = f"0x{kind:02x}"
    while record.left:
        key, _ = _number(record)
        size, _ = _number(record)
        value = Reader(record.take(size))
        if key in _PLACES and size >= _PLACES[key]:
            _read_place(value, draft)
        elif key == _CELL and size >= _CELL_BYTES:
            _read_cell(value, draft)
        elif key == _BATTERY and size:
            draft.battery_percent(value.unsigned(1))
        elif key == _BATTERY_STATE and size >= _BATTERY_STATE_BYTES:
            value.take(1)
            draft.attributes["battery_v"] = repr(value.unsigned(2) / 1000)
            draft.battery_percent(value.unsigned(1))
    if draft.no_fix_reason is NoFix.NOT_SENT and not draft.cells:
        draft.kind = ReportKind.HEARTBEAT


def _read_place(value: Reader, draft: Draft) -> None:
    """Read a place: the short one ends with its speed."""
    state = value.unsigned(1) >> 2 & 3
    lon, lat = value.signed(4), value.signed(4)
    at = moment_of_epoch(value.unsigned(4))
    draft.speed_mps = value.unsigned(2) / 10 * KMH_MPS
    draft.locate(lat / _DEGREE, lon / _DEGREE, valid=state == _FIXED, at=at)
    if value.left >= _PLACES[_LONG_PLACE] - _PLACES[_SHORT_PLACE]:
        draft.attributes["hdop"] = repr(value.unsigned(1) / 10)
        draft.course_deg = float(value.unsigned(2))
        draft.altitude_m = value.signed(3) / 10
        draft.attributes["satellites"] = str(value.unsigned(1))


def _read_cell(value: Reader, draft: Draft) -> None:
    digits = value.unsigned(1)
    network = f"{value.unsigned(3):0{min(digits, 6)}d}"
    lac, cid = value.unsigned(2), value.unsigned(4)
    draft.cell(int(network[:3]), int(network[3:] or "0"), lac, cid)


def _number(reader: Reader) -> tuple[int, int]:
    """Read a number of one byte, or of two where the first bit is set; and its size."""
    first = reader.unsigned(1)
    if first & 0x80:
        return (first & 0x7F) << 8 | reader.unsigned(1), 2
    return first, 1


def _read_event(frame: bytes, draft: Draft) -> bytes:
    """Read an alarm of the older form; return its answer."""
    mark, kind = frame[:4].decode("latin-1"), frame[4]
    table = _EVENTS if mark in {"+EVT", "+BVT"} else _REPORTS
    if mark not in _ALARMING or kind not in table or len(frame) < _OLDER_BYTES_MIN:
        message = "a binary message without an alarm that is described"
        raise UnreadableError(message)
    draft.signal(f"event:{mark[1:]}{kind}", *table[kind])
    draft.attributes["event"] = str(kind)
    draft.buffered = mark[1] == "B"
    name = frame[_NAME_AT : _NAME_AT + 8]
    if max(name[:7]) < 100 and name[7] < 10:  # noqa: PLR2004 - two digits each, and one
        digits = "".join(f"{pair:02d}" for pair in name[:7])
        draft.device = DeviceId(f"{digits}{name[7]}")
    draft.sequence = int.from_bytes(frame[-6:-4])
    draft.device_at = _date_at(frame, len(frame) - 13)
    _find_place(frame, draft)
    return f"+SACK:{draft.sequence:04X}$".encode()


def _find_place(frame: bytes, draft: Draft) -> None:
    for at in range(_NAME_AT + 16, len(frame) - 13):
        when = _date_at(frame, at)
        lon, lat = (
            int.from_bytes(frame[edge : edge + 4], signed=True) / _DEGREE
            for edge in (at - 8, at - 4)
        )
        if when is not None and abs(lon) <= 180 and abs(lat) <= 90:  # noqa: PLR2004
            draft.locate(lat, lon, at=when)
            return


def _date_at(frame: bytes, at: int) -> Instant | None:
    year = int.from_bytes(frame[at : at + 2])
    if not _YEAR_MIN <= year <= _YEAR_MAX:
        return None
    return moment(year, *frame[at + 2 : at + 7])


_NEWER, _NEWER_MAX = re.compile(rb"[+-]\x00(?=[\x00-\x05])"), 16
_TAIL = b"$"
_MESSAGE_BYTES_MIN = 8
# Where an older message keeps its length, and in how many bytes.
_LENGTHS = {
    b"+RSP": (9, 2),
    b"+BSP": (9, 2),
    b"+EVT": (9, 2),
    b"+BVT": (9, 2),
    b"+INF": (7, 2),
    b"+BNF": (7, 2),
    b"+HBD": (5, 1),
    b"+LGN": (6, 2),
    b"+CRD": (6, 2),
    b"+BRD": (6, 2),
    b"": (6, 1),
}
_SPLIT = 0x80
_RECORDS_MAX = 64
_DEGREE = 1_000_000
_FIXED = 2
_SHORT_PLACE, _LONG_PLACE = 0x51, 0x52
_PLACES = {_SHORT_PLACE: 15, _LONG_PLACE: 22}
_CELL, _CELL_BYTES = 0x55, 10
_BATTERY, _BATTERY_STATE, _BATTERY_STATE_BYTES = 0x0A, 0x61, 4
_TAMPER = 0x81
# Start, end, shock, crash and tamper: the vendor's pages; SOS, fence and battery as
# jaayesta/queclink-parser reads a GL533. 0x87, a light sensor's, stays unknown.
_RECORDS: dict[int, tuple[Signal, ...]] = {
    0x01: (Signal.POWER_ON,),
    0x03: (),
    0x04: (),
    0x05: (Signal.POWER_OFF,),
    0x10: (Signal.SOS,),
    0x11: (),
    0x12: (),
    0x17: (Signal.GEOFENCE,),
    0x20: (Signal.LOW_BATTERY,),
    0x21: (Signal.MOVEMENT,),
    0x28: (Signal.VIBRATION,),
    0x50: (),
    0x74: (Signal.ACCIDENT,),
    _TAMPER: (Signal.TAMPERED,),
    0x94: (),
    0xE0: (),
}
# What has one meaning in all models of NorbertoRios/eE9hv8AL, `queclinkreport`.
_ALARMING = frozenset({"+RSP", "+BSP", "+EVT", "+BVT"})
_REPORTS: dict[int, tuple[Signal, ...]] = {
    1: (Signal.MOVEMENT,),  # towed
    8: (Signal.GEOFENCE,),
    9: (Signal.OVERSPEED,),
    10: (Signal.SOS,),
    15: (Signal.HARSH_DRIVING,),
}
_EVENTS: dict[int, tuple[Signal, ...]] = {
    1: (Signal.POWER_ON,),
    2: (Signal.POWER_OFF,),
    3: (Signal.POWER_RESTORED,),
    4: (Signal.POWER_CUT,),
    6: (Signal.LOW_BATTERY,),
    20: (Signal.JAMMED,),
}
_NAME_AT, _OLDER_BYTES_MIN = 16, 38
_YEAR_MIN, _YEAR_MAX = 2010, 2099

"""What a `gt06` device sends, byte for byte: for the demo, the simulator and tests."""

from dataclasses import dataclass
from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.checksums import crc16_x25
from adapters.devices.gt06_packet import TAIL, Packet, frame_of
from adapters.devices.reading import UnreadableError, moment
from engine.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Gps:
    """The GPS part of a packet.

    `speed_kmh` is 0 to 255 and `course_deg` 0 to 359, whole as the wire has them.
    """

    lat_deg: float
    lon_deg: float
    at: Instant
    valid: bool = True
    satellites: int = 8
    speed_kmh: int = 0
    course_deg: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The cell that the device is registered with (3GPP TS 23.003)."""

    mcc: int
    mnc: int
    lac: int
    cid: int


def log_in(imei: str, *, serial: int = 1, zone: timedelta | None = None) -> bytes:
    """Return the log-in packet (0x01).

    Args:
        imei: 15 digits.
        serial: the packet's number, 0 to 65535.
        zone: how far the device's clock is ahead of UTC; None sends the short form.

    """
    content = bytes.fromhex(imei.zfill(16))
    if zone is not None:
        minutes = abs(zone) // timedelta(minutes=1)
        hundreds = minutes // 60 * 100 + minutes % 60
        west = 8 if zone < timedelta(0) else 0
        content += bytes(2) + (hundreds << 4 | west).to_bytes(2)
    return frame_of(tables.LOGIN, content, serial)


def location(gps: Gps, cell: Cell, *, serial: int) -> bytes:
    """Return a location packet (0x12)."""
    return frame_of(tables.PLACE, _gps(gps) + _cell(cell), serial)


def stored_location(gps: Gps, cell: Cell, *, serial: int) -> bytes:
    """Return a location packet (0x22) that says it was stored and sent later."""
    content = _gps(gps) + _cell(cell) + bytes((0, 0, 1))
    return frame_of(_STORED, content, serial)


def alarm(
    gps: Gps,
    cell: Cell,
    *,
    serial: int,
    code: int = 0x01,
    status: int = 0x20,
    kind: int = 0x16,
    battery_level: int = 4,
    language: int = 2,
) -> bytes:
    """Return an alarm packet; by default an SOS in both of its places.

    Args:
        gps: where.
        cell: the network's cell.
        serial: the packet's number.
        code: the alarm byte; 0x01 is SOS.
        status: the status byte; bits 3 to 5 are 4 for SOS.
        kind: 0x16 or 0x26.
        battery_level: 0 to 6.
        language: 1 Chinese, 2 English.

    """
    state = bytes((status, battery_level, 4, code, language))
    return frame_of(kind, _gps(gps) + b"\x09" + _cell(cell) + state, serial)


def heartbeat(*, serial: int, status: int = 0, battery_level: int = 4) -> bytes:
    """Return a heartbeat (0x13); status 0x20 makes it an SOS without a place."""
    content = bytes((status, battery_level, 4, 0, 1))
    return frame_of(tables.STATUS_PACKET, content, serial)


def with_device_time(
    frame: bytes, at: Instant, *, zone: timedelta = timedelta(0)
) -> bytes:
    """Return a captured packet as if sent at another moment, its CRC made good.

    Args:
        frame: one whole frame of any type; one that has no time (a log-in, a
            heartbeat, a text) comes back as it is.
        at: the new moment; the wire has whole seconds.
        zone: how far the device's clock is ahead of UTC.

    """
    try:
        packet = Packet.of(frame)
    except UnreadableError:
        return frame
    start = 5 if packet.extended else 4
    local = at.plus(zone).to_datetime()
    parts = (local.year % 100, local.month, local.day)
    clock = (local.hour, local.minute, local.second)
    if packet.is_bare and not packet.extended:
        packed = bytes.fromhex("".join(f"{part:02d}" for part in parts + clock))
        return frame[:start] + packed + frame[start + 6 :]
    changed = bytearray(frame)
    for offset in _dates(packet):
        changed[start + offset : start + offset + 6] = bytes(parts + clock)
    for offset in _epochs(packet):
        seconds = at.ms // 1000
        changed[start + offset : start + offset + 4] = seconds.to_bytes(4)
    if changed == frame:
        return frame
    if packet.serial is not None and changed[-2:] == TAIL:
        changed[-4:-2] = crc16_x25(bytes(changed[2:-4])).to_bytes(2)
    return bytes(changed)


def _dates(packet: Packet) -> tuple[int, ...]:
    """Return where dates of six bytes stand in the content."""
    kind, content = packet.type, packet.content
    if packet.extended:
        dated = kind in tables.EXTENDED_CELLS | {tables.TYPED_CELL, tables.ENGINE}
        return (0,) if dated and _is_date(content, 0) else ()
    if kind not in _DATED:
        return ()
    if kind == tables.X1:
        return (4,) if _is_date(content, 4) else ()
    if kind == tables.CAMERA and content[:2] == b"\xff\xff":
        return (3,) if _is_date(content, 3) else ()
    for offsets in ((0,), (9, 15), (8,)):
        if all(_is_date(content, offset) for offset in offsets):
            return offsets
    return ()


def _epochs(packet: Packet) -> tuple[int, ...]:
    """Return where Unix times stand: in a modular packet, and of a battery box."""
    if packet.extended and packet.type == tables.BOX:
        return (0,)
    if not (packet.extended and packet.type == tables.MODULES):
        return ()
    at, found = 0, []
    while at + 4 <= len(packet.content):
        module, size = packet.content[at : at + 2], packet.content[at + 2 : at + 4]
        if module == b"\x00\x33":
            found.append(at + 4)
        at += 4 + int.from_bytes(size)
    return tuple(found)


def _is_date(content: bytes, offset: int) -> bool:
    date = content[offset : offset + 6]
    return len(date) == _DATE_BYTES and moment(*date) is not None


def _gps(gps: Gps) -> bytes:
    local = gps.at.to_datetime()
    date = (local.year % 100, local.month, local.day)
    flags = gps.course_deg & 0x03FF
    flags |= 0x1000 if gps.valid else 0
    flags |= 0x0400 if gps.lat_deg >= 0 else 0
    flags |= 0x0800 if gps.lon_deg < 0 else 0
    return (
        bytes((*date, local.hour, local.minute, local.second))
        + bytes((0xC0 | gps.satellites & 15,))
        + round(abs(gps.lat_deg) * _DEGREE).to_bytes(4)
        + round(abs(gps.lon_deg) * _DEGREE).to_bytes(4)
        + bytes((gps.speed_kmh,))
        + flags.to_bytes(2)
    )


def _cell(cell: Cell) -> bytes:
    network = cell.mcc.to_bytes(2) + bytes((cell.mnc,))
    return network + cell.lac.to_bytes(2) + cell.cid.to_bytes(3)


_DEGREE = 1_800_000
_STORED = 0x22
_DATE_BYTES = 6
_DATED = (
    tables.PLACES | tables.CELLS | {tables.CAMERA, tables.STATIONS, tables.CELL_STATUS}
)

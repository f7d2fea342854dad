"""What the packets of `gt06` hold, type by type."""

import re
from dataclasses import dataclass
from datetime import timedelta

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.gt06_cells import (
    is_date,
    is_network_cells,
    read_cells,
    read_network_cells,
    read_stations,
)
from adapters.devices.gt06_packet import Packet
from adapters.devices.gt06_parts import (
    read_alarm,
    read_cell,
    read_counted_cell,
    read_gps,
    read_network,
    read_status,
    read_status_bits,
    read_typed_cell,
    set_battery,
    set_place,
)
from adapters.devices.gt06_vehicle import (
    read_after_cell,
    read_after_status,
    read_box,
    read_engine,
    read_heartbeat_modules,
    read_information,
    read_key_place,
    read_recording,
    read_seeworld,
    read_supply,
    read_warmth,
    read_wearer,
    read_x1,
)
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    decimal,
    moment,
    moment_of_digits,
    moment_of_epoch,
    text_of,
)
from adapters.devices.rows import read_row
from engine.ports.device import ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the roster and its log-in say of a device.

    `zone` is how far its clock is ahead of UTC, `family` that of its model.
    """

    zone: timedelta
    family: str = ""


def read_content(packet: Packet, draft: Draft, known: Known) -> None:
    """Read what a packet holds into a report.

    Args:
        packet: any but a log-in.
        draft: keeps whatever was read where the packet turns out to be torn.
        known: what is known of the device.

    Raises:
        UnreadableError: it does not hold what its type requires.

    """
    content = Reader(packet.content)
    zone, meanings = known.zone, tables.meanings_of(known.family)
    kind = packet.type
    if packet.extended and kind not in tables.EITHER:
        _read_extended(kind, content, draft, zone)
    elif kind in tables.QUIET:
        _read_quiet(kind, content, draft)
    elif kind in tables.STATUS:
        _read_beat(kind, content, draft, known)
    elif packet.is_bare:
        read_stations(content, draft, count=draft.frame[2])
    elif kind in tables.PLACES | tables.CELLS:
        _read_place_or_cells(kind, content, draft, zone, meanings)
    elif kind in tables.CELL_ALARM:
        _read_cell_alarm(kind, content, draft, zone, meanings)
    elif kind == tables.CAMERA:
        _read_camera(content, draft, zone)
    elif kind == tables.STATIONS:
        draft.device_at = moment(*content.take(_DATE_BYTES), offset=zone)
        for _ in range(content.unsigned(1)):
            content.take(2)
            draft.access_point(content.take(6).hex())
    else:
        message = "a type that nobody has described"
        raise UnreadableError(message)


def _read_quiet(kind: int, content: Reader, draft: Draft) -> None:
    draft.kind = ReportKind.HEARTBEAT
    if kind == tables.TEXT:
        # Its length, four bytes of the server's, the text, a language.
        length, *reply = content.rest() or b"\0"
        said = text_of(bytes(reply[4:length]))
        draft.said(said)
        if said.startswith("<ICCID:"):
            draft.attributes["iccid"] = said[7:27]
    elif kind == tables.EXTENDED_TEXT:
        _read_text(content, draft)
    elif kind == tables.INFORMATION:
        read_row(content, draft, (("external_v", 2, 100),))


def is_dated_cells(packet: Packet) -> bool:
    """Say whether a cell status packet is the long form: a date, no status."""
    return (
        not packet.extended
        and packet.type == tables.CELL_STATUS
        and len(packet.content) >= _DATED_CELLS_BYTES
    )


def _read_place_or_cells(
    kind: int,
    content: Reader,
    draft: Draft,
    zone: timedelta,
    meanings: tables.Meanings,
) -> None:
    if kind == tables.FENCE and content.left == _WEARER_BYTES:
        read_wearer(content, draft)
    elif kind == tables.FENCE and content.left < _GPS_BYTES:
        read_status(content, draft, meanings)
        draft.buffered = content.rest()[-1:] == b"\x01"
    elif kind == tables.WIDE_CELL and content.left == _DATED_CELL_BYTES:
        draft.device_at = moment(*content.take(_DATE_BYTES), offset=zone)
        read_cell(content, draft)
    elif kind == tables.CARD_OR_PHONE and content.left == _CELL_AND_PHONE_BYTES:
        read_cell(content, draft)
        _read_phone(content, draft, meanings)
    elif kind == tables.CARD_OR_PHONE and content.left != _PLACE_AND_CARD_BYTES:
        message = "neither a card nor a telephone, by its length"
        raise UnreadableError(message)
    elif is_network_cells(kind, content.peek(content.left)):
        read_network_cells(content, draft, zone)
    elif kind in tables.CELLS and content.peek(7)[6:] < _GPS_MARK:
        read_cells(kind, content, draft, zone, meanings)
    else:
        _read_place(kind, content, draft, zone, meanings)


def _read_place(
    kind: int,
    content: Reader,
    draft: Draft,
    zone: timedelta,
    meanings: tables.Meanings,
) -> None:
    if kind == tables.X1:
        draft.attributes["alarm_type"] = f"0x{content.unsigned(4):08x}"
    elif kind == tables.KEY:
        content.take(_IMEI_BYTES)
    prefixed = _skip_prefix(content)
    read_gps(content, draft, zone)
    if prefixed or kind in tables.WITH_STATUS:
        _read_with_status(kind, content, draft, meanings, prefixed=prefixed)
    elif kind in _OWN_CELLS:
        _read_behind_place(kind, content, draft, meanings)
    elif kind == tables.ADDRESS_REQUEST or (
        kind == tables.PLACE_AND_PHONE and content.left == _PHONE_AND_ALARM_BYTES
    ):
        _read_phone(content, draft, meanings)
    elif kind in tables.WITH_CELL | tables.CELLS and content.left:
        long = kind in tables.LONG_CELLS
        wide = kind == tables.WIDE_CELL or (kind, content.left) == tables.SL4X_PLACE
        if (kind, content.left) == tables.SEEWORLD_PLACE:
            read_seeworld(content, draft)
            return
        read_cell(content, draft, lac=4 if long else 2, mnc=2 if wide else None)
        head = 6 if draft.frame[:1] == _LONG_MARK else 5
        length = len(draft.frame) - head
        read_after_cell(kind, content, draft, meanings, length=length)
    elif kind == tables.X1:
        read_x1(content, draft)
    elif kind == tables.CARD_OR_PHONE:
        read_cell(content, draft)
        draft.attributes["driver"] = content.take(8).hex()


def _read_with_status(
    kind: int,
    content: Reader,
    draft: Draft,
    meanings: tables.Meanings,
    *,
    prefixed: bool,
) -> None:
    """Read a cell behind its length, and the status behind it."""
    fence = kind in tables.WITH_FENCE_NUMBER
    tail, is_longer = _STATUS_BYTES + fence, kind == tables.PLACE_AND_STATUS
    read_counted_cell(content, draft, tail=tail, is_longer=is_longer)
    if prefixed:
        content.take(1 if kind == tables.XT40 else 0)
        read_status_bits(content.unsigned(1), draft)
        read_supply(content, draft, meanings)
        return
    if content.left == _STATUS_AND_KEY_BYTES and meanings is tables.ALARMS:
        meanings = tables.KEY_ALARMS
    alarm = read_status(content, draft, meanings)
    if kind == tables.PLACE_AND_HEIGHT and content.left == _LANGUAGE_AND_HEIGHT:
        content.take(1)
        draft.altitude_m = float(content.signed(2))
        return
    read_after_status(alarm, content, draft, fence=fence)


def _read_behind_place(
    kind: int, content: Reader, draft: Draft, meanings: tables.Meanings
) -> None:
    """Read what stands behind a place with a cell of its own form."""
    if kind == tables.MODULE_ALARM:
        read_typed_cell(content, draft)
        read_status(content, draft, meanings)
        read_heartbeat_modules(content, draft)
    elif kind == tables.TYPED_CELL:
        draft.attributes["event"] = str(content.unsigned(1))
        draft.buffered = content.unsigned(1) > 0
        read_typed_cell(content, draft)
    else:
        read_cell(content, draft, cid=4)
        draft.attributes["driver"] = str(content.unsigned(6))


def _read_cell_alarm(
    kind: int,
    content: Reader,
    draft: Draft,
    zone: timedelta,
    meanings: tables.Meanings,
) -> None:
    if kind == tables.CELL_STATUS and content.left >= _DATED_CELLS_BYTES:
        draft.device_at = moment(*content.take(6), offset=zone)
        draft.attributes["cells_hex"] = content.rest().hex()
    elif kind == tables.CELL_STATUS:
        read_counted_cell(content, draft, tail=_STATUS_BYTES)
        read_status(content, draft, meanings)
    else:
        read_cell(content, draft, lac=4)
        if kind == tables.CELL_ADDRESS:
            _read_phone(content, draft, meanings)
        else:
            read_status(content, draft, meanings)


def _read_phone(content: Reader, draft: Draft, meanings: tables.Meanings) -> None:
    """Pass over the telephone that wants an address; read of what alarm."""
    content.take(_PHONE_BYTES)
    read_alarm(content, draft, meanings)


def _read_camera(content: Reader, draft: Draft, zone: timedelta) -> None:
    if content.peek(2) == b"\xff\xff":
        content.take(3)
        draft.device_at = moment(*content.take(6), offset=zone)
        draft.attributes["satellites"] = str(content.unsigned(1) & 15)
        lat, lon, flags = (content.unsigned(size) for size in (4, 4, 2))
        draft.speed_mps = content.unsigned(2) * KMH_MPS
        draft.attributes["external_v"] = repr(content.unsigned(2) / 10)
        set_place(draft, lat, lon, flags)
    else:
        draft.device_at = moment(*content.take(6), offset=zone)
        if content.left > _CAMERA_SHORT_BYTES:
            lat, lon, flags = (content.unsigned(size) for size in (4, 4, 2))
            set_place(draft, lat, lon, flags)
    alarm = content.unsigned(1)
    draft.look_up("camera", alarm, tables.CAMERA_ALARMS)
    draft.attributes["event"] = str(alarm)
    read_recording(content, draft)


def _read_extended(kind: int, content: Reader, draft: Draft, zone: timedelta) -> None:
    if kind in tables.EXTENDED_QUIET:
        draft.kind = ReportKind.HEARTBEAT
        if kind == tables.SERIAL_PORT:
            draft.said(content.peek(content.left)[1:].hex())
            _read_serial_port(content, draft)
        elif kind == tables.INFORMATION:
            read_information(content, draft)
        elif kind == tables.ENGINE:
            draft.device_at = moment(*content.take(6), offset=zone)
            read_engine(content, draft)
        elif kind == tables.BOX:
            draft.device_at = moment_of_epoch(int.from_bytes(content.peek(4)))
            read_box(content, draft)
    elif kind == tables.EXTENDED_TEXT:
        _read_text(content, draft)
    elif kind in tables.EXTENDED_CELLS:
        _read_az735(kind, content, draft, zone)
    elif kind == tables.MODULES:
        _read_modules(content, draft)
    else:
        message = "an extended type that nobody has described"
        raise UnreadableError(message)


def _read_serial_port(content: Reader, draft: Draft) -> None:
    """Read what hangs on the serial port: a thermometer, or a reader of keys."""
    said = text_of(content.rest()[1:]).rstrip("\r\n\0 ")
    draft.number("temperature_c", said.lstrip("+"))
    if len(said) > _THERMOMETER_CHARS_MAX:
        draft.attributes["driver"] = said[1:_DRIVER_CHARS_MAX]


def _read_az735(kind: int, content: Reader, draft: Draft, zone: timedelta) -> None:
    when = content.take(6)
    draft.device_at = moment(*when, offset=zone)
    if content.unsigned(1):
        body = Reader(when + content.take(_GPS_BYTES - 6))
        read_gps(body, draft, zone)
    cell = Reader(content.take(max(content.unsigned(1) - 1, 0)))
    if cell.left:
        mcc, mnc = read_network(cell)
        lac, cid = cell.unsigned(2), cell.unsigned(3)
        strength = content.unsigned(1)
        draft.attributes["gsm"] = str(strength)
        draft.cell(mcc, mnc, lac, cid, -strength)
    content.take(content.unsigned(1))
    stations = Reader(content.take(content.unsigned(1)))
    while stations.left >= _STATION_BYTES:
        draft.access_point(stations.take(6).hex(), -stations.unsigned(1))
    status = content.unsigned(1)
    draft.attributes["status"] = f"0x{status:02x}"
    if kind == tables.EXTENDED_ALARM or status in tables.AZ735_ALARMS:
        draft.look_up("az735", status, tables.AZ735_ALARMS)
        if status in tables.AZ735_ARMED:
            draft.flag("armed", tables.AZ735_ARMED[status])


def _read_beat(kind: int, content: Reader, draft: Draft, known: Known) -> None:
    meanings = tables.meanings_of(known.family)
    if kind != tables.MODULE_HEARTBEAT:
        _read_heartbeat(kind, content, draft, known.family, meanings)
    elif _is_key_place(content.peek(content.left)):
        read_gps(content, draft, known.zone)
        read_key_place(content, draft)
    else:
        draft.kind = ReportKind.HEARTBEAT
        read_status(content, draft, meanings)
        read_heartbeat_modules(content, draft)


def _read_heartbeat(
    kind: int,
    content: Reader,
    draft: Draft,
    family: str,
    meanings: tables.Meanings,
) -> None:
    """Read a heartbeat; some models have volts where others have an alarm."""
    draft.kind = ReportKind.HEARTBEAT
    long = content.left >= _LONG_HEARTBEAT_BYTES
    is_plain = kind == tables.STATUS_PACKET and not long
    if is_plain and not family and content.left >= _STATUS_AND_ALARM_BYTES:
        read_status(content, draft, meanings)
        return
    read_status_bits(content.unsigned(1), draft)
    if kind == tables.HEARTBEAT:
        draft.flag("armed", int(draft.attributes["status"], 16) & 1)
        if content.left >= _VOLTS_AND_SIGNAL:
            draft.attributes["battery_v"] = f"{content.unsigned(2) / 100:.2f}"
            if content.left:
                draft.attributes["gsm"] = str(content.unsigned(1))
        return
    if long:
        draft.attributes["gsm"] = str(content.unsigned(2) & 0x1F)
        read_alarm(content, draft, meanings)
        content.take(1)
        draft.battery_percent(content.unsigned(1))
        read_warmth(content, draft)
        return
    _read_plain_beat(family, content, draft, meanings)


def _read_plain_beat(
    family: str, content: Reader, draft: Draft, meanings: tables.Meanings
) -> None:
    if family == "R11":
        read_row(content, draft, (("external_v", 2, 100),))
    else:
        set_battery(content.unsigned(1), draft)
    draft.attributes["gsm"] = str(content.unsigned(1))
    if family == "LW":
        draft.attributes["external_v"] = repr((content.unsigned(2) & 0x0FFF) / 10)
    elif family == "SEEWORLD":
        read_row(content, draft, (("external_v", 1, 1),))
    elif content.left:
        read_alarm(content, draft, meanings)


def _read_modules(content: Reader, draft: Draft) -> None:
    while content.left:
        module = content.unsigned(2)
        body = Reader(content.take(content.unsigned(2)))
        match module:
            case 0x03:
                draft.attributes["iccid"] = body.rest().hex()
            case 0x11:
                mcc, mnc, area = (body.unsigned(2) for _ in range(3))
                draft.cell(mcc, mnc, area, body.unsigned(3))
            case 0x18:
                draft.attributes["battery_v"] = f"{body.unsigned(2) / 100:.2f}"
            case 0x29:
                draft.sequence = body.unsigned(4)
            case 0x2A | 0x2B | 0x34:
                _read_module_alarm(module, body.unsigned(1), draft)
            case 0x33:
                draft.device_at = moment_of_epoch(body.unsigned(4))
                draft.attributes["satellites"] = str(body.unsigned(1))
                draft.altitude_m = float(body.signed(2))
                lat, lon = body.unsigned(4), body.unsigned(4)
                draft.speed_mps = body.unsigned(1) * KMH_MPS
                set_place(draft, lat, lon, body.unsigned(2))
            case _:
                read_row(body, draft, tables.MODULE_ROWS.get(module, ()))


def _read_module_alarm(module: int, value: int, draft: Draft) -> None:
    """Read inputs, why the device started, or an event."""
    if module == 0x2A:  # noqa: PLR2004 - inputs: doors, and from bit 4 on covers
        draft.flag("door", value & 0x0F)
        draft.flag("tampered", value >> 4)
        if value >> 4:
            draft.signal("module:0x2a", *tables.TAMPER_INPUT)
        return
    is_start = module == 0x2B  # noqa: PLR2004
    draft.attributes["boot_reason" if is_start else "event"] = str(value)
    meanings = tables.MODULE_STARTS if is_start else tables.MODULE_EVENTS
    place = f"module:0x{module:02x}"
    if value in meanings:
        draft.look_up(place, value, meanings)
    elif not is_start:
        draft.codes.append(f"{place}:0x{value:02x}")


def _read_text(content: Reader, draft: Draft) -> None:
    """Read the reply to a command by text; one of them is a place."""
    draft.kind = ReportKind.HEARTBEAT
    said = content.rest()
    is_wide = said[4:5] == b"\x02"  # behind four bytes of the server's
    text = said[5:].decode("utf-16-be", "replace") if is_wide else text_of(said)
    found = _TEXT_PLACE.search(text)
    if found:
        draft.kind = ReportKind.REPORT
        north, lat, east, lon, course, speed, date, time = found.groups()
        draft.device_at = moment_of_digits(
            date[2:].replace("-", ""), time.replace(":", "")
        )
        draft.course_deg = decimal(course)
        draft.speed_mps = decimal(speed) * KMH_MPS
        draft.locate(
            decimal(lat) * (1 if north == "N" else -1),
            decimal(lon) * (1 if east == "E" else -1),
        )


def _is_key_place(content: bytes) -> bool:
    """Say whether a 4G heartbeat is TRX16i's place: by length, date and GPS mark."""
    return (
        len(content) == _KEY_PLACE_BYTES
        and is_date(content)
        and content[_DATE_BYTES:][:1] >= _GPS_MARK
    )


def _skip_prefix(content: Reader) -> bool:
    """Pass over what some models put before the date; true for those with a status.

    QH302R has its IMEI there, NT20 and XT40 a byte, it, and when they sent it.
    """
    head = content.peek(_XT40_PREFIX + _DATE_BYTES)
    if is_date(head):
        return False
    if _is_imei(head[1:]) and is_date(head[9:]) and is_date(head[_XT40_PREFIX:]):
        content.take(_XT40_PREFIX)
        return True
    if _is_imei(head) and is_date(head[_IMEI_BYTES:]):
        content.take(_IMEI_BYTES)
    return False


def _is_imei(data: bytes) -> bool:
    return data[:_IMEI_BYTES].hex().isdecimal()


_OWN_CELLS = frozenset({tables.MODULE_ALARM, tables.TYPED_CELL, tables.KEY})
_TEXT_PLACE = re.compile(
    r"Lat:([NS])([\d.]{1,12}),Lon:([EW])([\d.]{1,12}),Course:([\d.]{1,8}),"
    r"Speed:([\d.]{1,8}),DateTime:(\d{4}-\d\d-\d\d) {1,4}(\d\d:\d\d:\d\d)"
)
_DATE_BYTES, _DATED_CELL_BYTES = 6, 14
_GPS_BYTES = 18
_GPS_MARK = b"\xc0"  # the GPS part is 12 bytes long: its high nibble; no MCC has it
_STATION_BYTES = 7
_PHONE_BYTES, _PHONE_AND_ALARM_BYTES, _CELL_AND_PHONE_BYTES = 21, 23, 31
_PLACE_AND_CARD_BYTES = 35
_THERMOMETER_CHARS_MAX, _DRIVER_CHARS_MAX = 8, 64
_STATUS_BYTES, _STATUS_AND_ALARM_BYTES, _STATUS_AND_KEY_BYTES = 5, 4, 13
_IMEI_BYTES, _WEARER_BYTES, _KEY_PLACE_BYTES = 8, 19, 48
_LANGUAGE_AND_HEIGHT = 3
_LONG_MARK = b"\x79"
_VOLTS_AND_SIGNAL = 2
_CAMERA_SHORT_BYTES = 3
_DATED_CELLS_BYTES = 18
_LONG_HEARTBEAT_BYTES = 14
_XT40_PREFIX = 15

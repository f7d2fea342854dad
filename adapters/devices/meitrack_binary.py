"""Binary batches of `meitrack`: `CCE` with numbered parameters, `CCC` with records."""

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.meitrack_events import EVENTS
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    moment_of_epoch,
    text_of,
)
from adapters.devices.rows import read_row


def read_parameters(data: bytes, first: Draft) -> list[Draft]:
    """Read a `CCE` batch; a record that cannot be read does not spoil the others.

    One that is cut off, or beyond those that a frame has room for, is the last.
    """
    reader = Reader(data, little_endian=True)
    reader.take(4)
    drafts: list[Draft] = []
    for part in range(reader.unsigned(2)):
        draft = first.next(part)
        drafts.append(draft)
        try:
            size = reader.unsigned(2) if part < _RECORDS_MAX else reader.left + 1
            record = Reader(reader.take(size), little_endian=True)
        except UnreadableError:
            draft.torn()
            break
        try:
            _read_record(record, draft)
        except UnreadableError:
            draft.torn()
    return drafts or [first]


def read_fixed(data: bytes, first: Draft) -> list[Draft]:
    """Read a `CCC` batch; the device drops as many records as we then answer."""
    reader = Reader(data, little_endian=True)
    reader.take(2)
    size = reader.unsigned(2)
    reader.take(4)
    drafts: list[Draft] = []
    while size and reader.left >= size and len(drafts) < _RECORDS_MAX:
        draft = first.next(len(drafts))
        drafts.append(draft)
        try:
            _read_fixed_record(Reader(reader.take(size), little_endian=True), draft)
        except UnreadableError:
            draft.torn()
    if not drafts:
        message = "a batch without a record"
        raise UnreadableError(message)
    return drafts


def _read_record(record: Reader, draft: Draft) -> None:
    record.take(2)
    values: dict[int, int] = {}
    for size in (1, 2, 4):
        for _ in range(record.unsigned(1)):
            key = _key(record)
            values[key] = record.unsigned(size)
            if key in _EVENT_KEYS:
                draft.look_up("event", values[key], EVENTS)
                draft.attributes["event"] = str(values[key])
    for _ in range(record.unsigned(1)):
        key = _key(record)
        field = Reader(record.take(record.unsigned(1)), little_endian=True)
        _read_field(key, field, draft)
    _fill(values, draft)
    _keep(values, draft)


def _read_field(key: int, field: Reader, draft: Draft) -> None:
    if key == _CELL:
        mcc, mnc, lac = (field.unsigned(2) for _ in range(3))
        draft.cell(mcc, mnc, lac, field.unsigned(4))
    elif key == _BATTERY:
        field.take(1)
        draft.battery_percent(field.unsigned(1))
    elif key in _STATIONS and field.left >= _STATION_BYTES:
        draft.access_point(field.take(6).hex(), field.signed(2))
    elif key in _THERMOMETERS and field.left >= _THERMOMETER_BYTES:
        field.take(1)
        name = temperature_name(key - _THERMOMETERS.start)
        draft.attributes[name] = repr(field.signed(2) / 100)
    elif key == _RECORDING and field.left > 1:
        _read_recording(field, draft)
    elif key == _SENSOR and field.left > 1:
        _read_sensor(field, draft)


def temperature_name(place: int) -> str:
    """Return the name of what a thermometer says, by its place."""
    return "temperature_c" if place == 1 else f"temperature{place}_c"


def _read_recording(field: Reader, draft: Draft) -> None:
    """Read of which alarm something was recorded, and the file's name."""
    field.take(1)
    draft.attributes["alarm_type"] = str(field.unsigned(1))
    draft.attributes["files"] = text_of(field.rest()[:_FILE_BYTES_MAX]).strip("\0 ")


def _read_sensor(field: Reader, draft: Draft) -> None:
    """Read a sensor in reach: name, address, battery and the air."""
    field.take(1)
    name = text_of(field.take(min(field.unsigned(1), field.left))).strip("\0 ")
    draft.attributes["tag1_name"] = name[:_FILE_BYTES_MAX]
    if field.left >= _SENSOR_BYTES:
        draft.attributes["tag1_mac"] = field.take(6).hex()
        draft.attributes["tag1_battery_percent"] = str(field.unsigned(1))
        draft.attributes["tag1_temperature_c"] = repr(field.signed(2) / 256)
        draft.attributes["tag1_humidity_percent"] = repr(field.unsigned(2) / 256)


def _fill(values: dict[int, int], draft: Draft) -> None:
    if _TIME in values:
        draft.device_at = moment_of_epoch(values[_TIME] + _EPOCH_2000_S)
    if _SPEED in values:
        draft.speed_mps = values[_SPEED] * KMH_MPS
    if _COURSE in values:
        draft.course_deg = float(values[_COURSE])
    if _ALTITUDE in values:
        draft.altitude_m = float(_signed(values[_ALTITUDE], 16))
    if _BATTERY_PERCENT in values:
        draft.battery_percent(values[_BATTERY_PERCENT])
    if _LAT in values and _LON in values:
        lat, lon = _signed(values[_LAT], 32), _signed(values[_LON], 32)
        draft.locate(lat / _DEGREE, lon / _DEGREE, valid=values.get(_VALID, 0) == 1)


def _keep(values: dict[int, int], draft: Draft) -> None:
    kept = draft.attributes
    for key, value in values.items():
        named = _NUMBERS.get(key)
        if named is not None:
            name, units = named
            kept[name] = str(value) if units == 1 else repr(round(value / units, 3))
    if _LOCK in values:
        draft.flag("locked", values[_LOCK])
    if _DILUTION in values:
        kept["hdop"] = f"{values[_DILUTION] / 10:.1f}"


def _read_fixed_record(record: Reader, draft: Draft) -> None:
    event = record.unsigned(1)
    draft.look_up("event", event, EVENTS)
    draft.attributes["event"] = str(event)
    lat, lon = record.signed(4), record.signed(4)
    draft.device_at = moment_of_epoch(record.unsigned(4) + _EPOCH_2000_S)
    valid = record.unsigned(1) == 1
    draft.attributes["satellites"] = str(record.unsigned(1))
    draft.attributes["gsm"] = str(record.unsigned(1))
    draft.speed_mps = record.unsigned(2) * KMH_MPS
    draft.course_deg = float(record.unsigned(2))
    draft.attributes["hdop"] = f"{record.unsigned(2) / 10:.1f}"
    draft.altitude_m = float(record.signed(2))
    draft.attributes["odometer_m"] = str(record.unsigned(4))
    draft.attributes["runtime_s"] = str(record.unsigned(4))
    mcc, mnc, lac, cid = (record.unsigned(2) for _ in range(4))
    draft.cell(mcc, mnc, lac, cid)
    if record.left >= 2:  # noqa: PLR2004 - a u16
        draft.attributes["status"] = f"0x{record.unsigned(2):04x}"
    read_row(record, draft, _WIRES)
    draft.locate(lat / _DEGREE, lon / _DEGREE, valid=valid)


def _key(record: Reader) -> int:
    key = record.unsigned(1)
    return key << 8 | record.unsigned(1) if key == _LONG_KEY else key


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


_RECORDS_MAX = 256
_DEGREE = 1_000_000
_EPOCH_2000_S = 946_684_800
_LONG_KEY = 0xFE
_EVENT_KEYS = frozenset({0x01, 0x40})
_VALID, _LAT, _LON, _TIME = 0x05, 0x02, 0x03, 0x04
_SPEED, _COURSE, _ALTITUDE = 0x08, 0x09, 0x0B
_NUMBERS: dict[int, tuple[str, float]] = {
    0x06: ("satellites", 1),
    0x07: ("gsm", 1),
    0x0C: ("odometer_m", 1),
    0x0D: ("runtime_s", 1),
    0x14: ("output", 1),
    0x15: ("input", 1),
    0x16: ("adc1", 100),
    0x17: ("adc2", 100),
    0x18: ("adc3", 100),
    0x19: ("battery_v", 100),
    0x1A: ("external_v", 100),
    # Of an engine.
    0x91: ("obd_kmh", 1),
    0x92: ("obd_kmh", 1),
    0x97: ("throttle_percent", 1),
    0x98: ("fuel_used_l", 1),
    0x99: ("engine_rpm", 1),
    0x9C: ("coolant_c", 1),
    0x9B: ("obd_odometer_m", 1),
    0x9D: ("fuel", 1),
    0x9F: ("temperature_c", 1),
    0xA0: ("fuel_used_l", 1000),
    0xA2: ("fuel_use", 100),
    0xC9: ("fuel_use", 1),
    0xFEF4: ("engine_s", 1 / 60),
}
_WIRES = (("adc1", 2, 1), ("battery_v", 2, 100), ("external_v", 2, 100))
_LOCK, _RECORDING, _SENSOR = 0x47, 0xFE31, 0xFE73
_THERMOMETERS = range(0x2A, 0x32)
_THERMOMETER_BYTES, _SENSOR_BYTES, _FILE_BYTES_MAX = 3, 11, 64
_DILUTION = 0x0A
_BATTERY_PERCENT = 0xFE69
_CELL = 0x0E
_BATTERY = 0xFEA8
_STATIONS = frozenset({0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24})
_STATION_BYTES = 8

"""Binary batches of `meitrack`: `CCE` with numbered parameters, `CCC` with records."""

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.meitrack_events import EVENTS
from adapters.devices.reading import Reader, UnreadableError, moment_of_epoch


def read_parameters(data: bytes, first: Draft) -> list[Draft]:
    """Read a `CCE` batch; a record that cannot be read does not spoil the others."""
    reader = Reader(data, little_endian=True)
    reader.take(4)
    drafts: list[Draft] = []
    for part in range(min(reader.unsigned(2), _RECORDS_MAX)):
        draft = first.next(part)
        drafts.append(draft)
        size = reader.unsigned(2)
        try:
            record = Reader(reader.take(size), little_endian=True)
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
    for _ in range(record.unsigned(1)):
        key = _key(record)
        field = Reader(record.take(record.unsigned(1)), little_endian=True)
        if key == _CELL:
            mcc, mnc, lac = (field.unsigned(2) for _ in range(3))
            draft.cell(mcc, mnc, lac, field.unsigned(4))
        elif key == _BATTERY:
            field.take(1)
            draft.battery_percent(field.unsigned(1))
        elif key in _STATIONS and field.left >= _STATION_BYTES:
            draft.access_point(field.take(6).hex(), field.signed(2))
    _fill(values, draft)


def _fill(values: dict[int, int], draft: Draft) -> None:
    if _TIME in values:
        draft.device_at = moment_of_epoch(values[_TIME] + _EPOCH_2000_S)
    if _SPEED in values:
        draft.speed_mps = values[_SPEED] * KMH_MPS
    if _COURSE in values:
        draft.course_deg = float(values[_COURSE])
    if _ALTITUDE in values:
        draft.altitude_m = float(_signed(values[_ALTITUDE], 16))
    for key, name in _COUNTS.items():
        if key in values:
            draft.attributes[name] = str(values[key])
    if _DILUTION in values:
        draft.attributes["hdop"] = f"{values[_DILUTION] / 10:.1f}"
    if _BATTERY_PERCENT in values:
        draft.battery_percent(values[_BATTERY_PERCENT])
    if _LAT in values and _LON in values:
        lat, lon = _signed(values[_LAT], 32), _signed(values[_LON], 32)
        draft.locate(lat / _DEGREE, lon / _DEGREE, valid=values.get(_VALID, 0) == 1)


def _read_fixed_record(record: Reader, draft: Draft) -> None:
    draft.look_up("event", record.unsigned(1), EVENTS)
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
    record.take(4)
    mcc, mnc, lac, cid = (record.unsigned(2) for _ in range(4))
    draft.cell(mcc, mnc, lac, cid)
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
_COUNTS = {0x06: "satellites", 0x07: "gsm", 0x0C: "odometer_m"}
_DILUTION = 0x0A
_BATTERY_PERCENT = 0xFE69
_CELL = 0x0E
_BATTERY = 0xFEA8
_STATIONS = frozenset({0x1D, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24})
_STATION_BYTES = 8

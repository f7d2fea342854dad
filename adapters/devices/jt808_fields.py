"""Types, alarm bits and additional fields of `jt808` (JT/T 808, table 24 and 27)."""

from collections.abc import Callable

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader, integer, text_of
from engine.values import Signal

REGISTER, PLACE, BATCH, TIME = 0x0100, 0x0200, 0x0704, 0x0109
COUNTED_TEXT, WIDE_TEXT = 0x0701, 0x1300
SHORT_INDEX = frozenset({0x5501, 0x5502})
ACKNOWLEDGED = frozenset({0x0002, 0x0102, PLACE, BATCH, 0x0900, 0x1007, 0x8888})
QUIET = frozenset(
    {0x0001, 0x0002, 0x0102, 0x0104, 0x0107, TIME, 0x0701, 0x0800, 0x0801, 0x0900}
    | {0x1007, 0x1300, 0x2070, 0x6006, 0x8888}
)

ALARMS: dict[int, tuple[Signal, ...]] = {
    0: (Signal.SOS,),
    1: (Signal.OVERSPEED,),
    2: (Signal.HARSH_DRIVING,),
    4: (Signal.FAULT,),
    5: (Signal.FAULT,),
    6: (Signal.FAULT,),
    7: (Signal.LOW_BATTERY,),
    8: (Signal.POWER_OFF,),
    9: (Signal.FAULT,),
    10: (Signal.FAULT,),
    11: (Signal.FAULT,),
    12: (Signal.FAULT,),
    13: (Signal.OVERSPEED,),
    14: (Signal.HARSH_DRIVING,),
    16: (Signal.TAMPERED,),
    17: (Signal.TAMPERED,),
    18: (Signal.LOW_BATTERY,),
    19: (),  # parked too long
    20: (Signal.GEOFENCE,),
    21: (Signal.GEOFENCE,),
    22: (),  # time on a route
    23: (Signal.GEOFENCE,),
    24: (Signal.FAULT,),
    25: (Signal.VEHICLE,),
    26: (Signal.VEHICLE,),
    27: (Signal.VEHICLE,),
    28: (Signal.MOVEMENT,),
    29: (Signal.ACCIDENT,),
    30: (Signal.ACCIDENT,),
    31: (Signal.VEHICLE,),
}


def read_field(key: int, value: Reader, draft: Draft) -> None:
    """Add what an additional field says; those of vehicles are passed over.

    Raises:
        UnreadableError: it is shorter than its key requires.

    """
    reader = _READERS.get(key)
    if reader is not None:
        reader(value, draft)


def read_reply(kind: int, body: Reader, draft: Draft) -> None:
    """Read what a terminal answered to a command, where it is text."""
    if kind == COUNTED_TEXT and body.left > _COUNT_BYTES:
        if body.unsigned(4) == body.left:
            draft.said(text_of(body.rest()))
    elif kind == WIDE_TEXT:
        draft.said(body.rest()[2:].decode("utf-16-be", "replace"))


def _read_percent(value: Reader, draft: Draft) -> None:
    """Read the battery where it is one byte, or the second of two."""
    if value.left == 1 or (value.left == 2 and value.take(1)):  # noqa: PLR2004
        draft.battery_percent(value.unsigned(1))


def _read_wide_percent(value: Reader, draft: Draft) -> None:
    draft.battery_percent(value.unsigned(2))
    if value.left == _VOLTS_AND_STATE_BYTES:
        draft.attributes["battery_v"] = f"{value.unsigned(2) / 100:.2f}"


def _read_charge(value: Reader, draft: Draft) -> None:
    """Read what feeds the terminal (0 is a charger), and the battery."""
    if value.left == 2:  # noqa: PLR2004 - both are sent
        draft.flag("charging", value.peek(1) == b"\0")
    _read_percent(value, draft)


def _read_distance(value: Reader, draft: Draft) -> None:
    if value.left == _DISTANCE_BYTES:
        draft.attributes["odometer_m"] = str(value.unsigned(4) * 100)


def _read_motion(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        draft.flag("moving", value.unsigned(1))


def _read_steps(value: Reader, draft: Draft) -> None:
    if value.left == 2:  # noqa: PLR2004 - other lengths are other fields
        draft.attributes["steps"] = str(value.unsigned(2))


def _read_gsm(value: Reader, draft: Draft) -> None:
    draft.attributes["gsm"] = str(value.unsigned(1))


def _read_satellites(value: Reader, draft: Draft) -> None:
    draft.attributes["satellites"] = str(value.unsigned(1))


def _read_stations(value: Reader, draft: Draft) -> None:
    while value.left >= _STATION_BYTES:
        draft.access_point(value.take(6).hex(), -value.unsigned(1))


def _read_wide_cell(value: Reader, draft: Draft) -> None:
    _read_cell(value, draft, mnc=2, lac=3)


def _read_narrow_cell(value: Reader, draft: Draft) -> None:
    _read_cell(value, draft, mnc=1, lac=2)


def _read_cell(value: Reader, draft: Draft, *, mnc: int, lac: int) -> None:
    if value.left >= _CELL_BYTES:
        mcc, network = value.unsigned(2), value.unsigned(mnc)
        area = value.unsigned(lac)
        draft.cell(mcc, network, area, value.unsigned(4))


def _read_jimi_alarm(value: Reader, draft: Draft) -> None:
    """Read the alarm of Jimi's terminals, told by a kind and a code."""
    if value.left == _JIMI_ALARM_BYTES:
        kind, code = value.unsigned(1), value.unsigned(1)
        signals = _JIMI_ALARMS.get((kind, code), (Signal.UNKNOWN,))
        draft.signal(f"jimi:0x{kind:02x}{code:02x}", *signals)


def _read_extension(value: Reader, draft: Draft) -> None:
    """Read SeeWorld's nested fields, or a list of cells under the same key."""
    if int.from_bytes(value.peek(2)) > _NESTED_LENGTH_MAX:
        mcc, mnc = value.unsigned(2), value.unsigned(1)
        while value.left >= _SHORT_CELL_BYTES:
            lac, cid = value.unsigned(2), value.unsigned(2)
            draft.cell(mcc, mnc, lac, cid, -value.unsigned(1))
        return
    while value.left >= _NESTED_HEAD_BYTES:
        length, key = value.unsigned(2), value.unsigned(2)
        field = Reader(value.take(length - 2))
        match key:
            case 0x0089:
                inverted = ~field.unsigned(4) & 0xFFFFFFFF
                draft.bits("eb89", inverted, _INVERTED_ALARMS)
            case 0x002D if field.left == _VOLTS_BYTES:  # four are the vehicle's
                draft.attributes["battery_v"] = f"{field.unsigned(2) / 1000:.3f}"
            case 0x00A8 | 0x00E1:
                draft.battery_percent(field.unsigned(1))
            case 0x00D8:
                _read_narrow_cell(field, draft)
            case 0x00B9:
                _read_station_text(text_of(field.rest()), draft)
            case _:
                pass


def _read_station_text(text: str, draft: Draft) -> None:
    parts = text[1:].strip("\0,").split(",")
    for mac, strength in zip(parts[::2], parts[1::2], strict=False):
        if mac.count(":") == _MAC_COLONS:
            draft.access_point(mac, integer(strength))


_STATION_BYTES = 7
_COUNT_BYTES = _DISTANCE_BYTES = 4
_VOLTS_BYTES = 2
_VOLTS_AND_STATE_BYTES = 4
_CELL_BYTES = 9
_SHORT_CELL_BYTES = 5
_NESTED_HEAD_BYTES = 4
_NESTED_LENGTH_MAX = 200
_MAC_COLONS = 5
_JIMI_ALARM_BYTES = 20
_JIMI_ALARMS = {
    (0x0C, 0x01): (Signal.SOS,),
    (0x04, 0x06): (Signal.VIBRATION,),
}
# Active low: a zero is the alarm (SeeWorld W15L: Traccar PR #5848).
_INVERTED_ALARMS = {
    0: (Signal.POWER_OFF,),
    12: (Signal.REMOVED,),
}
_READERS: dict[int, Callable[[Reader, Draft], None]] = {
    0x01: _read_distance,
    0x06: _read_percent,
    0x30: _read_gsm,
    0x31: _read_satellites,
    0xD4: _read_percent,
    0xE1: _read_wide_cell,
    0xE3: _read_wide_percent,
    0xE4: _read_charge,
    0xE5: _read_motion,
    0xE8: _read_jimi_alarm,
    0xEB: _read_extension,
    0xEC: _read_stations,
    0xEE: _read_narrow_cell,
    0xF8: _read_steps,
    0xFE: _read_percent,
}

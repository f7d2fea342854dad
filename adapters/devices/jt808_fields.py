"""Types, alarm bits and additional fields of `jt808` (JT/T 808, table 24 and 27)."""

import re
from collections.abc import Mapping

from adapters.devices import jt808_alarms as alarms
from adapters.devices.draft import Draft
from adapters.devices.jt808_vehicle import BY_LENGTH, FieldReader, row_reader
from adapters.devices.jt808_vehicle import READERS as VEHICLE
from adapters.devices.reading import Reader, UnreadableError, integer, text_of
from adapters.devices.rows import read_row
from engine.values import Signal

REGISTER, PLACE, BATCH, TIME = 0x0100, 0x0200, 0x0704, 0x0109
SHORT_BATCH = 0x0210
# What was asked for: where it is, or how an order to a vehicle went.
ASKED_PLACES = frozenset({0x0201, 0x0500})
PLACES = ASKED_PLACES | {PLACE, BATCH, SHORT_BATCH}
COUNTED_TEXT, WIDE_TEXT, CODED_TEXT = 0x0701, 0x1300, 0x6006
HEARTBEAT, ATTRIBUTES, ACCELERATION, PASSED_ON = 0x0002, 0x0107, 0x2070, 0x0900
BLIND = 0x5502
SHORT_INDEX = frozenset({0x5501, BLIND})
ACKNOWLEDGED = frozenset(
    {0x0002, 0x0003, 0x0102, 0x0107, 0x0506, PLACE, BATCH, SHORT_BATCH}
    | {0x0900, 0x1007, 0x6006, 0x8888}
)
# A photograph or a recording: announced, or its data.
MEDIA_DATA = 0x0801
MEDIA = frozenset({0x0800, MEDIA_DATA})
QUIET = MEDIA | frozenset(
    {0x0004, 0x0005, 0x0108, 0x0301, 0x0302, 0x0303, 0x0700, 0x0705, 0x0802, 0x0805}
    | {
        0x0A00,
        0x0001,
        0x0002,
        0x0003,
        0x0102,
        0x0104,
        0x0107,
        TIME,
        0x0506,
        0x0701,
        0x0702,
    }
    | {0x0900, 0x1007, 0x1300, 0x2070, 0x6006, 0x8888}
)

AlarmBits = Mapping[int, tuple[Signal, ...]]
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
    15: (Signal.VIBRATION,),
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
    26: (Signal.VEHICLE, Signal.UNKNOWN),  # stolen: somebody has to look
    27: (Signal.VEHICLE,),
    28: (Signal.MOVEMENT,),
    29: (Signal.ACCIDENT,),
    30: (Signal.ACCIDENT,),
    31: (Signal.VEHICLE,),
}


# Makers that have other alarms in the same bits (as the Traccar server reads them).
_OF_MODELS: Mapping[str, AlarmBits] = {
    # Padlocks: cut open, or taken off.
    **dict.fromkeys(
        ("G-360P", "G-508P"),
        ALARMS | {0: (Signal.REMOVED,), 4: (Signal.REMOVED,), 1: (Signal.TAMPERED,)},
    ),
    **dict.fromkeys(("AL300", "GL100"), ALARMS | {16: (Signal.MOVEMENT,)}),
    "VL300": ALARMS | {29: (), 30: ()},
}


def alarms_of(model: str) -> AlarmBits:
    """Return what the alarm bits of a model mean."""
    return _OF_MODELS.get(model.upper(), ALARMS)


def read_field(key: int, value: Reader, draft: Draft) -> bool:
    """Add what an additional field says; say whether it has what its key requires.

    One that has not must not hide the alarm that stands in a later one.
    """
    try:
        reader = _READERS.get(key)
        if reader is not None:
            reader(value, draft)
        if key in BY_LENGTH and value.is_untouched:
            BY_LENGTH[key](value, draft)
    except UnreadableError:
        return False
    return True


def read_reply(kind: int, body: Reader, draft: Draft) -> None:
    """Read what a terminal answered to a command, where it is text."""
    if kind == COUNTED_TEXT and body.left > _COUNT_BYTES:
        if body.unsigned(4) == body.left:
            draft.said(text_of(body.rest()))
    elif kind == CODED_TEXT:
        draft.said(body.rest()[1:].decode("gbk", "replace"))
    elif kind == WIDE_TEXT:
        draft.said(body.rest()[2:].decode("utf-16-be", "replace"))
    elif kind == HEARTBEAT and body.left >= _BEAT_BYTES:
        draft.battery_percent(body.unsigned(1))
        draft.attributes["gsm"] = str(body.unsigned(1))
        draft.attributes["status"] = f"0x{body.unsigned(1):02x}"
    elif kind == ATTRIBUTES and body.left >= _ATTRIBUTE_BYTES:
        draft.attributes["iccid"] = body.take(_ATTRIBUTE_BYTES)[34:].hex()
    elif kind == ACCELERATION:
        _read_acceleration(body, draft)
    elif kind in MEDIA and body.left > _MEDIA_EVENT:
        event = body.take(_MEDIA_EVENT + 1)[_MEDIA_EVENT]
        if event in _MEDIA_EVENTS:
            draft.signal(f"media:0x{event:02x}", *_MEDIA_EVENTS[event])


def _read_acceleration(body: Reader, draft: Draft) -> None:
    """Keep a list of accelerations, each of three axes with a bit for the sign."""
    samples: list[str] = []
    while body.left >= _SAMPLE_BYTES and len(samples) < _SAMPLES_MAX:
        body.take(6)  # when it was taken
        values = (body.unsigned(2) for _ in range(3))
        axes = (-(v & 0x7FFF) if v & 0x8000 else v for v in values)
        samples.append(f"[{','.join(map(str, axes))}]")
    draft.attributes["acceleration"] = f"[{','.join(samples)}]"


def _read_percent(value: Reader, draft: Draft) -> None:
    """Read the battery where it is one byte, or the second of two."""
    if value.left == 1 or (value.left == 2 and value.take(1)):  # noqa: PLR2004
        draft.battery_percent(value.unsigned(1))


def _read_wide_percent(value: Reader, draft: Draft) -> None:
    if value.left == 1:
        return  # of a padlock, nothing that anybody has described
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


def _read_signed_stations(value: Reader, draft: Draft) -> None:
    """Read stations, or of two bytes alarms of a vehicle's driving (G10LS)."""
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.bits("f4", value.unsigned(2), _DRIVING)
    while value.left >= _STATION_BYTES:
        draft.access_point(value.take(6).hex(), value.signed(1))


def _read_long_cells(value: Reader, draft: Draft) -> None:
    while value.left >= _LONG_CELL_BYTES:
        mcc, mnc = value.unsigned(2), value.unsigned(2)
        cid, lac = value.unsigned(4), value.unsigned(4)
        draft.cell(mcc, mnc, lac, cid, -value.unsigned(1))


def _read_spare_percent(value: Reader, draft: Draft) -> None:
    """Read the battery where it is one byte, or that it is being charged."""
    if value.left != 1:
        return
    percent = value.unsigned(1)
    draft.battery_percent(percent)
    if percent == _ON_A_CHARGER:
        draft.flag("charging", value=True)


def _read_wide_cells(value: Reader, draft: Draft) -> None:
    """Read cells of one network, or the battery."""
    _read_spare_percent(value, draft)
    if value.left < _WIDE_CELLS_BYTES or (value.left - 4) % _WIDE_CELL_BYTES:
        _read_cell(value, draft, mnc=2, lac=3)
        return
    mcc, mnc = value.unsigned(2), value.unsigned(2)
    while value.left >= _WIDE_CELL_BYTES:
        lac, cid = value.unsigned(3), value.unsigned(4)
        value.take(1)
        draft.cell(mcc, mnc, lac, cid)


def _read_narrow_cell(value: Reader, draft: Draft) -> None:
    _read_cell(value, draft, mnc=1, lac=2)


def _read_cell(value: Reader, draft: Draft, *, mnc: int, lac: int) -> None:
    if value.left >= _CELL_BYTES:
        mcc, network = value.unsigned(2), value.unsigned(mnc)
        area = value.unsigned(lac)
        draft.cell(mcc, network, area, value.unsigned(4))


def _read_counted_cells(cid: int) -> FieldReader:
    """Return what reads cells behind their count, each with its network (G10LS)."""
    size = 6 + cid

    def read(value: Reader, draft: Draft) -> None:
        if value.left != 1 + int.from_bytes(value.peek(1)) * size:
            return
        for _ in range(value.unsigned(1)):
            mcc, mnc, lac = (value.unsigned(each) for each in (2, 1, 2))
            draft.cell(mcc, mnc, lac, value.unsigned(cid), -abs(value.signed(1)))

    return read


def _read_counted_stations(value: Reader, draft: Draft) -> None:
    """Read stations behind their count (G10LS)."""
    if value.left == 1 + int.from_bytes(value.peek(1)) * _STATION_BYTES:
        for _ in range(value.unsigned(1)):
            draft.access_point(value.take(6).hex(), -abs(value.signed(1)))


def _read_extension(value: Reader, draft: Draft) -> None:
    """Read SeeWorld's nested fields, or a list of cells under the same key."""
    if _PRINTABLE.fullmatch(value.peek(value.left)):
        draft.attributes["timezone"] = text_of(value.rest())
        return
    if int.from_bytes(value.peek(2)) > _NESTED_LENGTH_MAX:
        mcc, mnc = value.unsigned(2), value.unsigned(1)
        while value.left >= _SHORT_CELL_BYTES:
            lac, cid = value.unsigned(2), value.unsigned(2)
            draft.cell(mcc, mnc, lac, cid, -value.unsigned(1))
        return
    while value.left >= _NESTED_HEAD_BYTES:
        length, key = value.unsigned(2), value.unsigned(2)
        field = Reader(value.take(length - 2))
        reader = _NESTED.get(key)
        try:
            if reader is not None:
                reader(field, draft)
        except UnreadableError:
            draft.attributes["incomplete"] = "true"


def _read_inverted_alarms(value: Reader, draft: Draft) -> None:
    inverted = ~value.unsigned(4) & 0xFFFFFFFF
    draft.bits("eb89", inverted, _INVERTED_ALARMS)


def _read_supply(value: Reader, draft: Draft) -> None:
    """Read volts: of the battery in two bytes, of the vehicle in four."""
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.attributes["battery_v"] = f"{value.unsigned(2) / 1000:.3f}"
    else:
        read_row(value, draft, (("external_v", 4, 1000),))


def _read_second_tank(value: Reader, draft: Draft) -> None:
    draft.number("fuel2", text_of(value.rest()[:6]))


def _read_sim(value: Reader, draft: Draft) -> None:
    draft.attributes["iccid"] = value.rest()[:10].hex().rstrip("f")


def _read_states(value: Reader, draft: Draft) -> None:
    """Read a zero for a vibration, and whether it moves (SeeWorld W15L, 0x00C5).

    In bits 23 and 24 a 0 says that it does, 1 that it stands (traccar #5848).
    """
    if value.left < 4:  # noqa: PLR2004 - a u32
        return
    states = value.unsigned(4)
    draft.bits("ebc5", ~states & 0xFFFFFFFF, _INVERTED_STATES)
    moving = states >> 23 & 3
    if moving < 2:  # noqa: PLR2004 - two are not described
        draft.flag("moving", not moving)


def _read_level(value: Reader, draft: Draft) -> None:
    draft.battery_percent(value.unsigned(1))


def _read_station_list(value: Reader, draft: Draft) -> None:
    _read_station_text(text_of(value.rest()), draft)


def _read_station_text(text: str, draft: Draft) -> None:
    parts = text[1:].strip("\0,").split(",")
    for mac, strength in zip(parts[::2], parts[1::2], strict=False):
        if mac.count(":") == _MAC_COLONS:
            draft.access_point(mac, integer(strength))


# What made it be taken: 0 is an order, 1 a timer (JT/T 808-2011, 0x0800 and 0x0801).
_MEDIA_EVENT = 6
_MEDIA_EVENTS = {2: (Signal.SOS,), 3: (Signal.ACCIDENT,)}
_DRIVING: dict[int, tuple[Signal, ...]] = {
    **dict.fromkeys(range(4), (Signal.HARSH_DRIVING,)),
    4: (Signal.ACCIDENT,),
    5: (Signal.ACCIDENT,),
}
_BEAT_BYTES, _ATTRIBUTE_BYTES = 3, 44
_SAMPLE_BYTES, _SAMPLES_MAX = 12, 64
_PRINTABLE = re.compile(rb"[ -~]+")
_NESTED: dict[int, FieldReader] = {
    0x0001: row_reader(("fuel1", 2, 10)),
    0x0023: _read_second_tank,
    0x002D: _read_supply,
    0x0089: _read_inverted_alarms,
    0x00A8: _read_level,
    0x00B2: _read_sim,
    0x00B9: _read_station_list,
    0x00C5: _read_states,
    0x00C6: alarms.read_battery_alarm,
    0x00CE: row_reader(("external_v", 2, 100)),
    0x00D8: _read_narrow_cell,
    0x00E1: _read_level,
}
_STATION_BYTES = 7
_COUNT_BYTES = _DISTANCE_BYTES = 4
_VOLTS_AND_STATE_BYTES = 4
_CELL_BYTES, _LONG_CELL_BYTES = 9, 13
_WIDE_CELLS_BYTES, _WIDE_CELL_BYTES = 12, 8
_ON_A_CHARGER = 0xFF
_SHORT_CELL_BYTES = 5
_NESTED_HEAD_BYTES = 4
_NESTED_LENGTH_MAX = 200
_MAC_COLONS = 5
# Active low: a zero is the alarm (SeeWorld W15L: Traccar PR #5848).
_INVERTED_STATES: dict[int, tuple[Signal, ...]] = {6: (Signal.VIBRATION,)}
_INVERTED_ALARMS = {
    0: (Signal.POWER_OFF,),
    12: (Signal.REMOVED,),
}
_READERS: dict[int, FieldReader] = VEHICLE | {
    0x01: _read_distance,
    0x06: _read_percent,
    0x30: _read_gsm,
    0x31: _read_satellites,
    0x53: _read_counted_cells(2),
    0x54: _read_counted_stations,
    0x57: alarms.read_switches,
    0x5D: _read_counted_cells(4),
    0x70: alarms.read_driving,
    0xD0: alarms.read_states,
    0xD4: _read_percent,
    0xE1: _read_wide_cells,
    0xE3: _read_wide_percent,
    0xE4: _read_charge,
    0xE5: _read_motion,
    0xE7: alarms.read_buttons,
    0xE8: alarms.read_jimi,
    0xE9: _read_spare_percent,
    0xEB: _read_extension,
    0xEC: _read_stations,
    0xEE: _read_narrow_cell,
    0xF0: _read_long_cells,
    0xF4: _read_signed_stations,
    0xF8: _read_steps,
    0xFE: alarms.read_marked,
}

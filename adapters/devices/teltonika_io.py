"""Codecs and IO elements of `teltonika`; wiki.teltonika-gps.com, per-model AVL ids."""

import struct

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import Reader, UnreadableError
from engine.values import Signal

GH3000, CODEC_8, CODEC_8E, CODEC_16 = 0x07, 0x08, 0x8E, 0x10
TEXT_CODECS = frozenset({0x0C, 0x0D, 0x0E, 0x0F})
WIDE_ID = frozenset({CODEC_8E, CODEC_16})
CODECS = WIDE_ID | TEXT_CODECS | {GH3000, CODEC_8}


def read_element(element: int, value: int, event: int, draft: Draft) -> None:
    """Add what one IO element says.

    Args:
        element: its AVL id.
        value: as sent, unsigned.
        event: the id of the element that made the device send the record.
        draft: the record's report.

    """
    if element == _BATTERY_PERCENT:
        draft.battery_percent(value)
    elif element in _VALUES:
        draft.look_up(f"io{element}", value, _VALUES[element])
    elif element in _ALARMS and value:
        draft.signal(f"io{element}:{value}", *_ALARMS[element])
    elif element == event and element in _EVENTS and value:
        draft.signal(f"io{element}:{value}", *_EVENTS[element])
    elif element in _COUNTS:
        draft.attributes[_COUNTS[element]] = str(value)
    elif element in _FRACTIONS:
        name, units = _FRACTIONS[element]
        draft.attributes[name] = f"{value / units:g}"
    elif element in _FLAGS:
        draft.flag(_FLAGS[element], value)


def read_variable(element: int, value: bytes, draft: Draft) -> None:
    """Add what an element of variable length says; a button may come as one."""
    if len(value) <= _NUMBER_BYTES_MAX:
        read_element(element, int.from_bytes(value), element, draft)


def read_priority(priority: int, draft: Draft) -> None:
    """Add the record's priority: panic without a known element is of unknown kind."""
    if priority >= _PANIC and not draft.signals:
        draft.signal(f"priority:{priority}", Signal.UNKNOWN)


def read_gh3000_place(reader: Reader, draft: Draft) -> None:
    """Read the place part of a codec 7 record."""
    mask = reader.unsigned(1)
    lat, lon = struct.unpack(">ff", reader.take(8)) if mask & 1 else (None, None)
    if mask & 2:
        draft.altitude_m = float(reader.unsigned(2))
    if mask & 4:
        draft.course_deg = reader.unsigned(1) * 360 / 256
    if mask & 8:
        draft.speed_mps = reader.unsigned(1) * KMH_MPS
    if mask & 16:
        draft.attributes["satellites"] = str(reader.unsigned(1))
    lac, cid = (reader.unsigned(2), reader.unsigned(2)) if mask & 32 else (0, 0)
    if mask & 64:
        reader.take(1)
    operator = reader.unsigned(4) if mask & 128 else 0
    draft.cell(operator // 100, operator % 100, lac, cid)
    if lat is not None:
        if not (abs(lat) <= _LAT_MAX_DEG and abs(lon) <= _LON_MAX_DEG):
            message = "no place on earth"
            raise UnreadableError(message)
        draft.locate(lat, lon)


def read_gh3000_element(element: int, value: int, draft: Draft) -> None:
    """Add what one element of codec 7 says."""
    if element == _GH3000_BATTERY:
        draft.battery_percent(value)
    elif element in _GH3000_ALARMS and value:
        draft.signal(f"gh3000-io{element}:{value}", *_GH3000_ALARMS[element])


_PANIC = 2
_NUMBER_BYTES_MAX = 8
_LAT_MAX_DEG, _LON_MAX_DEG = 90, 180
_BATTERY_PERCENT = 113
_GH3000_BATTERY = 1
_COUNTS = {16: "odometer_m", 21: "gsm"}
_FRACTIONS = {66: ("external_v", 1000), 67: ("battery_v", 1000), 182: ("hdop", 10)}
_FLAGS = {116: "charging", 239: "ignition", 240: "moving"}

# Alarms of personal trackers, whatever made the device send the record.
_ALARMS = {
    236: (Signal.SOS,),  # alarm button
    242: (Signal.FALL,),  # man-down
    389: (Signal.BUTTON,),  # a button whose use the profile knows
}
# Model-dependent ids: they count only as the event of their record.
_EVENTS = {
    155: (Signal.GEOFENCE,),
    156: (Signal.GEOFENCE,),
    157: (Signal.GEOFENCE,),
    158: (Signal.GEOFENCE,),
    159: (Signal.GEOFENCE,),
    175: (Signal.GEOFENCE,),
    246: (Signal.MOVEMENT,),  # towing
    247: (Signal.ACCIDENT,),
    249: (Signal.JAMMED,),
    252: (Signal.POWER_CUT,),
    255: (Signal.OVERSPEED,),
}
_VALUES: dict[int, dict[int, tuple[Signal, ...]]] = {
    253: {
        0: (),
        1: (Signal.HARSH_DRIVING,),
        2: (Signal.HARSH_DRIVING,),
        3: (Signal.HARSH_DRIVING,),
    },
}
_GH3000_ALARMS = {
    221: (Signal.BUTTON,),
    222: (Signal.SOS,),
}

"""Codecs and IO elements of `teltonika`; wiki.teltonika-gps.com, per-model AVL ids."""

import struct
from collections.abc import Callable, Iterable

from adapters.devices.draft import KMH_MPS, Draft
from adapters.devices.reading import Reader, UnreadableError, text_of
from engine.values import Signal

_Read = Callable[[int, Draft], None]

GH3000, CODEC_8, CODEC_8E, CODEC_16 = 0x07, 0x08, 0x8E, 0x10
DATED_TEXT = 0x0D
TEXT_CODECS = frozenset({0x0C, 0x0D, 0x0E, 0x0F})
WIDE_ID = frozenset({CODEC_8E, CODEC_16})
CODECS = WIDE_ID | TEXT_CODECS | {GH3000, CODEC_8}


def read_elements(
    elements: Iterable[tuple[int, int]], event: int, draft: Draft
) -> None:
    """Add what IO elements say, each an AVL id and its value."""
    kept = draft.attributes
    for element, value in elements:
        if element in _READERS:
            read_element(element, value, event, draft)
        else:
            kept[f"io{element}"] = str(value)


def read_element(element: int, value: int, event: int, draft: Draft) -> None:
    """Add what one IO element of those that are described says.

    Args:
        element: its AVL id.
        value: as sent, unsigned.
        event: the id of the element that made the device send the record.
        draft: the record's report.

    """
    if element in _SIGNALLING:
        draft.attributes[f"io{element}"] = str(value)
        _read_signal(element, value, event, draft)
    else:
        _READERS[element](value, draft)


def _read_signal(element: int, value: int, event: int, draft: Draft) -> None:
    if element in _VALUES:
        draft.look_up(f"io{element}", value, _VALUES[element])
    elif element in _ALARMS and element == event and value:
        draft.signal(f"io{element}:{value}", *_ALARMS[element])
    elif element in _ALARMS:
        draft.level(f"io{element}:{value}", *_ALARMS[element], is_set=bool(value))
    elif element == event and element in _EVENTS and value:
        draft.signal(f"io{element}:{value}", *_EVENTS[element])


def read_variable(element: int, value: bytes, draft: Draft) -> None:
    """Add what an element of variable length says; a button may come as one."""
    if element in _TEXTS:
        said = text_of(value[:_TEXT_BYTES_MAX]).strip("\0 ")
        draft.attributes[_TEXTS[element]] = said
    elif element == _BEACONS:
        _read_beacons(Reader(value), draft)
    elif element in _TAG_LISTS:
        _read_tags(Reader(value), draft)
    elif len(value) <= _NUMBER_BYTES_MAX and element in _READERS:
        read_element(element, int.from_bytes(value), element, draft)
    else:
        draft.attributes[f"io{element}"] = value[:_TEXT_BYTES_MAX].hex()


def _read_beacons(data: Reader, draft: Draft) -> None:
    """Read the beacons in reach: iBeacon by 16 bytes and two numbers, or Eddystone."""
    kept = draft.attributes
    try:
        data.take(1)
        for place in range(1, _TAGS_MAX + 1):
            if not data.left:
                break
            flags = data.unsigned(1)
            if flags >> 4:
                kept[f"beacon{place}_uuid"] = data.take(16).hex()
                kept[f"beacon{place}_major"] = str(data.unsigned(2))
                kept[f"beacon{place}_minor"] = str(data.unsigned(2))
            else:
                kept[f"beacon{place}_namespace"] = data.take(10).hex()
                kept[f"beacon{place}_instance"] = data.take(6).hex()
            kept[f"beacon{place}_rssi_dbm"] = str(data.signed(1))
            if flags & 2:
                kept[f"beacon{place}_battery_v"] = repr(data.unsigned(2) / 100)
            if flags & 4:
                kept[f"beacon{place}_temperature"] = str(data.unsigned(2))
    except UnreadableError:
        return


def _read_tags(data: Reader, draft: Draft) -> None:
    """Read sensors in reach; the end of a torn list is let go."""
    try:
        data.take(1)
        for place in range(1, _TAGS_MAX + 1):
            if not data.left:
                break
            tag = Reader(data.take(data.unsigned(1)))
            while tag.left:
                key = tag.unsigned(1)
                _read_tag(key, tag.take(tag.unsigned(1)), f"tag{place}", draft)
    except UnreadableError:
        return


def _read_tag(key: int, value: bytes, tag: str, draft: Draft) -> None:
    kept = draft.attributes
    number = int.from_bytes(value)
    if key == 0x00:
        kept[f"{tag}_rssi_dbm"] = str(int.from_bytes(value, signed=True))
    elif key in _TAG_BYTES:
        kept[f"{tag}_{_TAG_BYTES[key]}"] = value[:_TAG_BYTES_MAX].hex()
    elif key == 0x02 and value[0:1] >= b"\x80" and len(value) > 1:  # noqa: PLR2004
        kept[f"{tag}_battery_v"] = repr((value[1] * 10 + 2000) / 1000)
    elif key == 0x05:  # noqa: PLR2004 - its name
        kept[f"{tag}_name"] = text_of(value[:_TAG_BYTES_MAX]).strip("\0 ")
    elif key == 0x06:  # noqa: PLR2004 - hundredths of a degree
        kept[f"{tag}_temperature_c"] = repr(int.from_bytes(value, signed=True) / 100)
    elif key == 0x07:  # noqa: PLR2004 - percent
        kept[f"{tag}_humidity_percent"] = str(number)
    elif key == 0x0E:  # noqa: PLR2004 - millivolts
        kept[f"{tag}_battery_v"] = repr(number / 1000)


def read_priority(priority: int, draft: Draft) -> None:
    """Add the record's priority: panic without its element is of unknown kind.

    What the record says besides, of a vehicle or a battery, does not explain it.
    """
    draft.attributes["priority"] = str(priority)
    if priority >= _PANIC:
        draft.levels.clear()  # a record that is sent because of an alarm is an event
    if priority >= _PANIC and draft.signals.isdisjoint(_PANICKED):
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
        draft.attributes["gsm"] = str(reader.unsigned(1))
    operator = reader.unsigned(4) if mask & 128 else 0
    if operator:
        draft.attributes["operator"] = str(operator)
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
    elif element in _GH3000_FLAGS:
        draft.flag(_GH3000_FLAGS[element], value)
    elif element in _GH3000_FRACTIONS:
        name, units = _GH3000_FRACTIONS[element]
        draft.attributes[name] = repr(value / units)
    else:
        draft.attributes[_GH3000_COUNTS.get(element, f"io{element}")] = str(value)
        if element in _GH3000_ALARMS and value:
            draft.signal(f"gh3000-io{element}:{value}", *_GH3000_ALARMS[element])


_PANIC = 2
_PANICKED = frozenset({Signal.SOS, Signal.FALL, Signal.BUTTON})
_NUMBER_BYTES_MAX = 8
_LAT_MAX_DEG, _LON_MAX_DEG = 90, 180
_TEXT_BYTES_MAX, _TAG_BYTES_MAX, _TAGS_MAX = 256, 32, 32
_TEXTS = {256: "vin", 281: "fault_codes"}
_BEACONS = 385
_TAG_LISTS = frozenset({548, 10828, 10829, 10831, 11317})
_TAG_BYTES = {0x01: "id", 0x0F: "mac"}

_GH3000_BATTERY = 1
_GH3000_FLAGS = {2: "usb", 240: "moving", 244: "roaming"}
_GH3000_FRACTIONS = {
    20: ("hdop", 10),
    21: ("vdop", 10),
    22: ("pdop", 10),
    67: ("battery_v", 1000),
}
_GH3000_COUNTS = {5: "uptime_s", 221: "button"}

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
    318: (Signal.JAMMED,),  # its satellites, a warning or worse
    # GH5200's countdown of a lone worker: its value says what, to the profile.
    400: (Signal.UNKNOWN,),
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

_BATTERY_PERCENT, _CHARGING, _DRIVER = 113, 116, 78
_COUNTS = {16: "odometer_m", 21: "gsm", 199: "trip_m", 241: "operator"}
_FLAGS = {
    1: "in1",
    2: "in2",
    3: "in3",
    4: "in4",
    179: "out1",
    180: "out2",
    239: "ignition",
    240: "moving",
}
_FRACTIONS = {
    66: ("external_v", 1000),
    67: ("battery_v", 1000),
    181: ("pdop", 10),
    182: ("hdop", 10),
}
# Of two bytes in two's complement, and how many units make one.
_SIGNED = {
    17: ("axis_x", 1),
    18: ("axis_y", 1),
    19: ("axis_z", 1),
    **{24 + place: (f"ble{place}_temperature_c", 100) for place in (1, 2, 3, 4)},
    **{10799 + place: (f"eye{place}_temperature_c", 100) for place in (1, 2, 3, 4)},
}


def _count(name: str) -> _Read:
    def read(value: int, draft: Draft) -> None:
        draft.attributes[name] = str(value)

    return read


def _flag(name: str) -> _Read:
    def read(value: int, draft: Draft) -> None:
        draft.attributes[name] = "true" if value else "false"

    return read


def _fraction(name: str, units: int) -> _Read:
    def read(value: int, draft: Draft) -> None:
        draft.attributes[name] = f"{value / units:g}"

    return read


def _signed(name: str, units: int) -> _Read:
    def read(value: int, draft: Draft) -> None:
        signed = (value & 0xFFFF ^ 0x8000) - 0x8000
        draft.attributes[name] = str(signed) if units == 1 else repr(signed / units)

    return read


def _battery(value: int, draft: Draft) -> None:
    draft.battery_percent(value)
    draft.attributes["io113"] = str(value)


def _driver(value: int, draft: Draft) -> None:
    """Keep whose key was read, as its bytes are written; zeros are nobody's."""
    if value:
        draft.attributes["driver"] = value.to_bytes(8, "little").hex().upper()


_SIGNALLING = _VALUES.keys() | _ALARMS.keys() | _EVENTS.keys()
_READERS: dict[int, _Read] = {
    **{element: _count(f"io{element}") for element in _SIGNALLING},
    **{element: _count(name) for element, name in _COUNTS.items()},
    **{element: _flag(name) for element, name in _FLAGS.items()},
    **{element: _fraction(*each) for element, each in _FRACTIONS.items()},
    **{element: _signed(*each) for element, each in _SIGNED.items()},
    _BATTERY_PERCENT: _battery,
    _CHARGING: _flag("charging"),
    _DRIVER: _driver,
}

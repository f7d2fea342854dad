"""Additional fields of `jt808` that vehicles, their locks and sensors have.

The table of the standard ends at 0x31; the rest is its makers', among them OBD plugs,
padlocks and loggers, told apart by key and length. What is shorter than its key says
is not read and tears nothing.
"""

from collections.abc import Callable, Sequence

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader, text_of
from adapters.devices.rows import Row, read_row

FieldReader = Callable[[Reader, Draft], None]


def row_reader(*row: tuple[str, int, float]) -> FieldReader:
    """Return what reads numbers in a row."""

    def read(value: Reader, draft: Draft) -> None:
        read_row(value, draft, row)

    return read


def read_engine_text(text: str, draft: Draft) -> None:
    """Read `$OBD-RT,volts,rpm,...`, the values of an engine as text."""
    for name, value in zip(_ENGINE_TEXT, text.split(",")[1:], strict=False):
        draft.number(name, value)


def keep_text(name: str, data: bytes, draft: Draft) -> None:
    """Keep a text of at most 128 bytes without its padding."""
    draft.attributes[name] = text_of(data[:_TEXT_BYTES_MAX]).strip("\0 ")


def read_sensors(value: Reader, draft: Draft) -> None:
    """Read the air around a logger: a mask says what of it was measured."""
    mask = value.unsigned(1)
    for bit, row in _LOGGED.items():
        if mask >> bit & 1:
            _read_signed(value, draft, row)
            if bit == _ACCELERATION_BIT and value.left >= _ACCELERATION_BYTES:
                axes = ",".join(str(value.signed(2)) for _ in range(3))
                draft.attributes["acceleration"] = f"[{axes}]"
            elif bit == _LIMITS_BIT:
                value.take(min(_LIMITS_BYTES, value.left))


def _read_signed(value: Reader, draft: Draft, row: Row) -> None:
    for name, size, units in row:
        number = value.signed(size) if value.left >= size else None
        if name and number is not None:
            draft.attributes[name] = str(number) if units == 1 else repr(number / units)


def _text(name: str) -> FieldReader:
    def read(value: Reader, draft: Draft) -> None:
        keep_text(name, value.rest(), draft)

    return read


def _celsius(name: str) -> FieldReader:
    def read(value: Reader, draft: Draft) -> None:
        draft.attributes[name] = str(value.unsigned(min(value.left, 2)) - 40)

    return read


def _of_length(readers: dict[int, FieldReader]) -> FieldReader:
    def read(value: Reader, draft: Draft) -> None:
        reader = readers.get(value.left)
        if reader is not None:
            reader(value, draft)

    return read


def _level(value: Reader, draft: Draft) -> None:
    draft.battery_percent(value.unsigned(1) * 10)


def _hundredths(value: Reader, draft: Draft) -> None:
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.battery_percent(value.unsigned(2) / 100)


def _fuel(value: Reader, draft: Draft) -> None:
    """Read a tank: tenths of a litre, or with the top bit a percentage."""
    level = value.unsigned(2)
    draft.attributes["fuel"] = (
        str(level & 0x7FFF) if level & 0x8000 else repr(level / 10)
    )


def _unlocking(value: Reader, draft: Draft) -> None:
    length = value.left
    draft.attributes["lock_command"] = str(value.unsigned(1))
    if 5 <= length <= 6:  # noqa: PLR2004 - a card
        draft.attributes["lock_card"] = str(value.unsigned(4))
    elif length > 6:  # noqa: PLR2004 - a password, which is kept out of reports
        value.take(6)
    if length % 2 == 0:
        draft.attributes["lock_result"] = str(value.unsigned(1))


def _mode(value: Reader, draft: Draft) -> None:
    """Read a mode, or a padlock's own text with its volts in hundredths."""
    if value.left == 1:
        draft.attributes["mode"] = str(value.unsigned(1))
        return
    text = text_of(value.rest())
    if text.startswith("*M00"):
        draft.scaled("battery_v", text[10:13], units=100)


def _thermometers(value: Reader, draft: Draft) -> None:
    if value.left not in {2, 16}:
        return
    for place in range(1, value.left // 2 + 1):
        tenths = value.unsigned(2)
        if tenths != _NO_SENSOR:
            signed = -(tenths & 0x7FFF) if tenths & 0x8000 else tenths
            name = "temperature_c" if place == 1 else f"temperature{place}_c"
            draft.attributes[name] = repr(signed / 10)


def _event(value: Reader, draft: Draft) -> None:
    event = value.unsigned(2)
    draft.attributes["event"] = str(event)
    if event in _CARD_EVENTS and value.left >= _EVENT_CARD_BYTES:
        value.take(6)
        keep_text("driver", value.take(8), draft)


def _locks(value: Reader, draft: Draft) -> None:
    for place in range(1, value.left // 11 + 1):
        draft.attributes[f"lock{place}_id"] = value.take(6).hex()
        draft.attributes[f"lock{place}_battery"] = repr(value.unsigned(2) / 1000)
        draft.flag(f"lock{place}_sealed", value.unsigned(1) == ord("1"))
        value.take(2)


def _volts_or_locks(value: Reader, draft: Draft) -> None:
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.attributes["battery_v"] = repr(value.unsigned(2) / 100)
        return
    for place in range(1, value.unsigned(1) + 1):
        if value.left < _LOCK_BYTES:
            break
        draft.attributes[f"lock{place}_id"] = value.take(5).hex()
        draft.attributes[f"lock{place}_card"] = value.take(5).hex()
        draft.attributes[f"lock{place}_battery"] = str(value.unsigned(1))
        draft.flag(f"lock{place}_locked", not value.unsigned(2) & 0x20)


def _camera(name: str) -> FieldReader:
    def read(value: Reader, draft: Draft) -> None:
        length = value.left
        read_row(value, draft, (("", 5, 1), (name, 1, 1)))
        if length >= _LABELLED_BYTES:
            draft.attributes["alarm_label"] = value.rest()[-16:].hex()

    return read


def _tyres(value: Reader, draft: Draft) -> None:
    kept = draft.attributes
    while value.left >= _TYRE_BYTES:
        tyre = f"tire{value.unsigned(1)}"
        kept[f"{tyre}_id"] = value.take(3).hex()
        kept[f"{tyre}_bar"] = repr((value.unsigned(2) & 0x3FF) / 40)
        kept[f"{tyre}_temperature_c"] = str(value.unsigned(1) - 50)
        kept[f"{tyre}_status"] = str(value.unsigned(1))


def _throttle(value: Reader, draft: Draft) -> None:
    percent = value.unsigned(min(value.left, 2)) * 100 // 255
    draft.attributes["throttle_percent"] = str(percent)


def _engine(value: Reader, draft: Draft) -> None:
    """Read an engine: volts, turns, speed, throttle, load, warmth and what it burns."""
    read_row(value, draft, _ENGINE_HEAD)
    if value.left >= _ENGINE_BYTES:
        draft.attributes["throttle_percent"] = str(value.unsigned(1) * 100 // 255)
        draft.attributes["engine_load_percent"] = str(value.unsigned(1) * 100 // 255)
        draft.attributes["coolant_c"] = str(value.unsigned(1) - 40)
        read_row(value, draft, _ENGINE_TAIL)


def _string(value: Reader, draft: Draft) -> None:
    if value.left >= 3:  # noqa: PLR2004 - a count and a state
        value.take(2)
        state = value.unsigned(1)
        draft.flag("string_cut", state & 1)
        draft.flag("moving", state & 4)
        draft.flag("cover", state & 8)


def _engine_or_air(value: Reader, draft: Draft) -> None:
    if value.peek(7) == b"$OBD-RT":
        read_engine_text(text_of(value.rest()), draft)
    elif value.left % 11 == 0:
        while value.left >= 11:  # noqa: PLR2004 - number, address, two values
            place = value.unsigned(1)
            value.take(6)
            for name in (f"temperature{place}_c", f"humidity{place}_percent"):
                whole, part = value.signed(1), value.unsigned(1) / 255
                amount = whole - part if whole < 0 else whole + part
                draft.attributes[name] = repr(round(amount, 3))


def _plug(value: Reader, draft: Draft) -> None:
    """Read an OBD plug's nested values."""
    while value.left >= 3:  # noqa: PLR2004 - key and length
        key, size = value.unsigned(2), value.unsigned(1)
        field = Reader(value.take(min(size, value.left)))
        reader = _PLUG.get(key)
        if reader is not None and field.left:
            reader(field, draft)


def _load(value: Reader, draft: Draft) -> None:
    percent = value.unsigned(1) if value.left == 1 else value.unsigned(2) / 10
    draft.attributes["engine_load_percent"] = repr(percent)


def _air_or_event(value: Reader, draft: Draft) -> None:
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.attributes["air_hpa"] = str(value.unsigned(2))
    elif value.left != _IDENTITY_BYTES:
        event = value.unsigned(1)
        draft.attributes["event"] = str(event)
        if event == _MOVES:
            draft.flag("moving", value=True)
        read_sensors(value, draft)


def _humidity_or_battery(value: Reader, draft: Draft) -> None:
    if value.left == 2:  # noqa: PLR2004 - a u16
        draft.attributes["humidity_percent"] = repr(value.unsigned(2) / 10)
        return
    draft.attributes["battery_v"] = repr(value.unsigned(4) / 1000)
    if value.left and value.unsigned(1) in {2, 3}:
        draft.flag("charging", value=True)
    if value.left:
        draft.battery_percent(value.unsigned(1))


def _receiver(value: Reader, draft: Draft) -> None:
    """Read what a mask says of the receiver: the dilution, and a thermometer."""
    mask = value.unsigned(2)
    for bit, row in _RECEIVER.items():
        if mask >> bit & 1:
            _read_signed(value, draft, row)


def _identity(value: Reader, draft: Draft) -> None:
    value.take(9)
    draft.attributes["iccid"] = value.take(10).hex()


_TEXT_BYTES_MAX = 128
_NO_SENSOR = 0xFFFF
_CARD_EVENTS, _EVENT_CARD_BYTES = range(0x61, 0x67), 14
_LOCK_BYTES, _LABELLED_BYTES, _TYRE_BYTES, _IDENTITY_BYTES = 13, 47, 8, 8
_MOVES = 2
_ACCELERATION_BIT, _ACCELERATION_BYTES, _LIMITS_BIT, _LIMITS_BYTES = 3, 6, 4, 10
_LOGGED: dict[int, Sequence[tuple[str, int, float]]] = {
    0: (("light", 2, 1),),
    1: (("temperature_c", 2, 10),),
    2: (("humidity_percent", 2, 10),),
    3: (),
    4: (),
    5: (("air_hpa", 2, 1),),
}
_RECEIVER: dict[int, Sequence[tuple[str, int, float]]] = {
    0: (("gnss_age_s", 4, 1),),
    1: (("ignition_s", 4, 1),),
    2: (("hdop", 2, 10),),
    3: (("", 6, 1),),
    5: (("", 8, 1),),
    6: (("temperature3_c", 2, 10),),
}
_ENGINE_TEXT = (
    *("external_v", "engine_rpm", "obd_kmh", "throttle_percent"),
    *("engine_load_percent", "coolant_c", "fuel_use_now", "fuel_use", "trip_m"),
    *("obd_odometer_m", "trip_fuel_used_l", "fuel_used_l"),
)
_ENGINE_HEAD = (("battery_v", 2, 10), ("engine_rpm", 2, 1), ("obd_kmh", 1, 1))
_ENGINE_TAIL = (
    *(("", 2, 1), ("fuel_use", 2, 100), ("", 8, 1), ("fuel_used_l", 2, 100)),
)
_ENGINE_BYTES = 3
_TENTH_VOLTS = row_reader(("external_v", 2, 10))
_WIRES = row_reader(("adc1", 2, 100), ("adc2", 2, 100))
_PLUG: dict[int, FieldReader] = {
    0x0002: row_reader(("obd_kmh", 2, 10)),
    0x0003: row_reader(("engine_rpm", 2, 1)),
    0x0004: row_reader(("external_v", 2, 1000)),
    0x0005: row_reader(("obd_odometer_m", 4, 0.01)),
    0x0007: row_reader(("fuel_use", 2, 10)),
    0x0008: _load,
    0x0009: _celsius("coolant_c"),
    0x000B: row_reader(("intake_kpa", 2, 1)),
    0x000C: _celsius("intake_c"),
    0x000D: row_reader(("intake_flow", 2, 1)),
    0x000E: _throttle,
    0x0050: _text("vin"),
    0x0052: _text("calibration"),
    0x0100: row_reader(("trip_m", 2, 10)),
    0x0102: row_reader(("trip_fuel", 2, 10)),
    0x0112: row_reader(("harsh_accelerations", 2, 1)),
    0x0113: row_reader(("harsh_brakings", 2, 1)),
    0x0114: row_reader(("harsh_corners", 2, 1)),
}
READERS: dict[int, FieldReader] = {
    0x02: _fuel,
    0x0B: _unlocking,
    0x14: row_reader(("video_alarm", 4, 1)),
    0x25: row_reader(("input", 4, 1)),
    0x2B: _WIRES,
    0x33: _mode,
    0x51: _thermometers,
    0x56: _level,
    0x60: _event,
    0x63: _locks,
    0x64: _camera("driving_alarm"),
    0x65: _camera("driver_alarm"),
    0x68: _hundredths,
    0x69: row_reader(("battery_v", 2, 100)),
    0x77: _tyres,
    0x81: row_reader(("engine_rpm", 2, 1)),
    0x82: _TENTH_VOLTS,
    0x83: row_reader(("engine_load_percent", 1, 1)),
    0x84: _celsius("coolant_c"),
    0x85: row_reader(("fuel_use", 2, 1)),
    0x86: _celsius("intake_c"),
    0x87: row_reader(("intake_flow", 2, 1)),
    0x88: row_reader(("intake_kpa", 1, 1)),
    0x89: row_reader(("throttle_percent", 1, 1)),
    0x8B: _text("vin"),
    0x8C: row_reader(("obd_odometer_m", 4, 0.01)),
    0x8D: row_reader(("trip_m", 2, 0.001)),
    0x8E: row_reader(("fuel", 1, 1)),
    0x91: _engine,
    0x94: _text("vin"),
    0xA0: _text("fault_codes"),
    0xA7: _WIRES,
    0xAC: row_reader(("odometer_m", 4, 1)),
    0xBC: _text("driver_name"),
    0xBD: _text("driver"),
    0xCC: _text("iccid"),
    0xD3: _TENTH_VOLTS,
    0xD5: _volts_or_locks,
    0xDA: _string,
    0xE2: row_reader(("fuel", 4, 10)),
    0xE6: _engine_or_air,
    0xED: _text("card"),
    0xF1: row_reader(("external_v", 4, 1000)),
    0xF2: _text("firmware"),
    0xF3: _plug,
    0xF5: _of_length({2: row_reader(("illuminance_lx", 2, 1))}),
    0xF6: _air_or_event,
    0xF7: _humidity_or_battery,
    0xF9: _receiver,
    0xFB: _text("container"),
    0xFC: row_reader(("fence", 1, 1)),
}
BY_LENGTH: dict[int, FieldReader] = {
    0xE1: _of_length({2: _TENTH_VOLTS, 4: row_reader(("driver", 4, 1))}),
    0xE8: _of_length({3: row_reader(("lock_status", 3, 1))}),
    0xE9: _of_length({4: row_reader(("driver", 4, 1))}),
    0xEE: _of_length(
        {
            6: row_reader(
                *(("gsm", 1, 1), ("external_v", 2, 1000), ("battery_v", 2, 1000)),
                ("satellites", 1, 1),
            )
        }
    ),
    0xF8: _of_length({19: _identity, 29: _identity}),
    0xFE: _of_length({2: _TENTH_VOLTS, 4: row_reader(("odometer_m", 4, 1))}),
}
"""Fields under keys that personal trackers have too, with other lengths."""

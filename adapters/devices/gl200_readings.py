"""What messages of `gl200` say beside place and alarm: supplies, wires, engines.

Queclink's @Track protocol has a layout a model; the ones read here are those of the
events' own fields, counted from the front, and of what follows the last place: a
cell, a mask of what is appended, distance, hours, wires, battery and a state word. A
field that is not what it should be is passed over.
"""

import re
from collections.abc import Callable

from adapters.devices.draft import Draft
from adapters.devices.gl200_tags import (
    Fields,
    accessory_reader,
    keep_scaled,
    read_sensors,
)
from engine.values import Signal


def read_front(word: str, fields: Fields, draft: Draft) -> None:
    """Read what stands before any place.

    Args:
        word: the event.
        fields: the whole message from its word on.
        draft: keeps it.

    """
    reader = _FRONT.get(word)
    if reader is not None:
        reader(fields, draft)


def read_behind(word: str, fields: Fields, after: Fields, draft: Draft) -> None:
    """Read what stands behind the last place.

    Args:
        word: the event.
        fields: the whole message from its word on.
        after: the fields behind the place, its cell first.
        draft: keeps it.

    """
    if len(after) <= _APPENDED:
        return
    at = _APPENDED + 1
    if after[_APPENDED] not in {"", "00"}:
        at = _read_appended(after, draft)
    if len(after) <= at:
        return
    if word in _ENGINE_WORDS:
        _read_hours(after[at], draft)
        draft.scaled("odometer_m", "".join(after[at + 1 : at + 2]), units=0.001)
        return
    if word == "GTOBD":
        draft.scaled("obd_odometer_m", after[at], units=0.001)
        return
    if "." in after[at]:
        draft.scaled("odometer_m", after[at], units=0.001)
    if word in _WITH_WIRES and len(after) > at + 1:
        if after[at + 1]:
            _read_hours(after[at + 1], draft)
        _read_wires(word, fields, after[at + 2 :], draft)


def read_distance(after: Fields, draft: Draft) -> None:
    """Read the distance behind a place that is not the last of its track."""
    if len(after) > _APPENDED and "." in after[_APPENDED]:
        draft.scaled("odometer_m", after[_APPENDED], units=0.001)


def _read_appended(after: Fields, draft: Draft) -> int:
    """Read the mask of what is appended; return where the distance stands."""
    mask = after[_APPENDED]
    if "." in mask:
        return _APPENDED
    at = _APPENDED + 1
    if _MASK.fullmatch(mask):
        bits = int(mask, 16)
        if bits & 1 and len(after) > at:
            draft.number("satellites", after[at])
        at += (bits & 1) + (bits >> 1 & 1) + (bits >> 4 & 1)
    return min(at, len(after) - 1)


def _read_hours(text: str, draft: Draft) -> None:
    if _HOURS.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in text.split(":"))
        draft.attributes["engine_s"] = str(hours * 3600 + minutes * 60 + seconds)


def _read_wires(word: str, fields: Fields, after: Fields, draft: Draft) -> None:
    """Read wires, a battery and the state word; then what the event's mask adds."""
    state = _state_at(after)
    if not state:
        if word == "GTERI" and len(after) > _BARE_WIRES:
            _read_bare_wires(after[3:5], draft)
        return
    for place, text in enumerate(after[: state - 1], 1):
        if text[:1] == "F":
            draft.number(f"fuel{place}", text[1:])
        elif text:
            draft.number(f"adc{place}", text)
    _read_state(int(after[state], 16), draft)
    behind = after[state + 1 :]
    if word == "GTERI":
        _read_extended(fields[4] if len(fields) > 4 else "", behind, draft)  # noqa: PLR2004
    else:
        for name, text in zip(("engine_rpm", "", "fuel"), behind[:-2], strict=False):
            if name and text:
                draft.number(name, text)


def _state_at(after: Fields) -> int:
    """Return where the state word stands, 0 where there is none."""
    for at, text in enumerate(after):
        if len(text) in _STATE_DIGITS and _STATE.fullmatch(text):
            return at
    return 0


def _read_bare_wires(texts: Fields, draft: Draft) -> None:
    """Read inputs and outputs of a model that has no state word."""
    if all(map(_MASK.fullmatch, texts)):
        for name, text in zip(("input", "output"), texts, strict=False):
            draft.attributes[name] = f"0x{text.lower()}"


def _read_state(state: int, draft: Draft) -> None:
    engine = state >> 16
    if engine & 0x30:
        draft.flag("ignition", not engine & 0x10)
    draft.attributes["input"] = f"0x{state >> 8 & 0xFF:02x}"
    draft.attributes["output"] = f"0x{state & 0xFF:02x}"


def _read_extended(mask: str, behind: Fields, draft: Draft) -> None:
    """Read a tank, thermometers or sensors in reach, as the event's mask says."""
    bits = int(mask, 16) if _LONG_MASK.fullmatch(mask) else 0
    at = 1
    if bits & 0x01 and len(behind) > at and _HEX.fullmatch(behind[at]):
        draft.attributes["fuel"] = str(int(behind[at], 16))
        at += 1
    if bits & 0x02 and len(behind) > at:
        count = _small(behind[at])
        for place in range(1, count + 1):
            text = "".join(behind[at + 3 * place : at + 3 * place + 1])
            if _HEX.fullmatch(text):
                value = (int(text, 16) & 0xFFFF ^ 0x8000) - 0x8000
                name = "temperature_c" if place == 1 else f"temperature{place}_c"
                draft.attributes[name] = repr(value / 16)
        at += 1 + 3 * count
    if bits & ~0x03 == _SENSORS and len(behind) > at:
        read_sensors(_small(behind[at]), behind[at + 1 :], draft)


def _read_itself(fields: Fields, draft: Draft) -> None:
    """Read a device's report of itself, from the state of its engine on."""
    if len(fields[1]) > _VERSION_CHARS_MAX:
        return
    if _VIN.fullmatch(fields[3]):
        draft.attributes["vin"] = fields[3]
        fields = fields[1:]
    if len(fields) < _ITSELF_FIELDS:
        return
    state, iccid = fields[4:6]
    if state in _MOVING:
        draft.flag("moving", _MOVING[state])
        if state[0] in "12":
            draft.flag("ignition", state[0] == "2")
    if iccid:
        draft.attributes["iccid"] = iccid[:_TEXT_CHARS_MAX]
    draft.number("gsm", fields[6])
    first, second, volts, _, charging = fields[9:14]
    if "." in first:
        draft.scaled("odometer_m", first, units=0.001)
    else:
        draft.scaled("external_v", first, units=1000)
    draft.scaled("external2_v", second, units=1000)
    if _VOLTS.fullmatch(volts):
        draft.number("battery_v", volts)
    if charging == "1":
        draft.flag("charging", value=True)


def _read_track(fields: Fields, draft: Draft) -> None:
    """Read whose vehicle it is and what feeds it, in thousandths of a volt."""
    at = 4
    if len(fields[3]) > 16 and _VIN.fullmatch(fields[3]):  # noqa: PLR2004
        draft.attributes["vin"] = fields[3]
        at = 5
    supply = fields[at] if len(fields) > at else ""
    if supply and _small(supply) > _SUPPLY_MIN:
        draft.scaled("external_v", supply, units=1000)


def _read_event(fields: Fields, draft: Draft) -> None:
    if fields[5:6] and fields[5]:
        draft.scaled("external_v", fields[5], units=1000)


def _read_bus(fields: Fields, draft: Draft) -> None:
    """Read a vehicle's bus: a mask says which of its values are sent."""
    mask = "".join(fields[6:7])
    if not _LONG_MASK.fullmatch(mask):
        return
    bits, values = int(mask, 16), iter(fields[7:])
    for bit, name, units in _BUS:
        text = next(values, "") if bits >> bit & 1 else ""
        if not text:
            continue
        if bit == 0:
            draft.attributes[name] = text[:_TEXT_CHARS_MAX]
        elif bit == 1:
            draft.flag(name, text != "0")
        elif bit in _BUS_HEX:
            if _HEX.fullmatch(text):
                draft.attributes[name] = str(int(text, 16))
        elif text[:1] != "K":
            keep_scaled(name, text.lstrip("LHP/"), units, draft)


def _read_plug(fields: Fields, draft: Draft) -> None:
    """Read an OBD plug: an engine's values and its faults."""
    for at, name in _PLUG.items():
        draft.number(name, "".join(fields[at : at + 1]))
    if _VIN.fullmatch("".join(fields[3:4])):
        draft.attributes["vin"] = fields[3]
    draft.scaled("external_v", "".join(fields[9:10]), units=1000)
    draft.scaled("obd_odometer_m", "".join(fields[23:24]), units=0.001)
    connected, codes = "".join(fields[17:18]), "".join(fields[19:20])
    if connected in {"0", "1"}:
        draft.flag("obd_connected", connected == "1")
    if codes:
        draft.attributes["fault_codes"] = codes[:_CODES_CHARS_MAX]


def _read_data(fields: Fields, draft: Draft) -> None:
    """Read what hangs on the serial port: a tank's sensor, or text."""
    digits = "".join(fields[8:9])
    if not _EVEN_HEX.fullmatch(digits):
        return
    text = bytes.fromhex(digits).decode("latin-1")
    if "COMB" in text:
        draft.number("fuel", "".join(text.split(",")[2:3]))
    else:
        draft.said(text)


def _read_driver(fields: Fields, draft: Draft) -> None:
    if fields[5:6] and fields[5]:
        draft.attributes["driver"] = fields[5][:_TEXT_CHARS_MAX]


def _read_warning(fields: Fields, draft: Draft) -> None:
    if "".join(fields[4:5]) == "1":  # the driver is tired
        draft.signal("warning:1", Signal.HARSH_DRIVING)
    for name, text in zip(("warning", "fatigue"), fields[4:6], strict=False):
        draft.number(name, text)


def _read_input(fields: Fields, draft: Draft) -> None:
    """Read which input has changed, and to what: two digits."""
    kind = "".join(fields[5:6])
    if _MASK.fullmatch(kind) and kind[0] != "0":
        draft.flag(f"in{int(kind[0], 16)}", kind[1] == "1")


def _read_version(fields: Fields, draft: Draft) -> None:
    draft.attributes["model"] = "".join(fields[4:5])[:_TEXT_CHARS_MAX]
    for name, text in zip(("firmware", "hardware"), fields[5:7], strict=False):
        if _HEX.fullmatch(text):
            draft.attributes[name] = str(int(text, 16))


def _ignition(on: bool) -> Callable[[Fields, Draft], None]:  # noqa: FBT001 - a state
    def read(_fields: Fields, draft: Draft) -> None:
        draft.flag("ignition", on)

    return read


def _small(text: str) -> int:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 6 else 0  # noqa: PLR2004


_APPENDED = 4
_BARE_WIRES = 5
_TEXT_CHARS_MAX, _CODES_CHARS_MAX, _VERSION_CHARS_MAX = 32, 256, 10
_ITSELF_FIELDS = 14
_SUPPLY_MIN = 10
_SENSORS = 0x100
_MASK = re.compile(r"[0-9A-F]{2}")
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_LONG_MASK = re.compile(r"[0-9A-F]{6,8}")
_EVEN_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){1,256}")
_STATE_DIGITS = frozenset({6, 10})
_STATE = re.compile(r"[0-9A-F]{6}(?:[0-9A-F]{4})?")
_HOURS = re.compile(r"\d{5}:\d\d:\d\d")
_VOLTS = re.compile(r"\d\.\d{1,2}")
_VIN = re.compile(r"[0-9A-Z]{17}")
_MOVING = {
    "16": True,
    "1A": True,
    "12": True,
    "11": False,
    "21": False,
    "22": True,
    "41": False,
    "42": True,
}
_ENGINE_WORDS = frozenset({"GTIGN", "GTIGF", "GTVGN", "GTVGF"})
_WITH_WIRES = frozenset({"GTFRI", "GTERI", "GTGEO", "GTRTL", "GTDOG"})
# The bits of the bus's mask in the order of their values, and how many units make one:
# the distance is in hundreds of metres, the engine's time in hours.
_BUS: tuple[tuple[int, str, float], ...] = (
    *((0, "vin", 1), (1, "ignition", 1), (2, "obd_odometer_m", 0.01)),
    *((3, "fuel_used_l", 1), (5, "engine_rpm", 1), (4, "obd_kmh", 1)),
    *((6, "coolant_c", 1), (7, "fuel_use", 1), (8, "fuel", 1), (9, "range_m", 0.01)),
    *((10, "throttle_percent", 1), (11, "engine_s", 1 / 3600), (12, "driving_h", 1)),
    *((13, "idle_h", 1), (14, "idle_fuel_l", 1), (15, "axle_weight", 1)),
    *((16, "tachograph", 1), (17, "indicators", 1), (18, "lights", 1)),
    *((19, "doors", 1), (20, "vehicle_overspeed", 1), (21, "engine_overspeed", 1)),
)
_BUS_HEX = frozenset({16, 17, 18, 19})
_PLUG = {
    11: "engine_rpm",
    12: "obd_kmh",
    13: "coolant_c",
    14: "fuel_use",
    15: "faults_cleared_km",
    18: "faults",
    20: "throttle_percent",
    21: "engine_load_percent",
    22: "fuel",
}
_FRONT: dict[str, Callable[[Fields, Draft], None]] = {
    "GTINF": _read_itself,
    "GTFRI": _read_track,
    "GTERI": _read_event,
    "GTCAN": _read_bus,
    "GTOBD": _read_plug,
    "GTBAA": accessory_reader(8),
    "GTBID": accessory_reader(6),
    "GTDTT": _read_data,
    "GTIDA": _read_driver,
    "GTDAR": _read_warning,
    "GTDIS": _read_input,
    "GTVER": _read_version,
    "GTIGN": _ignition(on=True),
    "GTVGN": _ignition(on=True),
    "GTIGF": _ignition(on=False),
    "GTVGF": _ignition(on=False),
}

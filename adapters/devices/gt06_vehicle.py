"""What packets of `gt06` have behind place, cell and status: supplies, locks, engines.

All of it is read as far as it goes, and nothing here tears a packet. The layouts are
those of the models' own forms, told apart by the packet's type and length.
"""

import re

from msgspec import structs

from adapters.devices import gt06_tables as tables
from adapters.devices.draft import Draft
from adapters.devices.gt06_parts import (
    read_alarm,
    read_cell,
    read_status_bits,
    set_battery,
)
from adapters.devices.reading import Reader, integer, text_of
from adapters.devices.rows import read_row
from engine.values import Signal


def read_after_cell(
    kind: int,
    content: Reader,
    draft: Draft,
    meanings: tables.Meanings,
    *,
    length: int,
) -> None:
    """Read what a place packet has behind its cell.

    Args:
        kind: the packet's type.
        content: where the cell ended.
        draft: keeps it.
        meanings: of the alarm byte.
        length: of the frame, as its length byte has it.

    Raises:
        UnreadableError: its status or its alarm is cut off.

    """
    if kind == tables.PLACE:
        _read_after_place(length, content, draft, meanings)
    elif kind in tables.WITH_ARCHIVE and content.left >= _ARCHIVE_BYTES:
        draft.flag("ignition", content.unsigned(1))
        draft.attributes["event"] = str(content.unsigned(1))
        draft.buffered = content.unsigned(1) > 0
        if kind == tables.PLACE_AND_MODULE:
            _read_module(content, draft)
        elif content.left == _DISTANCE_AND_HEIGHT:
            read_row(content, draft, _DISTANCE)
            draft.altitude_m = float(content.signed(2))
    elif kind == tables.PLACE_OR_STATIONS:
        content.take(1)
        read_status_bits(content.unsigned(1), draft)
        _read_asset(content, draft, meanings)
    elif kind == tables.COUNTED_CELLS and content.left >= _ENGINE_BYTES:
        draft.flag("ignition", content.unsigned(1))
        read_row(content, draft, (("external_v", 2, 100), ("battery_v", 2, 100)))
    if content.left == _DISTANCE_BYTES:
        read_row(content, draft, _DISTANCE)


def _read_after_place(
    length: int, content: Reader, draft: Draft, meanings: tables.Meanings
) -> None:
    """Read the end of a plain place packet, whose length tells the model."""
    if length in tables.PLACE_WITH_STATUS:
        read_status_bits(content.unsigned(1), draft)
        draft.attributes["external_v"] = repr(content.unsigned(2) / 100)
        draft.attributes["gsm"] = str(content.unsigned(1))
        read_alarm(content, draft, meanings)
        _read_tank(content, draft)
    elif length == tables.PLACE_WITH_CARD:
        _read_card(content, draft)
    elif length == tables.PLACE_WITH_INPUTS:
        _read_inputs(content, draft)
    elif length >= tables.PLACE_WITH_LICENCE:
        read_row(content, draft, _DISTANCE)
        if content.left:
            size = content.unsigned(1)
            _text("licence", content.take(min(size, content.left)), draft)


def read_after_status(
    alarm: int, content: Reader, draft: Draft, *, fence: bool
) -> None:
    """Read the number of a fence, or the key that was held to the device."""
    if fence and content.left > 1:
        content.take(1)  # the language
        draft.attributes["fence"] = str(content.unsigned(1))
    elif alarm == _KEY_HELD and content.left == _KEY_BYTES:
        draft.attributes["event"] = str(alarm)
        draft.attributes["driver"] = content.rest()[1:].hex()


def read_seeworld(content: Reader, draft: Draft) -> None:
    """Read what a place of SeeWorld has: a cell of four bytes, and the air."""
    mcc, mnc, lac = content.unsigned(2), content.unsigned(1), content.unsigned(2)
    draft.cell(mcc, mnc, lac, content.unsigned(4))
    draft.flag("ignition", content.unsigned(1))
    draft.attributes["event"] = str(content.unsigned(1))
    draft.buffered = content.unsigned(1) > 0
    read_row(content, draft, (*_DISTANCE, ("trip_s", 4, 1)))
    celsius = content.unsigned(2)
    signed = -(celsius & 0x7FFF) if celsius & 0x8000 else celsius
    draft.attributes["temperature_c"] = repr(signed / 100)
    read_row(content, draft, (("humidity_percent", 2, 100),))


def read_heartbeat_modules(content: Reader, draft: Draft) -> None:
    """Read what a heartbeat of 4G models has behind its status, as far as it goes."""
    if content.left:
        content.take(1)  # the language
    while content.left >= _HEARTBEAT_MODULE_BYTES:
        module, size = content.unsigned(2), content.unsigned(1)
        value = Reader(content.take(min(size, content.left)))
        if module == 0x6A and value.left:  # noqa: PLR2004 - percent
            draft.battery_percent(value.unsigned(1))
        elif module == 0x18:  # noqa: PLR2004 - hundredths of a volt
            read_row(value, draft, (("battery_v", 2, 100),))


def read_supply(content: Reader, draft: Draft, meanings: tables.Meanings) -> None:
    """Read what NT20 and XT40 have behind their status, and the key held to them."""
    read_row(content, draft, _SUPPLY)
    if content.left:
        read_alarm(content, draft, meanings)
    read_row(content, draft, _DRIVEN)
    if content.left > 1:
        draft.attributes["driver"] = content.take(
            min(content.unsigned(1), content.left)
        )[1:].hex()


def read_x1(content: Reader, draft: Draft) -> None:
    """Read what X1 has behind its place: a cell, supplies and wires."""
    read_row(content, draft, (("", 2, 1), *_DISTANCE))
    if content.left < _X1_CELL_BYTES:
        return
    mcc, mnc, lac = content.unsigned(2), content.unsigned(1), content.unsigned(2)
    draft.cell(mcc, mnc, lac, content.unsigned(4))
    read_row(content, draft, (("driver", 4, 1), ("battery_v", 2, 100)))
    if draft.attributes.get("driver") == "0":
        del draft.attributes["driver"]
    read_row(content, draft, (("external_v", 2, 100),))
    wires = int.from_bytes(content.peek(4)) >> 20 & 0x0F
    read_row(content, draft, (("", 4, 1), ("input", 1, 1), ("output", 1, 1)))
    read_row(content, draft, [(f"adc{place + 1}", 2, 100) for place in range(wires)])


def read_warmth(content: Reader, draft: Draft) -> None:
    """Read what a long heartbeat has behind its battery; the last is a temperature.

    In the longer form its sign is bit 15, the other way about: a one is warm.
    """
    long = content.left >= _LONG_WARMTH_BYTES
    read_row(content, draft, (("mode", 1, 1), ("external_v", 2, 100), ("", 3, 1)))
    if long:
        content.take(2)
    if content.left >= 2:  # noqa: PLR2004 - a u16
        value = content.unsigned(2)
        tenths = value & 0x7FFF
        cold = long and not value & 0x8000
        draft.attributes["temperature_c"] = repr((-tenths if cold else tenths) / 10)


def read_recording(content: Reader, draft: Draft) -> None:
    """Read what was recorded of an event: a number and the names of files."""
    read_row(content, draft, (("event_data", 2, 1),))
    if content.left:
        _text("files", content.rest(), draft)


def read_information(content: Reader, draft: Draft) -> None:
    """Read one of the reports of itself of a device, told by their first byte."""
    kind = content.unsigned(1) if content.left else -1
    row = _INFORMATION.get(kind)
    if row is not None:
        read_row(content, draft, row)
    elif kind == 0x04:  # noqa: PLR2004 - names and values
        for name, value in _SETTING.findall(text_of(content.rest())):
            if name in _SETTINGS:
                draft.attributes[_SETTINGS[name]] = str(integer(value, radix=16))
    elif kind == 0x05 and content.left:  # noqa: PLR2004 - a door and a wire
        _read_door(content, draft)
    elif kind == 0x0A and content.left >= _IDENTITY_BYTES:  # noqa: PLR2004
        draft.attributes["iccid"] = content.take(_IDENTITY_BYTES)[16:].hex()
    elif kind == 0x0D:  # noqa: PLR2004 - a tank
        tank = _TANK.search(text_of(content.rest()))
        if tank is not None:
            draft.number("temperature_c", tank["celsius"])
            draft.number("fuel", tank["fuel"])
    elif kind == 0x1B and content.left >= _HELD_KEY_BYTES:  # noqa: PLR2004
        draft.attributes["driver"] = content.take(_HELD_KEY_BYTES)[2:].hex()


def read_engine(content: Reader, draft: Draft) -> None:
    """Read an engine's values: names in hexadecimal, hundredths."""
    if content.left:
        draft.flag("ignition", content.unsigned(1))
    for name, value in _ENGINE_VALUE.findall(text_of(content.rest())):
        if name == "4A":
            draft.attributes["vin"] = value[:17]
        elif name in _ENGINE and _HEX.fullmatch(value):
            draft.attributes[_ENGINE[name]] = repr(integer(value, radix=16) / 100)


def read_box(content: Reader, draft: Draft) -> None:
    """Read a battery box's own heartbeat."""
    read_row(content, draft, _BOX)


def _read_door(content: Reader, draft: Draft) -> None:
    """Read a door and a wire, behind a date where one is sent."""
    if content.left > _DATE_BYTES:
        content.take(_DATE_BYTES)
    flags = content.unsigned(1)
    draft.flag("door", flags & 1)
    draft.flag("io1", flags & 4)


def _read_module(content: Reader, draft: Draft) -> None:
    if content.left >= _MODULE_BYTES:
        module, size = content.unsigned(2), content.unsigned(1)
        value = Reader(content.take(min(size, content.left)))
        if module == 0x3B and value.left >= 2 and draft.fix is not None:  # noqa: PLR2004
            # Hundredths of a metre.
            draft.fix = structs.replace(draft.fix, accuracy_m=value.unsigned(2) / 100)
        read_row(
            value,
            draft,
            {0x27: (("external_v", 2, 100),), 0x2E: _DISTANCE}.get(module, ()),
        )


def _read_tank(content: Reader, draft: Draft) -> None:
    """Read oil, a temperature with a sign before it, and tens of metres."""
    if content.left >= _TANK_BYTES:
        draft.attributes["oil"] = str(content.unsigned(2))
        celsius = content.unsigned(1)
        signed = -(celsius & 0x7F) if celsius & 0x80 else celsius
        draft.attributes["temperature_c"] = str(signed)
        if content.left >= _DISTANCE_BYTES:
            draft.attributes["odometer_m"] = str(content.unsigned(4) * 10)


def _read_card(content: Reader, draft: Draft) -> None:
    draft.attributes["odometer_m"] = str(content.unsigned(4))
    _text("card", content.take(content.unsigned(1)), draft)
    if content.unsigned(1):
        draft.signal("card-alarm", Signal.UNKNOWN)
    read_row(content, draft, (("card_status", 1, 1), ("driving_h", 2, 1)))


def _read_inputs(content: Reader, draft: Draft) -> None:
    """Read two inputs and what is wired: degrees, or volts in one of two scales."""
    if content.left < 2:  # noqa: PLR2004 - a u16
        return
    mask = content.unsigned(2)
    draft.flag("ignition", mask & 0x8000)
    draft.flag("in2", mask & 0x4000)
    if mask & 0x1000:
        celsius = mask & 0x1FF
        draft.attributes["temperature_c"] = str(-celsius if mask & 0x200 else celsius)
    else:
        value = mask & 0x3FF
        draft.attributes["adc1"] = str(value) if mask & 0x2000 else repr(value / 10)


def _read_asset(content: Reader, draft: Draft, meanings: tables.Meanings) -> None:
    """Read supplies and the alarm of LW4G: a plain place has a code there as well.

    One that nobody has described stays a code for the device's profile.
    """
    if content.left < _ASSET_BYTES:
        return
    draft.attributes["external_v"] = repr(content.unsigned(2) / 100)
    set_battery(content.unsigned(1), draft)
    read_row(content, draft, (("gsm", 1, 1),))
    alarm = content.peek(1)
    if alarm and alarm[0] in meanings:
        read_alarm(content, draft, meanings)
    elif alarm:
        draft.codes.append(f"alarm:0x{content.unsigned(1):02x}")
    read_row(content, draft, _ASSET)


def read_key_place(content: Reader, draft: Draft) -> None:
    """Read what TRX16i has behind a place: a cell, supplies, and the key held to it."""
    read_cell(content, draft, cid=4)
    draft.flag("ignition", content.unsigned(1))
    draft.attributes["event"] = str(content.unsigned(1))
    draft.buffered = content.unsigned(1) > 0
    read_row(content, draft, _KEY_PLACE)
    key = content.rest()
    if key.strip(b"\0"):
        draft.attributes["driver"] = key.hex()


def read_wearer(content: Reader, draft: Draft) -> None:
    """Read SeeWorld's long status: no alarm byte, and the steps of its wearer."""
    read_status_bits(content.unsigned(1), draft)
    read_row(content, draft, (*_HELD, ("steps", 4, 1)))
    draft.battery_percent(content.unsigned(1))
    for name in ("charging", "moving"):
        draft.flag(name, content.unsigned(1) == 1)


def _text(name: str, data: bytes, draft: Draft) -> None:
    text = text_of(data[:_TEXT_BYTES_MAX]).strip("\0 ")
    if text:
        draft.attributes[name] = text


_HEARTBEAT_MODULE_BYTES, _DISTANCE_AND_HEIGHT = 3, 6
_ARCHIVE_BYTES, _DISTANCE_BYTES, _MODULE_BYTES, _TANK_BYTES = 3, 4, 3, 7
_ENGINE_BYTES, _ASSET_BYTES, _X1_CELL_BYTES, _LONG_WARMTH_BYTES = 5, 3, 9, 10
_IDENTITY_BYTES, _HELD_KEY_BYTES, _TEXT_BYTES_MAX = 26, 6, 256
_DATE_BYTES = 6
_KEY_HELD, _KEY_BYTES = 0xE8, 9
_DISTANCE = (("odometer_m", 4, 1.0),)
_SUPPLY = (*(("external_v", 2, 100), ("battery_v", 1, 10), ("gsm", 1, 1)),)
# Behind the language.
_DRIVEN = (("", 1, 1), ("odometer_m", 3, 1), ("engine_s", 3, 1 / 60))
_ASSET = (("", 1, 1), *_DISTANCE, ("engine_s", 4, 1), ("", 8, 1), ("input", 2, 1))
_KEY_PLACE = (
    *(*_DISTANCE, ("external_v", 2, 100), ("battery_v", 1, 10)),
    ("engine_s", 3, 1 / 60),
)
_HELD = (("", 2, 1), ("", 1, 1), ("gsm", 1, 1), ("external_v", 1, 1), ("", 3, 1))
_BOX = (("", 7, 1), ("box_battery_percent", 1, 1), ("box_cycles", 2, 1))
_INFORMATION = {
    0x00: (("adc1", 2, 100),),
    0x0B: (("external_v", 2, 100),),
    0x1E: (("temperature_c", 4, 10), ("humidity_percent", 4, 10)),
}
_SETTING = re.compile(r"([A-Z0-9]{3,6})=([0-9A-F]{1,8});")
_SETTINGS = {
    "ALM1": "alarm1_status",
    "ALM2": "alarm2_status",
    "ALM3": "alarm3_status",
    "STA1": "other_status",
    "DYD": "engine_status",
}
_TANK = re.compile(
    r"!AIOIL,\d{1,3},\d{1,5}\.\d{1,4},(?P<celsius>\d{1,5}\.\d{1,4}),[^,]{1,8},"
    r"[^,]{0,8},(?P<fuel>\d{1,5}\.\d{1,4}),"
)
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_ENGINE_VALUE = re.compile(r"([0-9A-F]{2})\d=([0-9A-Za-z]{1,17})")
_ENGINE = {
    "28": "odometer_m",
    "2B": "fuel",
    "2D": "coolant_c",
    "35": "obd_kmh",
    "36": "engine_rpm",
    "47": "fuel_used_l",
    "49": "engine_s",
}

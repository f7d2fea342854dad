"""Types and alarm codes of `gt06`, from vendors' documents and captured packets."""

from collections.abc import Mapping

from engine.values import Signal

Meanings = Mapping[int, tuple[Signal, ...]]
"""What the codes of an alarm byte mean; one that it lacks is unknown."""

LOGIN = 0x01
PLACE = 0x12
STATUS_PACKET = 0x13
PLACE_AND_STATUS, PLACE_AND_HEIGHT = 0x16, 0x32
CELL_STATUS = 0x19
HEARTBEAT = 0x23
COUNTED_CELLS = 0x24
ADDRESS_REQUEST = 0x2A
ADDRESS_RESPONSE = 0x97
X1 = 0x34
TIME_REQUEST = 0x8A
XT40 = 0x25
PLACE_OR_STATIONS = 0xA2
STATIONS = 0xF3
EXTENDED_TEXT = 0x21
TEXT = 0x15
SERIAL_PORT = 0x9B
CAMERA = 0x95
FENCE = 0xA3
CELL_ADDRESS = 0xA7
WIDE_CELL = 0x11
MODULES = 0x70
# A place, and a cell behind the number of its kind.
TYPED_CELL = 0x38
EXTENDED_ALARM = 0x33
INFORMATION = 0x94
ENGINE = 0x8C
BOX = 0xF2
PLACE_AND_MODULE = 0x37

# A heartbeat of 4G models, with modules behind its status; of TRX16i a place, with a
# date at its beginning; behind the other start a photograph.
MODULE_HEARTBEAT = 0x36
MODULE_ALARM = 0x39
DEVICE_STATUS = 0xF1
KEY = 0x61
# Stations, or behind a length of its own a place with a cell and a card that was read,
# or a cell and the telephone that wants its address, with the alarm (vendors' 0x17).
CARD_OR_PHONE = 0x17
PLACE_AND_PHONE = 0x1A
CELLS_AND_STATIONS = 0x33
CELLS_ALARM = 0xA9
# Places whose cell has a longer number, by what follows the place (SL4X, SeeWorld).
SL4X_PLACE, SEEWORLD_PLACE = (0x31, 19), (0x22, 24)

STATUS = frozenset({STATUS_PACKET, HEARTBEAT, MODULE_HEARTBEAT})
# No serial, no CRC; the length's place holds a count, and dates are packed decimals.
BARE = frozenset({0x17, 0x69})
# Command results, settings, photographs: they say no more than that the device lives.
QUIET = frozenset(
    {0x08, 0x14, TEXT, 0x1F, 0x21, 0x35, 0x40, 0x41, 0x80, 0x81, 0x82, 0x84}
    | {TIME_REQUEST, INFORMATION, SERIAL_PORT, 0xB0, 0xB2, DEVICE_STATUS}
)
UNANSWERED = frozenset({0x80, 0x81, 0x82, INFORMATION, X1, 0x35, STATIONS, TYPED_CELL})
WITH_STATUS = frozenset({0x16, 0x26, 0x27, 0x32, FENCE, 0xA4})
WITH_FENCE_NUMBER = frozenset({0x27, 0xA4})
WITH_ARCHIVE = frozenset({0x22, 0x2D, 0x31, PLACE_AND_MODULE})
WITH_CELL = frozenset({WIDE_CELL, PLACE, 0xA0}) | WITH_ARCHIVE
PLACES = (
    WITH_STATUS | WITH_CELL | {0x10, PLACE_AND_PHONE, 0x1E, XT40, ADDRESS_REQUEST, X1}
)
PLACES |= {CARD_OR_PHONE}
PLACES |= {MODULE_ALARM, TYPED_CELL, KEY}
# Frame lengths (VXT01, S5) whose place packet goes on with a status and an alarm.
PLACE_WITH_STATUS = frozenset({0x24, 0x2B})
PLACE_WITH_CARD, PLACE_WITH_INPUTS, PLACE_WITH_LICENCE = 0x29, 0x21, 0x71
CELLS = frozenset({0x18, COUNTED_CELLS, 0x28, 0x2C, 0x2E, 0x33, 0xA1, 0xA2, 0xA9})
LONG_CELLS = frozenset({0x33, 0xA0, 0xA1, 0xA2, 0xA9})
CELL_COUNT = {CELLS_AND_STATIONS: 6}
WITH_STATIONS = frozenset({0x18, 0x2C, 0x33, 0xA2, 0xA9})
CELLS_MAY_ALARM = frozenset({0xA2, 0xA9})
CELL_ALARM = frozenset({CELL_STATUS, 0xA5, CELL_ADDRESS})

EXTENDED_CELLS = frozenset({0x32, EXTENDED_ALARM})
# A piece of a recording, as Jimi's models send behind an alarm.
RECORDING = 0x8D
EXTENDED_QUIET = frozenset(
    {0x36, 0x41, 0x65, 0x66, 0x84, ENGINE, INFORMATION, SERIAL_PORT, BOX, 0xFD}
    | {TIME_REQUEST, RECORDING, DEVICE_STATUS}
)
# Types that mean the same behind either start: the second says how long the length is.
EITHER = (STATUS | PLACES | CELLS | CELL_ALARM) - (
    EXTENDED_CELLS | {MODULE_HEARTBEAT, CARD_OR_PHONE}
)
EXTENDED_ANSWERED_BASIC = (frozenset({MODULES, BOX, LOGIN, DEVICE_STATUS}) | EITHER) - {
    TYPED_CELL
}

NOTHING: tuple[Signal, ...] = ()
TAMPER_INPUT = (Signal.TAMPERED,)

# Bits 3 to 5 of the status byte.
STATUS_ALARMS = {
    1: (Signal.VIBRATION,),
    2: (Signal.POWER_CUT,),
    3: (Signal.LOW_BATTERY,),
    4: (Signal.SOS,),
    6: (Signal.GEOFENCE,),
    7: (Signal.REMOVED,),
}

# 0x09, 0x0e, 0x18, 0x19 and 0x26 to 0x30 change their meaning with the model; the
# code stays on the report for the device's profile to read.
ALARMS = {
    0x00: NOTHING,
    0x01: (Signal.SOS,),
    0x02: (Signal.POWER_CUT,),
    0x03: (Signal.VIBRATION,),
    0x04: (Signal.GEOFENCE,),
    0x05: (Signal.GEOFENCE,),
    0x06: (Signal.OVERSPEED,),
    0x09: (Signal.VIBRATION,),
    0x0A: NOTHING,  # enters a place without GPS
    0x0B: NOTHING,  # leaves it
    0x0C: (Signal.TAMPERED,),
    0x0D: NOTHING,  # first fix
    0x0E: (Signal.LOW_BATTERY,),
    0x0F: (Signal.LOW_BATTERY,),
    0x10: (Signal.TAMPERED,),  # another SIM
    0x11: (Signal.POWER_OFF,),
    0x12: (Signal.POWER_OFF, Signal.LOW_BATTERY),  # leaves the network to save it
    0x13: (Signal.TAMPERED,),
    0x14: (Signal.VEHICLE,),  # door
    0x15: (Signal.POWER_OFF, Signal.LOW_BATTERY),
    0x17: (Signal.JAMMED,),  # a false base station
    0x18: (Signal.REMOVED,),
    0x19: (Signal.LOW_BATTERY,),
    0x1A: (Signal.HARSH_DRIVING,),
    0x1B: (Signal.HARSH_DRIVING,),
    0x20: NOTHING,  # goes to sleep
    0x23: (Signal.FALL,),
    0x25: (Signal.TAMPERED,),
    0x26: (Signal.HARSH_DRIVING,),
    0x27: (Signal.HARSH_DRIVING,),
    0x28: (Signal.HARSH_DRIVING,),
    0x29: (Signal.HARSH_DRIVING,),
    0x2A: (Signal.HARSH_DRIVING,),
    0x2B: (Signal.HARSH_DRIVING,),
    0x2C: (Signal.ACCIDENT,),
    0x2E: (Signal.HARSH_DRIVING,),
    0x30: (Signal.JAMMED, Signal.HARSH_DRIVING),
    0x32: (Signal.TAMPERED,),
    0x33: (Signal.VEHICLE,),  # locked
    0x34: (Signal.VEHICLE,),  # unlocked
    0x53: (Signal.VEHICLE,),  # a tank leaks
    0x5B: (Signal.VEHICLE,),  # a load's temperature
    0x5C: (Signal.VEHICLE,),
    0xC9: (Signal.VEHICLE,),  # idles
    0xE8: NOTHING,  # a key is held to it
    0xF0: (Signal.HARSH_DRIVING,),
    0xF1: (Signal.HARSH_DRIVING,),
    0xF2: (Signal.ACCIDENT,),
    0xFE: (Signal.VEHICLE,),  # ignition on
    0xFF: (Signal.VEHICLE,),  # ignition off
}

# Numbers of which the high nibble stands in the language's byte.
LONGER_ALARMS: Meanings = {0x107: (Signal.JAMMED,), 0x10B: (Signal.JAMMED,)}
# What alarms of the packet with a key mean by the same numbers (TRX16i).
KEY_ALARMS: Meanings = ALARMS | {0x09: (Signal.GEOFENCE,)}
_OF_MODELS: Mapping[str, Meanings] = {
    "LW": ALARMS | {0x18: (Signal.ACCIDENT,), 0x19: (Signal.HARSH_DRIVING,)},
    "SEEWORLD": ALARMS | {0x29: (Signal.ACCIDENT,)},
    "VL": ALARMS
    | {
        0x09: (Signal.MOVEMENT,),  # towed
        0x28: (Signal.POWER_OFF,),
        0x30: (Signal.HARSH_DRIVING,),
    },
}
_VL_MODELS = frozenset({"VL103", "LL303", "VL512", "G18"})


def family_of(model: str) -> str:
    """Return to which family a model belongs; empty for all that differ in nothing."""
    name = model.upper()
    if name in _VL_MODELS:
        return "VL"
    if name in {"SEEWORLD", "R11"}:
        return name
    return "LW" if name.startswith("LW") else ""


def meanings_of(family: str) -> Meanings:
    """Return what a family's alarm bytes mean."""
    return _OF_MODELS.get(family, ALARMS)


CAMERA_ALARMS = {
    0x01: (Signal.SOS,),
    0x0E: (Signal.LOW_BATTERY,),
    0x76: (Signal.VEHICLE,),  # temperature
    0x80: (Signal.VIBRATION,),
    0x87: (Signal.OVERSPEED,),
    0x88: (Signal.POWER_CUT,),
    0x90: (Signal.HARSH_DRIVING,),
    0x91: (Signal.HARSH_DRIVING,),
    0x92: (Signal.HARSH_DRIVING,),
    0x93: (Signal.ACCIDENT,),
}

AZ735_ALARMS = {
    0xA0: NOTHING,  # armed
    0xA1: NOTHING,  # disarmed
    0xA2: (Signal.LOW_BATTERY,),
    0xA3: (Signal.LOW_BATTERY,),
    0xA5: (Signal.VEHICLE,),  # door
}

AZ735_ARMED = {0xA0: True, 0xA1: False}

MODULE_ROWS = {
    0x09: (("satellites", 1, 1),),
    0x0A: (("satellites_in_view", 1, 1),),
    0x28: (("hdop", 1, 10),),
    0x2E: (("odometer_m", 4, 1),),
}

MODULE_EVENTS = {
    0x10: (Signal.VEHICLE,),  # door
    0x12: (Signal.REMOVED,),
    0x14: (Signal.GEOFENCE,),
    0x15: (Signal.GEOFENCE,),
    0x16: (Signal.VEHICLE,),  # temperature
    0x1A: (Signal.LOW_BATTERY,),
    0x1B: (Signal.OVERSPEED,),
    0x1C: (Signal.POWER_ON,),
    0x1D: (Signal.POWER_OFF,),
    0x20: (Signal.VIBRATION,),
    0x21: (Signal.POWER_CUT,),
    0x23: (Signal.TAMPERED,),
}

# Why it started; all others say nothing that concerns anybody.

MODULE_STARTS = {
    0x11: (Signal.LOW_BATTERY,),
    0x12: (Signal.LOW_BATTERY,),
    0x13: (Signal.POWER_CUT,),
    0x14: (Signal.REMOVED,),
}

"""Additional fields of `jt808` in which makers have alarms beside the alarm bits."""

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader
from adapters.devices.rows import Row, read_row
from engine.values import Signal


def read_switches(value: Reader, draft: Draft) -> None:
    """Read alarms of a vehicle's driving, before its switches (0x57)."""
    if value.left == _SWITCHES_BYTES:
        draft.bits("57", value.unsigned(2), _SWITCHES)


def read_driving(value: Reader, draft: Draft) -> None:
    """Read how a vehicle is driven, behind a number and a state (0x70)."""
    if value.left > _DRIVING_HEAD:
        value.take(_DRIVING_HEAD)
        code = value.unsigned(1)
        draft.attributes["driving_event"] = str(code)
        if code in _DRIVING:
            draft.signal(f"70:0x{code:02x}", *_DRIVING[code])


def read_states(value: Reader, draft: Draft) -> None:
    """Read the states of a terminal's wearer or carrier (0xD0)."""
    if value.left == _STATES_BYTES:
        draft.bits("d0", value.unsigned(4), _STATES)


def read_buttons(value: Reader, draft: Draft) -> None:
    """Read a vibration, and the buttons that call for help (0xE7)."""
    if value.left == _BUTTONS_BYTES:
        draft.bits("e7", value.unsigned(2), _BUTTONS)


def read_marked(value: Reader, draft: Draft) -> None:
    """Read a battery, or behind the mark 0x7C nested alarms (0xFE)."""
    if value.left == 1:
        draft.battery_percent(value.unsigned(1))
        return
    if value.left in _OTHER_LENGTHS:
        return
    if value.unsigned(1) != _MARKED:
        draft.battery_percent(value.unsigned(1))
        return
    while value.left >= 2:  # noqa: PLR2004 - key and length
        key, size = value.unsigned(1), value.unsigned(1)
        field = Reader(value.take(min(size, value.left)))
        if key == 0x01 and field.left:
            draft.bits("fe", int.from_bytes(field.rest()), _MARKED_ALARMS)


def read_battery_alarm(value: Reader, draft: Draft) -> None:
    """Read SeeWorld's alarm of the battery, of which 3 and 4 are low (0x00C6)."""
    level = value.unsigned(1)
    draft.attributes["battery_alarm"] = str(level)
    if level in _LOW_LEVELS:
        draft.signal(f"ebc6:{level}", Signal.LOW_BATTERY)


def read_jimi(value: Reader, draft: Draft) -> None:
    """Read what Jimi's terminals say in 0xE8: supplies, states, or an alarm."""
    kind = int.from_bytes(value.peek(2))
    if kind == _JIMI_SUPPLY and value.left >= _JIMI_SUPPLY_BYTES:
        value.take(3)
        draft.flag("charging", value.unsigned(1) == 1)
        level = value.unsigned(1)
        if 1 <= level <= _LEVEL_MAX:
            draft.battery_percent(level * 100 / 6)
        read_row(value, draft, _JIMI_ROW)
    elif kind == _JIMI_STATES:
        value.take(3)
        _read_jimi_states(value, draft)
    elif value.left == _JIMI_ALARM_BYTES or (
        kind in _JIMI_ALARMS and value.left >= _JIMI_HEAD_BYTES
    ):
        value.take(2)
        signals = _JIMI_ALARMS.get(kind, (Signal.UNKNOWN,))
        if signals:
            draft.signal(f"jimi:0x{kind:04x}", *signals)
        elif kind in _JIMI_IGNITION:
            draft.flag("ignition", _JIMI_IGNITION[kind])


def _read_jimi_states(value: Reader, draft: Draft) -> None:
    while value.left >= 3:  # noqa: PLR2004 - key and length
        key, size = value.unsigned(2), value.unsigned(1)
        state = Reader(value.take(min(size, value.left)))
        if key == 0x0003 and state.left:  # noqa: PLR2004 - percent
            draft.battery_percent(state.unsigned(1))
        elif key == 0x0004 and state.left:  # noqa: PLR2004 - 0 is a charger
            draft.flag("charging", state.unsigned(1) == 0)
        elif key == 0x0005:  # noqa: PLR2004 - the SIM's number
            draft.attributes["iccid"] = state.rest().hex()[:19]
        else:
            read_row(state, draft, _JIMI_STATE_ROWS.get(key, ()))


_SWITCHES_BYTES, _DRIVING_HEAD, _STATES_BYTES, _BUTTONS_BYTES = 8, 5, 4, 8
_SWITCHES = dict.fromkeys((8, 9, 10), (Signal.HARSH_DRIVING,))
_DRIVING: dict[int, tuple[Signal, ...]] = {
    **dict.fromkeys((1, 2, 3), (Signal.HARSH_DRIVING,)),
    0x16: (Signal.ACCIDENT,),
}
_STATES = {3: (Signal.VIBRATION,)}
_BUTTONS: dict[int, tuple[Signal, ...]] = {
    0: (Signal.VIBRATION,),
    **dict.fromkeys((1, 2, 3), (Signal.SOS,)),
}
# Under the same key: nothing, a supply's volts, a distance.
_OTHER_LENGTHS = frozenset({0, 2, 4})
_MARKED = 0x7C
_MARKED_ALARMS: dict[int, tuple[Signal, ...]] = {
    **dict.fromkeys((0, 1, 2), (Signal.HARSH_DRIVING,)),
    3: (Signal.ACCIDENT,),
    4: (Signal.TAMPERED,),
}
_LOW_LEVELS = frozenset({3, 4})
_JIMI_SUPPLY, _JIMI_SUPPLY_BYTES, _JIMI_STATES = 0x2003, 10, 0x2005
_LEVEL_MAX = 6
_JIMI_ROW = (("battery_v", 2, 100), ("gsm", 1, 1), ("external_v", 2, 100))
_JIMI_STATE_ROWS: dict[int, Row] = {
    0x0001: (("battery_v", 2, 100),),
    0x0007: (("hdop", 2, 10),),
    0x2001: (("external_v", 2, 10),),
}
_JIMI_HEAD_BYTES, _JIMI_ALARM_BYTES = 4, 20
_JIMI_IGNITION = {0x0C03: True, 0x0C04: False}
_JIMI_ALARMS: dict[int, tuple[Signal, ...]] = {
    0x0001: (Signal.FAULT,),
    **dict.fromkeys(
        (0x0400, 0x0401, 0x0402, 0x0412, 0x0413, 0x0414), (Signal.HARSH_DRIVING,)
    ),
    0x0403: (Signal.OVERSPEED,),
    **dict.fromkeys((0x0405, 0x0416, 0x0417), (Signal.ACCIDENT,)),
    0x0406: (Signal.VIBRATION,),
    0x0407: (Signal.MOVEMENT,),  # towed
    0x0408: (Signal.GEOFENCE,),
    0x0409: (Signal.GEOFENCE,),
    0x040C: (Signal.VEHICLE,),  # door
    0x0415: (Signal.VEHICLE,),  # changes lanes
    0x0C01: (Signal.SOS,),
    0x0C02: (Signal.LOW_BATTERY,),
    0x0C03: (),  # ignition on
    0x0C04: (),  # ignition off
    0x0C05: (Signal.UNKNOWN,),
    0x0C0E: (Signal.POWER_CUT,),
    0x0C0F: (Signal.LOW_BATTERY,),
    0x0C10: (Signal.POWER_OFF,),
    0x0C12: (Signal.TAMPERED,),
    0x2002: (),  # by what way it reports
}

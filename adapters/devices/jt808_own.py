"""Messages of `jt808` that are makers' own: passed-through data, and padlocks' places.

0x0900 passes on what hangs on the terminal; its first byte says what. 0x5501 and
0x5502 are the places of padlocks: packed decimals, and states in place of alarm bits.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

from adapters.devices.draft import KMH_MPS, KNOT_MPS, Draft
from adapters.devices.jt808_vehicle import keep_text, read_engine_text
from adapters.devices.reading import (
    Reader,
    UnreadableError,
    bcd,
    moment_of_digits,
    text_of,
)
from adapters.devices.rows import Row, read_row
from engine.ports.device import ReportKind
from engine.values import Instant, Signal

CHINA = timedelta(hours=8)


def read_state(body: Reader, draft: Draft) -> tuple[float, float, bool]:
    """Read the state word and the place behind it.

    Returns:
        Latitude, longitude, and whether the terminal calls them valid.

    """
    status = body.unsigned(4)
    lat, lon = body.unsigned(4), body.unsigned(4)
    draft.attributes["status"] = f"0x{status:08x}"
    draft.flag("ignition", status & 1)
    draft.flag("charging", status & 0x04000000)
    return (
        -lat / _DEGREE if status & 4 else lat / _DEGREE,
        -lon / _DEGREE if status & 8 else lon / _DEGREE,
        bool(status & 2),
    )


def read_clock(body: Reader) -> Instant | None:
    """Read six bytes of packed decimals: China's time, None where they are none."""
    digits = body.take(6).hex()
    return moment_of_digits(digits[:6], digits[6:], offset=CHINA)


def read_passed_on(body: Reader, draft: Draft) -> None:
    """Read what a terminal passes on; what nobody has described stays in the frame."""
    kind = body.unsigned(1) if body.left else -1
    try:
        if kind == 0x40:  # noqa: PLR2004 - a key that was held to a reader
            key = _KEY.match(text_of(body.rest()))
            if key is not None:
                draft.attributes["driver"] = key["driver"]
        elif kind == 0x41:  # noqa: PLR2004 - an engine's values as text
            read_engine_text(text_of(body.rest()), draft)
        elif kind == 0xF0:  # noqa: PLR2004 - an engine's report
            _read_engine(body, draft)
        elif kind in _LOGGERS:
            _read_logger(kind, body, draft)
    except UnreadableError:
        return


def read_padlock(body: Reader, draft: Draft, *, blind: bool) -> None:
    """Read a padlock's place; a blind one is the last that it knew.

    Raises:
        UnreadableError: it is shorter than its states.

    """
    day, clock = bcd(body.take(3)), bcd(body.take(3))
    lat, lon = body.take(4).hex(), body.take(5).hex()
    flags = int(lon[9], 16)
    knots, course = bcd(body.take(1)), body.unsigned(1) * 2
    read_row(body, draft, _PADLOCK)
    battery = body.unsigned(1)
    draft.battery_percent(battery)
    if battery in _CHARGING:
        draft.flag("charging", value=True)
    cid, lac = body.unsigned(4), body.unsigned(2)
    draft.cell(0, 0, lac, cid)
    product, status, alarm = body.unsigned(1), body.unsigned(2), body.unsigned(2)
    table = _PADLOCK_ALARMS.get(product, {})
    draft.bits("padlock", alarm, table, alarms=range(16))
    draft.attributes["status"] = f"0x{status:04x}"
    draft.flag("blocked", product == _CAR_LOCK and status & 0x20)
    draft.device_at = moment_of_digits(day, clock, day_first=True)
    draft.speed_mps = int(knots) * KNOT_MPS
    draft.course_deg = float(course)
    _read_fields(body, draft)
    if not (lat + lon[:9]).isdecimal():
        message = "not packed decimals"
        raise UnreadableError(message)
    lat_deg, lon_deg = _degrees(int(lat)), _degrees(int(lon[:9]))
    draft.locate(
        lat_deg if flags & 2 else -lat_deg,
        lon_deg if flags & 4 else -lon_deg,
        valid=not blind,
    )


def _degrees(digits: int) -> float:
    whole, minutes = divmod(digits, 1_000_000)
    return whole + minutes / 10_000 / 60


def _read_fields(body: Reader, draft: Draft) -> None:
    while body.left >= 2:  # noqa: PLR2004 - key and length
        key, size = body.unsigned(1), body.unsigned(1)
        value = Reader(body.take(min(size, body.left)))
        if key == 0x02 and value.left == 2:  # noqa: PLR2004 - a height
            draft.altitude_m = float(value.signed(2))
        elif key == 0x0C and value.left == 6:  # noqa: PLR2004 - three axes
            axes = ",".join(str(value.signed(2)) for _ in range(3))
            draft.attributes["tilt"] = f"[{axes}]"
        elif key in _LOCK_FIELDS:
            read_row(value, draft, _LOCK_FIELDS[key])


def _read_engine(body: Reader, draft: Draft) -> None:
    draft.device_at = read_clock(body)
    draft.buffered = body.unsigned(1) > 0
    body.take(1)  # what vehicle it is
    kind = body.unsigned(1)
    if kind == 0x01:
        _read_engine_values(body, draft)
    elif kind == 0x02:  # noqa: PLR2004 - faults
        draft.attributes["fault_codes"] = " ".join(_read_faults(body))[:_TEXT_MAX]
    elif kind == 0x0B and body.unsigned(1):  # noqa: PLR2004 - who it is
        keep_text("vin", body.take(17), draft)
    elif kind == 0x03:  # noqa: PLR2004 - events, each with data of its own
        _read_engine_events(body, draft)
    elif kind == 0x15:  # noqa: PLR2004 - an event alone
        _read_engine_event(body.unsigned(4), _DRIVING_EVENTS, draft)
    if kind in {0x01, 0x02, 0x03}:
        lat_deg, lon_deg, valid = read_state(body, draft)
        draft.locate(lat_deg, lon_deg, valid=valid)
        draft.kind = ReportKind.REPORT


def _read_engine_values(body: Reader, draft: Draft) -> None:
    for _ in range(body.unsigned(1)):
        key, size = body.unsigned(2), body.unsigned(1)
        value = Reader(body.take(size))
        if key in _ENGINE:
            read_row(value, draft, _ENGINE[key])
        elif key in _OFFSET_BY_40:
            draft.attributes[_OFFSET_BY_40[key]] = str(value.unsigned(1) - 40)
        elif key == _VIN:
            keep_text("vin", value.rest(), draft)
        elif size in {1, 2, 4}:
            draft.attributes[f"io{key}"] = str(value.unsigned(size))


def _read_engine_events(body: Reader, draft: Draft) -> None:
    for _ in range(body.unsigned(1)):
        key = body.unsigned(1)
        body.take(body.unsigned(1))
        _read_engine_event(key, _ENGINE_EVENTS, draft)


def _read_engine_event(
    key: int, meanings: Mapping[int, tuple[Signal, ...]], draft: Draft
) -> None:
    draft.attributes["event"] = str(key)
    if key in meanings:
        draft.look_up("engine", key, meanings)


def _read_faults(body: Reader) -> list[str]:
    codes: list[str] = []
    for _ in range(body.unsigned(2)):
        body.take(4)
        for _ in range(body.unsigned(2)):
            body.take(8)
            codes.append(text_of(body.take(body.unsigned(2))).strip("\0 "))
    return codes[:_FAULTS_MAX]


def _read_logger(kind: int, body: Reader, draft: Draft) -> None:
    lat_deg, lon_deg, valid = read_state(body, draft)
    draft.altitude_m = float(body.signed(2))
    draft.speed_mps = body.unsigned(2) / 10 * KMH_MPS
    draft.course_deg = float(body.unsigned(2))
    draft.device_at = read_clock(body)
    draft.locate(lat_deg, lon_deg, valid=valid)
    draft.kind = ReportKind.REPORT
    if kind == 0x53:  # noqa: PLR2004 - nodes in reach
        body.take(1)
        for _ in range(min(body.left // _NODE_BYTES, _NODES_MAX)):
            if body.left < _NODE_BYTES:
                break
            tag = f"tag{body.unsigned(1) + 1}"
            draft.attributes[f"{tag}_mac"] = body.take(6).hex()
            draft.attributes[f"{tag}_rssi_dbm"] = str(body.signed(1))
            said = body.take(body.unsigned(1))
            draft.attributes[f"{tag}_data"] = said[:_NODE_DATA_MAX].hex()
        return
    while body.left >= _SAMPLE_BYTES:
        mask = body.unsigned(2)
        body.take(6)  # when it was taken
        for bit, row in _SAMPLED.items():
            if mask >> bit & 1:
                for name, units in row:
                    value = body.signed(2)
                    if name:
                        draft.attributes[name] = (
                            str(value) if units == 1 else repr(value / units)
                        )


_DEGREE = 1_000_000
_CAR_LOCK = 3
_CHARGING = frozenset({0xAA, 0xAB})
_KEY = re.compile(r"GTSL\|(?:[^|]{0,16}\|){3}(?P<driver>[0-9A-Za-z]{1,32})")
_TEXT_MAX = 256
_LOGGERS = frozenset({0x53, 0x54})
_NODES_MAX, _NODE_DATA_MAX = 32, 64
_NODE_BYTES, _SAMPLE_BYTES, _FAULTS_MAX = 9, 8, 32
_PADLOCK: Row = (("gsm", 1, 1), ("satellites", 1, 1), ("odometer_m", 4, 0.001))
_LOCK_FIELDS: dict[int, Row] = {
    0x0B: (("lock_command", 1, 1), ("lock_card", 4, 1), ("lock_result", 1, 1)),
    0x10: (("wake_source", 1, 1),),
    0xFC: (("fence", 1, 1),),
}
_LOW: dict[int, tuple[Signal, ...]] = {0: (Signal.LOW_BATTERY,)}
_PADLOCK_ALARMS: dict[int, dict[int, tuple[Signal, ...]]] = {
    1: _LOW,
    2: _LOW,
    3: {
        0: (Signal.OVERSPEED,),
        1: (Signal.LOW_BATTERY,),
        2: (Signal.VIBRATION,),
        3: (Signal.LOW_BATTERY,),
        5: (Signal.GEOFENCE,),
        6: (Signal.GEOFENCE,),
    },
}
_ENGINE: dict[int, Row] = {
    **dict.fromkeys((0x0102, 0x0528, 0x0546), (("odometer_m", 4, 0.01),)),
    **dict.fromkeys((0x0105, 0x052C), (("fuel_used_l", 4, 100),)),
    **dict.fromkeys((0x014A, 0x0537, 0x0538, 0x0539), (("fuel_use", 2, 100),)),
    **dict.fromkeys((0x0547, 0x0548), (("throttle_percent", 1, 1),)),
    0x0103: (("fuel", 4, 100),),
    0x052A: (("fuel", 2, 100),),
    0x052B: (("fuel", 1, 1),),
    0x0530: (("external_v", 2, 1000),),
    0x0535: (("obd_kmh", 2, 10),),
    0x0536: (("engine_rpm", 2, 1),),
    0x053D: (("intake_kpa", 2, 10),),
}
_ENGINE_EVENTS: dict[int, tuple[Signal, ...]] = {
    0x01: (Signal.POWER_RESTORED,),
    0x02: (Signal.POWER_CUT,),
    0x0E: (Signal.VEHICLE,),  # idles
    **dict.fromkeys((0x1A, 0x1B, 0x1C, 0x23), (Signal.HARSH_DRIVING,)),
    **dict.fromkeys((0x1D, 0x1E, 0x1F), (Signal.HARSH_DRIVING,)),  # changes lanes
    0x25: (Signal.OVERSPEED,),
    **dict.fromkeys((0x26, 0x27, 0x28), (Signal.ACCIDENT,)),
    **dict.fromkeys((0x31, 0x32), (Signal.VEHICLE,)),  # doors
}
_DRIVING_EVENTS: dict[int, tuple[Signal, ...]] = {
    **dict.fromkeys((51, 52, 53, 54), (Signal.HARSH_DRIVING,)),
    56: (Signal.ACCIDENT,),
}
_OFFSET_BY_40 = {0x052D: "coolant_c"}
_VIN = 0xFEEC
_SAMPLED: dict[int, tuple[tuple[str, int], ...]] = {
    0: (("light", 1),),
    1: (("device_temperature_c", 10), ("humidity_percent", 10)),
    2: (("temperature3_c", 10),),
    3: (("", 1), ("", 1), ("", 1)),
    4: (("air_hpa", 1),),
}

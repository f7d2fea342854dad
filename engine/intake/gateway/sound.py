"""Whether what a decoder returned is what its port says, looked at before it is used.

Behind the gateway nobody looks again: a number where a text is due would raise where
every device is answered.
"""

from collections.abc import Collection, Iterable, Mapping
from operator import attrgetter

from engine.ports.device import Decoded, DeviceReport, HttpDecoded, ReportKind
from engine.values import DeviceId, Fix, Instant, Signal

_Types = type | tuple[type, ...]
_NOTHING = type(None)
_NUMBER = (float, int, _NOTHING)
_FIX: Mapping[str, _Types] = {
    "lat_deg": (float, int),
    "lon_deg": (float, int),
    "at": Instant,
    "accuracy_m": _NUMBER,
}
_REPORT: Mapping[str, _Types] = {
    "protocol": str,
    "kind": ReportKind,
    "device": (str, _NOTHING),
    "received_at": Instant,
    "raw": bytes,
    "part": int,
    "signals": frozenset,
    "codes": tuple,
    "device_at": (Instant, _NOTHING),
    "fix": (Fix, _NOTHING),
    "doubtful_fix": (Fix, _NOTHING),
    "no_fix_reason": (str, _NOTHING),
    "speed_mps": _NUMBER,
    "course_deg": _NUMBER,
    "altitude_m": _NUMBER,
    "battery_ratio": _NUMBER,
    "cells": tuple,
    "wifi": tuple,
    "sequence": (int, _NOTHING),
    "buffered": bool,
    "checksum_ok": (bool, _NOTHING),
    "authentic": (bool, _NOTHING),
    "attributes": (dict, Mapping),
}
_VALUES_OF_REPORT = attrgetter(*_REPORT)
_VALUES_OF_FIX = attrgetter(*_FIX)
_MEASURED = ("speed_mps", "course_deg", "altitude_m", "battery_ratio")
_MEASURED_OF = attrgetter(*_MEASURED)
_PLACED = ("lat_deg", "lon_deg", "accuracy_m")
_PLACED_OF = attrgetter(*_PLACED)
_PARTS: Mapping[str, type] = {
    "signals": Signal,
    "codes": str,
    "cells": str,
    "wifi": str,
    "attributes": str,
}
_COLLECTIONS = (set, frozenset, list, tuple)
_SIGNALS = {str(signal): signal for signal in Signal}
_STATUSES = range(200, 600)
_INT_MAX = 2**1000
"""JSON has integers of any length, and what is measured is compared with floats."""
_FIRST_MS, _LAST_MS = -62_000_000_000_000, 253_000_000_000_000
"""Of the years 5 to 9987: what is compared, shown and written as a date."""


def slip_in(decoded: object) -> str | None:
    """Return where it is not what its port has, and what is wrong there.

    Never the value: it is a device's.
    """
    if isinstance(decoded, Decoded | HttpDecoded):
        return _slip(decoded)
    return f"Decoded: {type(decoded).__name__}"


def sure_of(made: Iterable[object]) -> tuple[DeviceId | None, frozenset[Signal]]:
    """Return what can be gone by of what is unsound: the device, and what it signals.

    An SOS is one, whatever else its decoder has wrong.
    """
    device: DeviceId | None = None
    signals: set[Signal] = set()
    for report in (one for each in made for one in _reports_in(each)):
        device = report.device if isinstance(report.device, str) else device
        signals |= _signals_in(report.signals)
    return device, frozenset(signals)


def _reports_in(decoded: object) -> list[DeviceReport]:
    found = getattr(decoded, "reports", decoded)
    several = found if isinstance(found, list | tuple) else (found,)
    return [one for one in several if isinstance(one, DeviceReport)]


def _signals_in(said: object) -> set[Signal]:
    several = said if isinstance(said, _COLLECTIONS) else (said,)
    return {
        _SIGNALS[one] for one in several if isinstance(one, str) and one in _SIGNALS
    }


def _slip(decoded: Decoded | HttpDecoded) -> str | None:
    # Objects: what their types say is what is not believed here.
    answer: object = decoded.answer
    reports: object = decoded.reports
    if not isinstance(answer, bytes):
        return f"answer: {type(answer).__name__}"
    if isinstance(decoded, HttpDecoded) and decoded.status not in _STATUSES:
        return f"status: {type(decoded.status).__name__}, or none of HTTP"
    if not isinstance(reports, tuple):
        return f"reports: {type(reports).__name__}"
    for report in reports:
        if not isinstance(report, DeviceReport):
            return f"reports: {type(report).__name__}"
        slip = _slip_of(report)
        if slip is not None:
            return slip
    return None


def _slip_of(report: DeviceReport) -> str | None:
    slip = _of_type("", _REPORT, _VALUES_OF_REPORT(report))
    # Types first: what is asked next stands on them.
    return slip or (
        _too_long("", _MEASURED, _MEASURED_OF(report))
        or _beyond("device_at", report.device_at)
        or (None if report.fix is None else _of_fix("fix", report.fix))
        or (
            None
            if report.doubtful_fix is None
            else _of_fix("doubtful_fix", report.doubtful_fix)
        )
        or _of_parts(report)
    )


def _of_fix(name: str, fix: Fix) -> str | None:
    slip = _of_type(f"{name}.", _FIX, _VALUES_OF_FIX(fix))
    return slip or (
        _too_long(f"{name}.", _PLACED, _PLACED_OF(fix)) or _beyond(f"{name}.at", fix.at)
    )


def _of_parts(report: DeviceReport) -> str | None:
    for name, kind in _PARTS.items():
        parts: Collection[object] = getattr(report, name)
        slip = _of_another(name, parts, kind) if parts else None
        if slip is not None:
            return slip
    said = report.attributes
    return _of_another("attributes", said.values(), str) if said else None


def _of_type(
    under: str, types: Mapping[str, _Types], values: tuple[object, ...]
) -> str | None:
    # Nearly every report is sound, and this is done for each.
    if all(map(isinstance, values, types.values())):
        return None
    return next(
        f"{under}{name}: {type(value).__name__}"
        for value, (name, wanted) in zip(values, types.items(), strict=True)
        if not isinstance(value, wanted)
    )


def _too_long(
    under: str, names: tuple[str, ...], numbers: tuple[object, ...]
) -> str | None:
    if int not in {*map(type, numbers)}:
        return None
    for name, number in zip(names, numbers, strict=True):
        if isinstance(number, int) and abs(number) > _INT_MAX:
            return f"{under}{name}: int that no float holds"
    return None


def _beyond(name: str, moment: Instant | None) -> str | None:
    """Find a moment of no calendar: milliseconds that were taken for seconds."""
    if moment is None:
        return None
    ms: object = moment.ms
    if not isinstance(ms, int):
        return f"{name}.ms: {type(ms).__name__}"
    is_one = _FIRST_MS <= ms <= _LAST_MS
    return None if is_one else f"{name}: a moment that no calendar has"


def _of_another(name: str, parts: Collection[object], kind: type) -> str | None:
    if {*map(type, parts)} == {kind}:
        return None
    others = (part for part in parts if not isinstance(part, kind))
    return next((f"{name}: {type(one).__name__}" for one in others), None)

"""Whether what a decoder returned is what its port says, looked at before it is used.

Behind the gateway nobody looks again: a number where a text is due would raise where
every device is answered.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
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
_FIRST_MS, _LAST_MS = -62_000_000_000_000, 253_000_000_000_000
"""Of the years 5 to 9987: what is compared, shown and written as a date."""


def slip_in(decoded: object) -> str | None:
    """Return where it is not what its port has, and what is wrong there.

    Never the value: it is a device's.
    """
    if isinstance(decoded, Decoded | HttpDecoded):
        return next(_slips(decoded), None)
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


def _slips(decoded: Decoded | HttpDecoded) -> Iterator[str]:
    # Objects: what their types say is what is not believed here.
    answer: object = decoded.answer
    reports: object = decoded.reports
    if not isinstance(answer, bytes):
        yield f"answer: {type(answer).__name__}"
    if isinstance(decoded, HttpDecoded) and decoded.status not in _STATUSES:
        yield f"status: {type(decoded.status).__name__}, or none of HTTP"
    if not isinstance(reports, tuple):
        yield f"reports: {type(reports).__name__}"
        return
    for report in reports:
        if isinstance(report, DeviceReport):
            yield from _slips_of(report)
        else:
            yield f"reports: {type(report).__name__}"


def _slips_of(report: DeviceReport) -> Iterator[str]:
    yield from _others("", _REPORT, _VALUES_OF_REPORT(report))
    yield from _beyond("device_at", report.device_at)
    for name, fix in (("fix", report.fix), ("doubtful_fix", report.doubtful_fix)):
        if isinstance(fix, Fix):
            yield from _others(f"{name}.", _FIX, _VALUES_OF_FIX(fix))
            yield from _beyond(f"{name}.at", fix.at)
    for name, kind in _PARTS.items():
        parts: Collection[object] = getattr(report, name)
        # A type that was told above has no parts to look at.
        if parts and isinstance(parts, _REPORT[name]):
            yield from _of_another(name, parts, kind)
    if report.attributes and isinstance(report.attributes, Mapping):
        yield from _of_another("attributes", report.attributes.values(), str)


def _beyond(name: str, moment: object) -> Iterator[str]:
    """Find a moment of no calendar: milliseconds that were taken for seconds."""
    if not isinstance(moment, Instant):
        return
    ms: object = moment.ms
    if not isinstance(ms, int):
        yield f"{name}.ms: {type(ms).__name__}"
    elif not _FIRST_MS <= ms <= _LAST_MS:
        yield f"{name}: a moment that no calendar has"


def _of_another(name: str, parts: Collection[object], kind: type) -> Iterator[str]:
    if {*map(type, parts)} == {kind}:
        return
    for part in parts:
        if not isinstance(part, kind):
            yield f"{name}: {type(part).__name__}"


def _others(
    under: str, types: Mapping[str, _Types], values: tuple[object, ...]
) -> Iterator[str]:
    # Nearly every report is sound, and this is done for each.
    if all(map(isinstance, values, types.values())):
        return
    for value, (name, wanted) in zip(values, types.items(), strict=True):
        if not isinstance(value, wanted):
            yield f"{under}{name}: {type(value).__name__}"

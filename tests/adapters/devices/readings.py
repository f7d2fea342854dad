"""Every attribute that the source of the vectors asserts: compared, or named as not.

What is compared stands in `KEPT` under the source's name; what is not is named, with
the reason, in the table "Attributes that are not kept" of `docs/devices.md`. A name in
neither fails.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.ports.device import DeviceReport

Compare = Callable[[DeviceReport, Any], None]

PAGE = Path(__file__).parents[3] / "docs" / "devices.md"


def _number(name: str, scale: float = 1) -> Compare:
    def compare(report: DeviceReport, theirs: object) -> None:
        assert isinstance(theirs, int | float)
        ours = float(report.attributes[name])
        assert ours == pytest.approx(theirs * scale, rel=1e-3, abs=1e-3)

    return compare


def _text(name: str) -> Compare:
    def compare(report: DeviceReport, theirs: object) -> None:
        assert report.attributes[name] == str(theirs).strip()

    return compare


def _flag(name: str) -> Compare:
    def compare(report: DeviceReport, theirs: object) -> None:
        assert report.attributes[name] == str(bool(theirs)).lower()

    return compare


def _tenths_if_whole(name: str) -> Compare:
    """Compare with what the source leaves in tenths in the binary form."""

    def compare(report: DeviceReport, theirs: object) -> None:
        scale = 0.1 if isinstance(theirs, int) else 1
        _number(name, scale)(report, theirs)

    return compare


def _word(report: DeviceReport, theirs: object) -> None:
    assert int(report.attributes["status"], 16) == theirs


def _acknowledged(report: DeviceReport, theirs: object) -> None:
    assert f"+ACK:{report.attributes['command']}" == theirs


def _sequence(report: DeviceReport, theirs: object) -> None:
    assert report.sequence == theirs


def _battery(report: DeviceReport, theirs: object) -> None:
    assert isinstance(theirs, int | float)
    percent = theirs if 0 <= theirs <= 100 else None
    ratio = None if percent is None else pytest.approx(percent / 100, abs=0.011)
    assert report.battery_ratio == ratio


def _buffered(report: DeviceReport, theirs: object) -> None:
    assert report.buffered == bool(theirs)


KEPT: Mapping[str, Compare] = {
    "batteryLevel": _battery,
    "archive": _buffered,
    "sat": _number("satellites"),
    "satVisible": _number("satellites_in_view"),
    "hdop": _number("hdop"),
    "rssi": _number("gsm"),
    "odometer": _number("odometer_m"),
    "battery": _number("battery_v"),
    "power": _number("external_v"),
    "charge": _flag("charging"),
    "motion": _flag("moving"),
    "ignition": _flag("ignition"),
    "steps": _number("steps"),
    "heartRate": _number("heart_rate_bpm"),
    "pressureSystolic": _number("systolic_mmhg"),
    "pressureDiastolic": _number("diastolic_mmhg"),
    "pressureHigh": _number("systolic_mmhg"),
    "pressureLow": _number("diastolic_mmhg"),
    "bloodOxygen": _number("oxygen_percent"),
    "spo2": _number("oxygen_percent"),
    "temperature": _number("temperature_c"),
    "temp1": _number("temperature_c"),
    "activity": _text("activity"),
    "event": _text("event"),
    "result": _text("said"),
}
# Where a wire protocol means something else by the source's name.
KEPT_BY: Mapping[str, Mapping[str, Compare]] = {
    "eelink": {"index": _sequence, "status": _word},
    "gl200": {"result": _acknowledged},
    "gt06": {"index": _sequence, "status": _word},
    "h02": {"status": _word},
    "minifinder2": {
        "description": _text("beacon"),
        "description1": _text("beacon"),
    },
    "meitrack": {"hdop": _tenths_if_whole("hdop")},
    "trv": {"battery": _battery},
    "xexun": {"power": _number("battery_v")},
    "xexun2": {"index": _sequence},
}


@cache
def not_kept() -> Mapping[str, frozenset[str]]:
    """Return what the page names as not kept, by wire protocol; `#` is a number."""
    found: dict[str, frozenset[str]] = {}
    _, _, section = PAGE.read_text().partition("\n## Attributes that are not kept\n")
    section, _, _ = section.partition("\n## ")
    for row in section.splitlines():
        cells = [re.findall(r"`([\w#]+)`", cell) for cell in row.split("|")]
        if len(cells) > _CELLS and all(cells[1:3]):
            for name in cells[1]:
                found[name] = found.get(name, frozenset()) | set(cells[2])
    return found


def assert_attributes(
    protocol: str,
    report: DeviceReport,
    theirs: Mapping[str, Any],
    differs: Collection[str],
) -> None:
    """Hold every attribute that the source asserts against a report.

    Args:
        protocol: whose names they are.
        report: what we made of it.
        theirs: by the source's names.
        differs: names that differ by design in this packet.

    """
    for name, value in theirs.items():
        if value is None or name in differs:
            continue
        excused = not_kept().get(protocol, frozenset())
        compare = KEPT_BY.get(protocol, {}).get(name) or KEPT.get(name)
        if name in excused or (compare is None and _numbered(name) in excused):
            continue
        assert compare is not None, f"{protocol}: {name} is neither kept nor excused"
        compare(report, value)


def _numbered(name: str) -> str:
    return re.sub(r"\d+", "#", name)


_CELLS = 3

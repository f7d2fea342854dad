"""How what a report keeps is compared with what the source of the vectors asserts."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.ports.device import DeviceReport

Compare = Callable[[DeviceReport, Any, str], None]
"""Holds a report against what the source says; the text is the number in its name."""


def _kept(report: DeviceReport, name: str, place: str) -> str:
    whole = name.replace("#", place)
    assert whole in report.attributes, f"{whole} is not kept"
    return report.attributes[whole]


def number(name: str, scale: float = 1) -> Compare:
    def compare(report: DeviceReport, theirs: Any, place: str) -> None:
        text = _kept(report, name, place)
        ours = float(int(text, 16) if text.startswith("0x") else text)
        assert ours == pytest.approx(float(theirs) * scale, rel=1e-3, abs=1e-3)

    return compare


def text(name: str, head: str = "") -> Compare:
    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        assert _kept(report, name, place) == head + str(theirs).strip("\0 \r\n")

    return compare


def flag(name: str) -> Compare:
    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        assert _kept(report, name, place) == str(bool(theirs)).lower()

    return compare


def bit(name: str, at: int, *, low: bool = False) -> Compare:
    """Compare with a bit of a word that is kept whole; `low`: its zero says yes."""

    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        word = int(_kept(report, name, place), 16)
        says = bool(word >> at & 1) != low
        assert says == bool(theirs)

    return compare


def swapped(name: str, units: float, offset: int = 0) -> Compare:
    """Compare with two bytes that the source takes in the wrong order.

    Args:
        name: of ours; the battery's percentage where empty.
        units: how many make one.
        offset: what stands for zero.

    """

    def compare(report: DeviceReport, theirs: Any, place: str) -> None:
        ours = float(_kept(report, name, place)) if name else _percentage(report)
        sent = (round(ours * units) + offset) & 0xFFFF
        turned = int.from_bytes(sent.to_bytes(2, "big"), "little", signed=not offset)
        readings = ours, (turned - offset) / units, (turned & 0xFFFF) / units
        assert any(each == pytest.approx(theirs, abs=1e-3) for each in readings)

    return compare


def _percentage(report: DeviceReport) -> float:
    assert report.battery_ratio is not None
    return report.battery_ratio * 100


def relay(report: DeviceReport, theirs: object, place: str) -> None:
    """Compare with a bit that the source takes the other way about in the new form."""
    is_new_form = "moving" in report.attributes
    bit("status", 6, low=not is_new_form)(report, theirs, place)


def blank_is_zero(compare_sent: Compare) -> Compare:
    """Compare where the source reads a zero out of a field that is blank."""

    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        try:
            compare_sent(report, theirs, place)
        except AssertionError as fault:
            if theirs != 0 or "is not kept" not in str(fault):
                raise

    return compare


def percent(name: str) -> Compare:
    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        number(name)(report, str(theirs).rstrip("%"), place)

    return compare


def tenths_if_whole(name: str) -> Compare:
    """Compare with what the source leaves in tenths in the binary form."""

    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        scale = 0.1 if isinstance(theirs, int) else 1
        number(name, scale)(report, theirs, place)

    return compare


def either(one: Compare, other: Compare) -> Compare:
    """Compare with whichever is kept: of some forms nobody knows the unit."""

    def compare(report: DeviceReport, theirs: Any, place: str) -> None:
        try:
            one(report, theirs, place)
        except AssertionError as fault:
            if "is not kept" not in str(fault):
                raise
            other(report, theirs, place)

    return compare


def file(name: str) -> Compare:
    """Compare with a file's name, without the folder that the source puts it in."""

    def compare(report: DeviceReport, theirs: object, place: str) -> None:
        assert _kept(report, name, place) == str(theirs).rpartition("/")[2]

    return compare


def word(report: DeviceReport, theirs: object, place: str) -> None:
    assert int(_kept(report, "status", place), 16) == theirs


def acknowledged(report: DeviceReport, theirs: object, place: str) -> None:
    assert f"+ACK:{_kept(report, 'command', place)}" == theirs


def sequence(report: DeviceReport, theirs: object, _place: str) -> None:
    assert report.sequence == theirs


def battery(report: DeviceReport, theirs: object, _place: str) -> None:
    assert isinstance(theirs, int | float)
    percent = theirs if 0 <= theirs <= 100 else None
    ratio = None if percent is None else pytest.approx(percent / 100, abs=0.011)
    assert report.battery_ratio == ratio


def buffered(report: DeviceReport, theirs: object, _place: str) -> None:
    assert report.buffered == bool(theirs)

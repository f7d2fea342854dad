"""Where a decoder and the source of the vectors must agree, aspect by aspect."""

from collections.abc import Collection
from typing import Any

import pytest

from engine.ports.device import DeviceReport, ReportKind
from engine.values import Instant
from tests.adapters.devices.readings import assert_attributes
from tests.adapters.devices.vectors import SIGNALS, Outcome, Vector

KNOT_MPS = 1852 / 3600


def assert_agrees(
    vector: Vector, outcome: Outcome, differs: Collection[str] = ()
) -> None:
    """Hold an outcome against a vector.

    Args:
        vector: the captured packet.
        outcome: what our session said to it.
        differs: aspects that differ by design, each with its row in the docs:
            `reports`, `alarms`, `place`, `time`, `answer`, `checksum`, `cells`,
            `result`, and attributes by the source's names.

    """
    assert outcome.reports, "a packet must never end in nothing"
    if "answer" not in differs:
        _assert_answers(vector, outcome)
    if "checksum" not in differs and "checksum" in vector.raw:
        _assert_checksum(vector, outcome)
    if "reports" in differs:
        return
    assert len(outcome.told) >= len(vector.positions)
    protocol = vector.name.partition("-")[0]
    for position, report in zip(vector.positions, outcome.told, strict=False):
        _assert_report(position, report, differs)
        assert_attributes(protocol, report, position["attributes"], differs)
        if "archive" not in position["attributes"] and "archive" not in differs:
            assert not report.buffered
    _assert_result(vector, outcome, differs)
    _assert_expected(vector, outcome, differs)


def _assert_answers(vector: Vector, outcome: Outcome) -> None:
    if vector.raw["transport"] == "http":
        return
    expected = vector.replies
    assert len(outcome.answers) == len(expected)
    for ours, theirs in zip(outcome.answers, expected, strict=True):
        assert theirs is None or ours == theirs, "clock-dependent ones are None"


def _assert_checksum(vector: Vector, outcome: Outcome) -> None:
    checksum = vector.raw["checksum"]
    for report in outcome.reports:
        if report.checksum_ok is not None and checksum.get("kind") != "length":
            assert report.checksum_ok == checksum["ok"]


def _assert_report(
    position: dict[str, Any], report: DeviceReport, differs: Collection[str]
) -> None:
    if "alarms" not in differs:
        theirs = {SIGNALS[name] for name in position.get("alarms", [])}
        assert theirs <= report.signals
    if "time" not in differs and position.get("deviceTime"):
        assert report.device_at == Instant.parse(position["deviceTime"])
    if "place" not in differs:
        _assert_place(position, report)
    if "cells" not in differs and position.get("network"):
        _assert_cells(position["network"], report)


def _assert_place(position: dict[str, Any], report: DeviceReport) -> None:
    if not position["hasLocation"]:
        assert report.fix is None
        return
    place = report.fix or report.doubtful_fix
    assert place is not None
    assert place.lat_deg == pytest.approx(position["lat"], abs=1e-6)
    assert place.lon_deg == pytest.approx(position["lon"], abs=1e-6)
    assert (report.fix is not None) == position["valid"]
    if position.get("speedKnots"):
        speed_mps = position["speedKnots"] * KNOT_MPS
        assert report.speed_mps == pytest.approx(speed_mps, abs=0.01)
    if position.get("course"):
        assert report.course_deg == pytest.approx(position["course"], abs=0.01)
    if position.get("altitude"):
        assert report.altitude_m == pytest.approx(position["altitude"], abs=0.01)
    if position.get("accuracy"):
        assert place.accuracy_m == pytest.approx(position["accuracy"], abs=0.01)


def _assert_cells(network: dict[str, Any], report: DeviceReport) -> None:
    ours = {cell.split("@")[0] for cell in report.cells}
    for cell in network["cells"]:
        if cell["lac"] or cell["cid"]:
            parts = (cell[key] for key in ("mcc", "mnc", "lac", "cid"))
            assert "-".join(str(part) for part in parts) in ours
    stations = {station[:17] for station in report.wifi}
    for station in network["wifi"]:
        mac = station["mac"].lower()
        if mac.strip("0:"):
            assert mac in stations


def _assert_expected(
    vector: Vector, outcome: Outcome, differs: Collection[str]
) -> None:
    expected = vector.raw.get("expected", {})
    if not outcome.told:
        return
    first = outcome.told[0]
    place = first.fix or first.doubtful_fix
    if "alarm" in expected and "alarms" not in differs:
        assert SIGNALS[expected["alarm"]] in first.signals
    if "time" in expected and "time" not in differs:
        assert first.device_at == Instant.parse(expected["time"])
    if "lat" in expected and "place" not in differs:
        assert place is not None
        assert place.lat_deg == pytest.approx(expected["lat"], abs=1e-4)
        assert place.lon_deg == pytest.approx(expected["lon"], abs=1e-4)
        assert (first.fix is not None) == expected["valid"]
    if "course" in expected:
        assert first.course_deg == pytest.approx(expected["course"], abs=0.01)
    assert expected.keys() <= _ASSERTED
    attributes = expected.get("attributes", {})
    assert_attributes(vector.name.partition("-")[0], first, attributes, differs)


def _assert_result(vector: Vector, outcome: Outcome, differs: Collection[str]) -> None:
    """Hold what the source's tests demand of the decoding as a whole."""
    result = vector.raw.get("expected", {}).get("result")
    if result is None or "result" in differs:
        return
    located = [r for r in outcome.told if r.fix or r.doubtful_fix]
    read = [r for r in outcome.reports if r.kind is not ReportKind.UNDECODABLE]
    match result:
        case "position":
            assert len(outcome.told) == 1
            assert located
        case "positions":
            assert len(outcome.told) == len(vector.positions)
        case "some":
            assert read
        case "none":
            assert not any(report in read for report in located)
        case _:
            pytest.fail(f"{result} is a result that nobody has described")


_ASSERTED = frozenset(
    {"result", "attributes", "alarm", "time", "valid", "lat", "lon", "course"}
)

"""The captured packets, and what may be asked of a decoder for each of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest

from engine.intake.assess import FOR_HQ_ALONE, assess
from engine.ports.device import (
    Decoded,
    DeviceReport,
    HttpRequest,
    ReportKind,
    WireSession,
)
from engine.roster.sample import sample_roster
from engine.values import Instant, Signal
from tests.vector_folder import folder

FOLDER = folder("devices")
_PERSON = sample_roster().people[0]
RECEIVED_AT = Instant.parse("2026-11-25T03:00:00Z")

SIGNALS = {
    "sos": Signal.SOS,
    "removing": Signal.REMOVED,
    "tampering": Signal.TAMPERED,
    "fallDown": Signal.FALL,
    "lowBattery": Signal.LOW_BATTERY,
    "lowPower": Signal.LOW_BATTERY,
    "powerOff": Signal.POWER_OFF,
    "powerOn": Signal.POWER_ON,
    "powerCut": Signal.POWER_CUT,
    "powerRestored": Signal.POWER_RESTORED,
    "vibration": Signal.VIBRATION,
    "movement": Signal.MOVEMENT,
    "overspeed": Signal.OVERSPEED,
    "hardBraking": Signal.HARSH_DRIVING,
    "hardAcceleration": Signal.HARSH_DRIVING,
    "hardCornering": Signal.HARSH_DRIVING,
    "fatigueDriving": Signal.HARSH_DRIVING,
    "accident": Signal.ACCIDENT,
    "geofence": Signal.GEOFENCE,
    "geofenceEnter": Signal.GEOFENCE,
    "geofenceExit": Signal.GEOFENCE,
    "jamming": Signal.JAMMED,
    "fault": Signal.FAULT,
    "general": Signal.UNKNOWN,
    "door": Signal.VEHICLE,
    "bonnet": Signal.VEHICLE,
    "footBrake": Signal.VEHICLE,
    "fuelLeak": Signal.VEHICLE,
    "temperature": Signal.VEHICLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One captured packet and what the source made of it."""

    name: str
    frame: bytes
    raw: dict[str, Any]

    @property
    def positions(self) -> list[dict[str, Any]]:
        return self.raw["decoded"]["positions"] or []

    @property
    def replies(self) -> list[bytes | None]:
        return [_reply(reply) for reply in self.raw["decoded"]["replies"]]

    @property
    def carries_sos(self) -> bool:
        suggested = self.raw.get("suggested_alarms", [])
        return "sos" in suggested or any(
            "sos" in position.get("alarms", []) for position in self.positions
        )


@dataclass(slots=True)
class Outcome:
    """All that a session said to one packet."""

    reports: list[DeviceReport] = field(default_factory=list)
    answers: list[bytes] = field(default_factory=list)

    def take(self, decoded: Sequence[Decoded]) -> None:
        for one in decoded:
            self.reports += one.reports
            if one.answer:
                self.answers.append(one.answer)

    @property
    def told(self) -> list[DeviceReport]:
        return [r for r in self.reports if r.kind is not ReportKind.LOGIN]

    @property
    def is_visible(self) -> bool:
        """An SOS, or an undecodable frame that HQ sees."""
        return any(
            Signal.SOS in report.signals or is_shown(report) for report in self.reports
        )


def is_shown(report: DeviceReport) -> bool:
    """Say whether HQ sees a report unread, with the device that it names enrolled."""
    person = None if report.device is None else _PERSON
    outcome = assess(report, person, None, None).outcome
    return report.kind is ReportKind.UNDECODABLE and outcome in FOR_HQ_ALONE


@cache
def load(protocol: str) -> tuple[Vector, ...]:
    """Return captured and derived packets of a wire protocol, in their order."""
    if not FOLDER.is_dir():
        return ()
    captured = json.loads((FOLDER / f"{protocol}.json").read_text())
    derived = json.loads((FOLDER / "_derived.json").read_text())
    rows = captured + [r for r in derived if r["name"].startswith(f"{protocol}-")]
    return tuple(
        Vector(name=row["name"], frame=_bytes(row["input"], row["encoding"]), raw=row)
        for row in rows
    )


def framed(protocol: str) -> pytest.MarkDecorator:
    """Return a parametrization over streams and their first frames."""
    names = "stream", "frame"
    if not FOLDER.is_dir():
        missing = pytest.mark.skip(reason=f"{FOLDER} is not there")
        return pytest.mark.parametrize(names, [pytest.param(b"", b"", marks=missing)])
    rows = json.loads((FOLDER / "_frames.json").read_text())[protocol]
    pairs = [
        pytest.param(
            bytes.fromhex(row["stream"]),
            bytes.fromhex(row["expected_first_frame"]),
            id=row["name"],
        )
        for row in rows
        if row["expected_first_frame"] is not None
    ]
    return pytest.mark.parametrize(names, pairs)


def frameless(protocol: str) -> pytest.MarkDecorator:
    """Return a parametrization over streams in which the source finds no frame."""
    if not FOLDER.is_dir():
        missing = pytest.mark.skip(reason=f"{FOLDER} is not there")
        return pytest.mark.parametrize("stream", [pytest.param(b"", marks=missing)])
    rows = json.loads((FOLDER / "_frames.json").read_text())[protocol]
    streams = [
        pytest.param(bytes.fromhex(row["stream"]), id=row["name"])
        for row in rows
        if row["expected_first_frame"] is None
    ]
    return pytest.mark.parametrize("stream", streams)


def parametrized(protocol: str, *, sos: bool = False) -> pytest.MarkDecorator:
    """Return a parametrization over the packets; one skip where there are none."""
    vectors = [v for v in load(protocol) if v.carries_sos or not sos]
    if not vectors:
        missing = pytest.mark.skip(reason=f"{FOLDER} is not there")
        return pytest.mark.parametrize("vector", [pytest.param(None, marks=missing)])
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector.name)


def http_request(vector: Vector) -> HttpRequest:
    """Return the captured request."""
    http = vector.raw["http"]
    parts = urlsplit(http["uri"])
    return HttpRequest(
        method=http["method"],
        path=parts.path,
        query=parts.query,
        headers=http["headers"],
        body=vector.frame,
    )


def play(session: WireSession, *frames: bytes) -> Outcome:
    """Feed frames one after the other, then end the connection."""
    outcome = Outcome()
    for frame in frames:
        outcome.take(session.feed(frame, RECEIVED_AT))
    outcome.take(session.finish(RECEIVED_AT))
    return outcome


def _reply(reply: dict[str, Any]) -> bytes | None:
    data = reply.get("data")
    return None if data is None else _bytes(data, reply["encoding"])


def _bytes(text: str, encoding: str) -> bytes:
    return bytes.fromhex(text) if encoding == "hex" else text.encode("latin-1")

"""Reports, a judge and a silent meter for intake's tests."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TypedDict, Unpack

from engine.intake.judge import Judge
from engine.ports.clock import Clock
from engine.ports.device import DeviceReport, ReportKind
from engine.protocol.registry import load_registry
from engine.roster.board import Board
from engine.roster.model import Profile, Roster
from engine.roster.risk import read_window
from engine.roster.sample import sample_roster
from engine.values import DeviceId, Fix, Instant, PersonId, Signal
from tests.fakes import START, ManualClock

HERON = PersonId("heron")
HERONS = DeviceId("004999010640018")
STRANGERS = DeviceId("350000000000000")
ROSTER = sample_roster()
SOS = frozenset({Signal.SOS})
SECOND = timedelta(seconds=1)


class Said(TypedDict, total=False):
    """What a report may say."""

    protocol: str
    kind: ReportKind
    device: DeviceId | None
    received_at: Instant
    raw: bytes
    part: int
    signals: frozenset[Signal]
    device_at: Instant | None
    fix: Fix | None
    doubtful_fix: Fix | None
    sequence: int | None
    buffered: bool
    checksum_ok: bool | None
    authentic: bool | None
    battery_ratio: float | None
    codes: tuple[str, ...]
    attributes: Mapping[str, str]


def report(**said: Unpack[Said]) -> DeviceReport:
    """Return heron's SOS, but for what is said otherwise."""
    return replace(PRESSED, **said)


def fix(
    lat_deg: float = 41.31151,
    lon_deg: float = 69.27974,
    *,
    at: Instant = START,
    accuracy_m: float | None = 20.0,
) -> Fix:
    """Return a place in Tashkent, but for what is said otherwise."""
    return Fix(lat_deg=lat_deg, lon_deg=lon_deg, at=at, accuracy_m=accuracy_m)


PRESSED = DeviceReport(
    protocol="gt06",
    kind=ReportKind.REPORT,
    device=HERONS,
    received_at=START,
    raw=b"\x78\x78frame",
    signals=SOS,
    device_at=START,
    fix=fix(),
)


class Meter:
    """Telemetry that keeps what it was told."""

    def __init__(self) -> None:
        self.counted: dict[str, float] = {}
        self.shown: dict[tuple[str, str], float] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        del labels
        self.counted[name] = self.counted.get(name, 0) + amount

    def gauge(self, name: str, value: float, **labels: str) -> None:
        self.shown[name, ",".join(labels.values())] = value

    def observe(self, name: str, value: float, **labels: str) -> None:
        del value, labels
        self.count(name)


def at_heron(
    *, profile: str = "", window: str = "", heartbeat_s: float | None = None
) -> Roster:
    """Return the sample roster with what is agreed with heron."""
    heartbeat = None if heartbeat_s is None else timedelta(seconds=heartbeat_s)
    devices = (
        replace(one, profile=profile, heartbeat=heartbeat)
        if one.device == HERONS
        else one
        for one in ROSTER.devices
    )
    windows = (read_window(window),) if window else ()
    people = (
        replace(one, risk_windows=windows) if one.person == HERON else one
        for one in ROSTER.people
    )
    codes = {"alarm:9": Signal.FALL}
    return replace(
        ROSTER,
        people=tuple(people),
        devices=tuple(devices),
        profiles=(Profile(profile="pendant", codes=codes),),
    )


def judge_of(
    roster: Roster = ROSTER,
    fixes: Iterable[tuple[PersonId, Fix]] = (),
    clock: Clock | None = None,
) -> Judge:
    """Return a judge by the sample roster, unless another is given."""
    ticking = ManualClock() if clock is None else clock
    board = Board(roster, fixes, clock=ticking, telemetry=Meter())
    registry = load_registry(None, "standard")
    return Judge(board=board, registry=lambda: registry)

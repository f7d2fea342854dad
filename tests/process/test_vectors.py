"""Captured packets over sockets to the running service: exactly who must be told is.

Each vector gets a defender and a device of its own, so that none has a past. Whom
to expect is worked out here, from the roster and an independent geodesic.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest
from geographiclib.geodesic import Geodesic

from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_encode import log_in, with_device_time
from adapters.devices.osmand import Osmand
from engine.ports.device import DeviceReport, ReportKind
from engine.roster.sample import sample_roster, sample_text
from engine.values import Instant, Signal
from tests.adapters.devices.vectors import FOLDER, Vector, http_request, load
from tests.rig import Rig, eventually

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"{FOLDER} is not there"),
]

TRIGGERS = {Signal.SOS, Signal.REMOVED}
HQ_ALONE = {
    Signal.TAMPERED,
    Signal.FALL,
    Signal.JAMMED,
    Signal.BUTTON,
    Signal.ACCIDENT,
    Signal.TEST,
    Signal.UNKNOWN,
}
TASHKENT = (41.3, 69.3)
CIRCLE = "jade"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A vector with the defender whose device sends it."""

    person: str
    device: str
    frame: bytes
    vector: Vector


def _gt06_cases(*, moved: bool) -> list[Case]:
    cases: list[Case] = []
    now = Instant.from_datetime(_now())
    for number, vector in enumerate(load("gt06")):
        frame = vector.frame
        if moved:
            frame = with_device_time(frame, now) or frame
        person = f"{'m' if moved else 'v'}{number}"
        device = f"{35_000_000_000_000 + 2 * number + moved:015d}"
        cases.append(Case(person=person, device=device, frame=frame, vector=vector))
    return cases


def _now() -> datetime:
    """Return the wall clock, as a device has it."""
    return datetime.fromtimestamp(time.time(), tz=UTC)  # noqa: TID251 - a device's clock


def _roster(cases: list[Case], protocol: str) -> str:
    """Return the sample roster with a defender and a device for each case, no rota."""
    text = sample_text().split("[rota]")[0]
    rest = "[[person]]" + sample_text().split("[rota]")[1].split("[[person]]", 1)[1]
    added = ""
    for case in cases:
        added += f"""
[[device]]
id = "{case.device}"
wire_protocol = "{protocol}"
person = "{case.person}"

[[person]]
id = "{case.person}"
alias = "{_alias(case.person)}"
roles = ["defender"]
language = "en"
zone = "Asia/Tashkent"
country = "UZ"
sign = "{_alias(case.person).replace("V", "Sign")}"
circles = ["{CIRCLE}"]
declared.name = "Tashkent"
declared.lat_deg = 41.3
declared.lon_deg = 69.3
declared.accuracy_m = 10000.0
declared.given_on = 2026-01-15
fictional = true
"""
    return text + rest + added


def _alias(person: str) -> str:
    letters = "".join(chr(ord("a") + int(digit)) for digit in person[1:])
    return f"V{letters}"


def _expected(report: DeviceReport) -> set[str]:
    """Return whom the sample protocol names: five within 500 km, else ten in 2,000."""
    place = TASHKENT
    if report.fix is not None and _is_somewhere(report):
        place = (report.fix.lat_deg, report.fix.lon_deg)
    away = sorted(
        (
            Geodesic.WGS84.Inverse(*place, p.declared.lat_deg, p.declared.lon_deg)[
                "s12"
            ],
            p.person,
        )
        for p in sample_roster().people
        if CIRCLE in p.circles and p.declared and p.available and "colleague" in p.roles
    )
    near = [person for distance_m, person in away if distance_m <= 500_000][:5]
    far = [person for distance_m, person in away if distance_m <= 2_000_000][:10]
    return set(near or far)


def _reports(case: Case) -> list[DeviceReport]:
    session = Gt06().session()
    at = Instant.from_datetime(_now())
    decoded = [*session.feed(log_in(case.device), at), *session.feed(case.frame, at)]
    decoded += session.finish(at)
    reports = [report for one in decoded for report in one.reports]
    return [report for report in reports if report.kind is not ReportKind.LOGIN]


def _told(rig: Rig, person: str) -> set[str]:
    rows = rig.rows(
        "SELECT effect.effect_id FROM effect"
        " JOIN stream ON stream.stream = effect.alarm"
        f" WHERE stream.subject = 'real:{person}' AND effect.channel = 'sms'"
        " AND effect.state IN ('accepted', 'delivered')"
    )
    return {str(row[0]).split(".")[3] for row in rows}


def _kinds(rig: Rig, person: str) -> set[str]:
    sql = f"SELECT subject FROM stream WHERE subject LIKE '%:{person}'"
    return {str(row[0]).split(":")[0] for row in rig.rows(sql)}


def _settled(rig: Rig) -> bool:
    waiting = rig.rows(
        "SELECT count(*) FROM effect WHERE channel = 'sms'"
        " AND state IN ('planned', 'attempting')"
    )
    untaken = rig.rows("SELECT count(*) FROM inbound WHERE taken_by = ''")
    return waiting[0][0] == 0 and untaken[0][0] == 0


@pytest.fixture(params=["as they are", "device time moved to now"])
def played(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Rig, list[Case]]]:
    """Send every gt06 packet after its log-in, and wait until all is settled."""
    cases = _gt06_cases(moved=request.param != "as they are")
    with Rig(folder=tmp_path, roster_text=_roster(cases, "gt06")) as rig:
        for case in cases:
            with rig.device(case.device) as device:
                device.socket.sendall(case.frame)
                if any(report.signals for report in _reports(case)):
                    device.socket.settimeout(0.5)
                    with suppress(TimeoutError):  # not every packet is answered
                        device.socket.recv(256)
        eventually(lambda: _settled(rig), timeout_s=60)
        yield rig, cases


def test_who_gets_an_sms_is_exactly_whom_the_protocol_names(
    played: tuple[Rig, list[Case]],
) -> None:
    rig, cases = played
    raising = {
        case.person: [r for r in _reports(case) if r.signals & TRIGGERS]
        for case in cases
    }
    wrong = {}
    for case in cases:
        expected = set[str]().union(*(_expected(r) for r in raising[case.person]))
        told = _told(rig, case.person)
        if told != expected:
            wrong[case.vector.name] = (sorted(told), sorted(expected))
    assert wrong == {}
    assert sum(map(bool, raising.values())) > 5

    # What is for HQ alone is in front of HQ, and of nobody else.
    for case in cases:
        reports = _reports(case)
        if any(_is_for_hq(r) for r in reports) and not raising[case.person]:
            assert _kinds(rig, case.person) == {"notice"}, case.vector.name

    # A packet without signal raises nothing, and its position is kept.
    placed = {str(row[0]) for row in rig.rows("SELECT person FROM place")}
    for case in cases:
        reports = _reports(case)
        if not any(r.signals or _is_for_hq(r) for r in reports):
            assert _kinds(rig, case.person) == set(), case.vector.name
            if any(_is_somewhere(r) for r in reports):
                assert case.person in placed, case.vector.name


def _is_for_hq(report: DeviceReport) -> bool:
    undecodable = report.kind is ReportKind.UNDECODABLE
    return undecodable or bool(report.signals & HQ_ALONE)


def _is_somewhere(report: DeviceReport) -> bool:
    fix = report.fix
    return fix is not None and max(abs(fix.lat_deg), abs(fix.lon_deg)) > 0.01


def test_osmand_packets_raise_what_they_carry_and_keep_the_rest(tmp_path: Path) -> None:
    vectors = load("osmand")
    at = Instant.from_datetime(_now())
    cases: list[Case] = []
    for number, vector in enumerate(vectors):
        decoded = Osmand().decode(http_request(vector), at)
        ids = {str(r.device) for r in decoded.reports if r.device}
        if len(ids) == 1 and next(iter(ids)) not in {c.device for c in cases}:
            cases.append(
                Case(person=f"o{number}", device=ids.pop(), frame=b"", vector=vector)
            )
    with Rig(folder=tmp_path, roster_text=_roster(cases, "osmand")) as rig:
        host, port = rig.ports["osmand"]
        for case in cases:
            http = case.vector.raw["http"]
            answer = httpx2.request(
                http["method"],
                f"http://{host}:{port}{http['uri']}",
                headers=http["headers"],
                content=case.vector.frame,
            )
            decoded = Osmand().decode(http_request(case.vector), at)
            assert answer.status_code == decoded.status, case.vector.name
        eventually(lambda: _settled(rig), timeout_s=30)
        for case in cases:
            decoded = Osmand().decode(http_request(case.vector), at)
            raising = [r for r in decoded.reports if r.signals & TRIGGERS]
            expected = set[str]().union(*(_expected(r) for r in raising))
            assert _told(rig, case.person) == expected, case.vector.name


def test_an_sos_from_a_telephone_nobody_enrolled_reaches_hq_alone(rig: Rig) -> None:
    host, port = rig.ports["osmand"]
    query = urlencode({"id": "stranger", "lat": 41.3, "lon": 69.3, "alarm": "sos"})
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda mail: "unknown device" in mail.text, 10)
    assert rig.sms_to("alder")
    assert set(rig.told()) == {"alder"}

"""Captured packets over sockets to the running service: exactly who must be told is.

Each vector gets a defender and a device of its own, so that none has a past. Whom
to expect is worked out here, from the roster and an independent geodesic.
"""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
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
from engine.values import Fix, Instant, Signal
from tests.adapters.devices.vectors import FOLDER, Vector, http_request, load
from tests.rig import TOLD_S, Rig, eventually

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
CLOCK_OFF_MS = 5 * 60_000
OSMAND_ID = re.compile(rb'(?:[?&\n]id=|"(?:device_)?id":")([^&"]+)')
OSMAND_EPOCH = re.compile(rb'(timestamp"?[=:])\d+')
OSMAND_ISO = re.compile(rb'("timestamp":")[^"]+')


@dataclass(frozen=True, kw_only=True)
class Case:
    """A vector with the defender whose device sends it, in the circle nearest to it.

    `reports` are what the decoder makes of it, its log-in left out.
    """

    person: str
    device: str
    circle: str
    vector: Vector
    reports: tuple[DeviceReport, ...]

    @property
    def raising(self) -> list[DeviceReport]:
        return [report for report in self.reports if report.signals & TRIGGERS]

    @property
    def expected(self) -> set[str]:
        """Return whom the sample protocol names for what it carries."""
        named = (_named(_place(report), self.circle) for report in self.raising)
        return set[str]().union(*named)

    @property
    def is_for_hq(self) -> bool:
        return any(
            report.kind is ReportKind.UNDECODABLE or report.signals & HQ_ALONE
            for report in self.reports
        )

    @property
    def last_fix(self) -> Fix | None:
        fixes = [report.fix for report in self.reports if _is_somewhere(report)]
        return fixes[-1] if fixes else None


def _gt06_case(number: int, vector: Vector, *, moved: bool) -> Case:
    at = Instant.from_datetime(_now())
    frame = vector.frame
    if moved:
        frame = with_device_time(frame, at) or frame
    device = f"{35_000_000_000_000 + 2 * number + moved:015d}"
    session = Gt06().session()
    decoded = [*session.feed(log_in(device), at), *session.feed(frame, at)]
    decoded += session.finish(at)
    reports = [report for one in decoded for report in one.reports]
    kept = (report for report in reports if report.kind is not ReportKind.LOGIN)
    return _case(number, device, replace(vector, frame=frame), tuple(kept))


def _osmand_case(number: int, vector: Vector, *, moved: bool) -> Case:
    """Give a vector an id of its own, in URI and body, and the time if it is moved."""
    device = f"v3c7-{number:04d}"
    http = vector.raw["http"]
    uri, body = str(http["uri"]).encode(), vector.frame
    for old in {m[1] for m in OSMAND_ID.finditer(uri + b"\n" + body)}:
        mine = re.compile(rb"\b" + re.escape(old) + rb"\b")
        uri, body = (mine.sub(device.encode(), one) for one in (uri, body))
    at = Instant.from_datetime(_now())
    if moved:
        uri, body = (_with_time(one, at) for one in (uri, body))
    raw = {**vector.raw, "http": {**http, "uri": uri.decode()}}
    vector = replace(vector, frame=body, raw=raw)
    reports = Osmand().decode(http_request(vector), at).reports
    return _case(number, device, vector, tuple(reports))


def _with_time(text: bytes, at: Instant) -> bytes:
    """Return a form or JSON as if sent at another moment; HTTP has no checksum."""
    epoch = OSMAND_EPOCH.sub(rb"\g<1>" + str(at.ms // 1000).encode(), text)
    return OSMAND_ISO.sub(rb"\g<1>" + str(at).encode(), epoch)


def _case(
    number: int, device: str, vector: Vector, reports: tuple[DeviceReport, ...]
) -> Case:
    places = [_place(one) for one in reports if one.signals & TRIGGERS] or [TASHKENT]
    circles = sorted({c for p in sample_roster().people for c in p.circles})
    circle = max(circles, key=lambda one: (len(_named(places[-1], one)), one == "jade"))
    return Case(
        person=f"v{number}",
        device=device,
        circle=circle,
        vector=vector,
        reports=reports,
    )


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
circles = ["{case.circle}"]
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


@cache
def _named(place: tuple[float, float], circle: str) -> set[str]:
    """Return whom the sample protocol names: five within 500 km, else ten in 2,000."""
    away = sorted(
        (
            Geodesic.WGS84.Inverse(*place, p.declared.lat_deg, p.declared.lon_deg)[
                "s12"
            ],
            p.person,
        )
        for p in sample_roster().people
        if circle in p.circles and p.declared and p.available and "colleague" in p.roles
    )
    near = [person for distance_m, person in away if distance_m <= 500_000][:5]
    far = [person for distance_m, person in away if distance_m <= 2_000_000][:10]
    return set(near or far)


def _place(report: DeviceReport) -> tuple[float, float]:
    fix = report.fix
    if fix is None or not _is_somewhere(report):
        return TASHKENT
    return (fix.lat_deg, fix.lon_deg)


def _is_somewhere(report: DeviceReport) -> bool:
    fix = report.fix
    return fix is not None and max(abs(fix.lat_deg), abs(fix.lon_deg)) > 0.01


def _told(rig: Rig, person: str) -> set[str]:
    """Return whose telephones got something that names a person's alias."""
    names = re.compile(rf"\b{_alias(person)}\b")
    got = zip(rig.told(), rig.messages.items(), strict=False)
    return {who for who, sms in got if names.search(sms.text)}


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


def _send_gt06(rig: Rig, case: Case) -> None:
    with rig.device(case.device) as device:
        device.socket.sendall(case.vector.frame)
        if any(report.signals for report in case.reports):
            device.socket.settimeout(0.5)
            with suppress(TimeoutError):  # not every packet is answered
                device.socket.recv(256)


def _send_osmand(rig: Rig, case: Case) -> None:
    host, port = rig.ports["osmand"]
    http = case.vector.raw["http"]
    answer = httpx2.request(
        http["method"],
        f"http://{host}:{port}{http['uri']}",
        headers=http["headers"],
        content=case.vector.frame,
    )
    decoded = Osmand().decode(http_request(case.vector), Instant.from_datetime(_now()))
    assert answer.status_code == decoded.status, case.vector.name


SENDERS = {"gt06": _send_gt06, "osmand": _send_osmand}
MAKERS = {"gt06": _gt06_case, "osmand": _osmand_case}
MOMENTS = ("as they are", "device time moved to now")


@pytest.fixture(params=[(p, m) for p in SENDERS for m in MOMENTS], ids="-".join)
def played(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Rig, list[Case]]]:
    """Send every packet of a wire protocol, and wait until all is settled."""
    protocol, moment = request.param
    make, moved = MAKERS[protocol], moment != MOMENTS[0]
    cases = [make(n, vector, moved=moved) for n, vector in enumerate(load(protocol))]
    reports = [(case, report) for case in cases for report in case.reports]
    assert all(str(r.device or c.device) == c.device for c, r in reports)
    if moved:
        dated = [r.device_at for _, r in reports if r.device_at is not None]
        stayed = [at for at in dated if _off_ms(at) > CLOCK_OFF_MS]
        assert len(stayed) * 20 < len(dated)
    with Rig(folder=tmp_path, roster_text=_roster(cases, protocol)) as rig:
        for case in cases:
            SENDERS[protocol](rig, case)
        eventually(lambda: _settled(rig), timeout_s=60)
        yield rig, cases


def test_who_gets_an_sms_is_exactly_whom_the_protocol_names(
    played: tuple[Rig, list[Case]],
) -> None:
    rig, cases = played
    assert len({case.device for case in cases}) == len(cases)
    told = {case.vector.name: _told(rig, case.person) for case in cases}
    assert told == {case.vector.name: case.expected for case in cases}
    raising = [case for case in cases if case.raising]
    assert len(raising) >= 5
    # An alarm that names nobody would be held to nothing.
    assert all(case.expected for case in raising)
    named = set[str]().union(*told.values())
    assert set(rig.told()) == named, "nobody is told of anything else"

    # What is for HQ alone is in front of HQ, and of nobody else.
    for case in cases:
        if case.is_for_hq and not case.raising and case.reports[0].device:
            assert _kinds(rig, case.person) == {"notice"}, case.vector.name

    # A packet without signal raises nothing, and its position is the last fix.
    rows = rig.rows("SELECT person, lat_deg, lon_deg, at FROM place")
    placed = {str(person): fix for person, *fix in rows}
    plain = [c for c in cases if not c.is_for_hq and not any(_signals(c))]
    for case in plain:
        assert _kinds(rig, case.person) == set(), case.vector.name
        if case.last_fix is None:
            assert case.person not in placed, case.vector.name
            continue
        lat_deg, lon_deg, at_ms = placed[case.person]
        fix = case.last_fix
        assert (lat_deg, lon_deg) == (fix.lat_deg, fix.lon_deg), case.vector.name
        assert at_ms == fix.at.ms or _is_doubted(fix, at_ms), case.vector.name
    assert any(case.last_fix for case in plain)


def _is_doubted(fix: Fix, at_ms: object) -> bool:
    """Say whether a device's clock is so far off that its fix counts as of now."""
    assert isinstance(at_ms, int)
    return _off_ms(fix.at) > CLOCK_OFF_MS > _off_ms(Instant(at_ms))


def _off_ms(at: Instant) -> int:
    return abs(Instant.from_datetime(_now()).ms - at.ms)


def _signals(case: Case) -> list[frozenset[Signal]]:
    return [report.signals for report in case.reports]


def test_an_sos_from_a_telephone_nobody_enrolled_reaches_hq_alone(rig: Rig) -> None:
    host, port = rig.ports["osmand"]
    query = urlencode({"id": "stranger", "lat": 41.3, "lon": 69.3, "alarm": "sos"})
    assert httpx2.get(f"http://{host}:{port}/?{query}").status_code == 200
    assert rig.mail.mails.wait_for(lambda mail: "unknown device" in mail.text, TOLD_S)
    assert rig.sms_to("alder")
    assert set(rig.told()) == {"alder"}

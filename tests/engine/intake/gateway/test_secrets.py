"""A secret says who a report is from; it is in no record and no log."""

import base64
import os
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from engine.alarm.state import SourceDoubt
from engine.intake.assess import assess
from engine.intake.gateway.secrets import Secrets, presented_in
from engine.ports.device import DeviceReport
from engine.protocol.tables import DEFAULT_TRIGGERS
from engine.roster.board import Board
from tests.engine.intake.gateway.test_door import Rig
from tests.engine.intake.reports import (
    HERON,
    HERONS,
    ROSTER,
    STRANGERS,
    Meter,
    fix,
    report,
)
from tests.fakes import ManualClock

RAISING = frozenset(DEFAULT_TRIGGERS)


def secrets(path: Path) -> Secrets:
    devices = tuple(
        replace(one, secret_file=str(path)) if one.device == HERONS else one
        for one in ROSTER.devices
    )
    roster = replace(ROSTER, devices=devices)
    return Secrets(Board(roster, (), clock=ManualClock(), telemetry=Meter()))


def authentic(path: Path, presented: bytes | None) -> bool | None:
    return secrets(path).proven(report(), presented).authentic


def test_only_the_agreed_secret_proves_who_it_is(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("correct horse\n")
    assert authentic(path, b"correct horse") is True
    for wrong in (b"correct horse ", b"", None):
        assert authentic(path, wrong) is False


def test_a_secret_that_is_changed_holds_at_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    agreed = secrets(path)
    assert agreed.proven(report(), b"old").authentic
    path.write_text("newer")
    assert not agreed.proven(report(), b"old").authentic
    assert agreed.proven(report(), b"newer").authentic
    assert "newer" not in repr(agreed)


@pytest.mark.parametrize("content", [None, ""])
def test_a_secret_that_is_not_there_proves_nothing(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content)
    assert authentic(path, b"") is False


def test_a_secret_that_is_a_pipe_is_not_waited_for_bug_every_device_was_kept_waiting(
    tmp_path: Path,
) -> None:
    """The event loop of all devices stood in the opening of it, for ever."""
    path = tmp_path / "secret"
    os.mkfifo(path)
    found: list[bool | None] = []
    # A thread of its own, which a loop that stands still leaves behind.
    looks = Thread(target=lambda: found.append(authentic(path, b"")), daemon=True)
    looks.start()
    looks.join(timeout=5)
    assert found == [False]


def test_where_none_was_agreed_nothing_is_said(tmp_path: Path) -> None:
    agreed = secrets(tmp_path / "secret")
    for device in (STRANGERS, None):
        assert agreed.proven(report(device=device), b"x").authentic is None


def test_who_proves_nothing_raises_all_the_same_and_moves_nobody() -> None:
    person = ROSTER.person(HERON)
    assessment = assess(report(authentic=False), person, RAISING, None)
    assert assessment.outcome == "alarm"
    assert assessment.press.doubt is SourceDoubt.FAILED_AUTHENTICATION
    assert assessment.fix is None


@pytest.mark.parametrize(
    ("said", "presented"),
    [
        ("Bearer abc", b"abc"),
        ("Bearer " + "hägar".encode().decode("latin-1"), "hägar".encode()),
        ("Bearer 口", b"?"),
        ("basic " + base64.b64encode(b"heron:a:b").decode(), b"a:b"),
        ("Basic %%%", None),
        ("Digest x", None),
        ("", None),
    ],
)
def test_a_header_presents_it(said: str, presented: bytes | None) -> None:
    assert presented_in({"Authorization": said}) == presented


def door_of(path: Path, wire_protocol: str) -> Rig:
    """Return a door whose roster has a device that speaks so, and its secret."""
    devices = tuple(
        replace(one, wire_protocol=wire_protocol, secret_file=str(path))
        if one.device == HERONS
        else one
        for one in ROSTER.devices
    )
    rig = Rig()
    rig.door.with_secret = frozenset({"osmand"})
    rig.judge.board.replace(replace(ROSTER, devices=devices))
    return rig


def heard_by(rig: Rig, said: DeviceReport) -> bool | None:
    rig.let_in(said)
    rig.commit()
    ((shown,),) = (heard.reports for heard in rig.heard)
    return shown.authentic


def test_no_other_wire_protocol_goes_round_a_secret_bug_whoever_had_the_id_passed(
    tmp_path: Path,
) -> None:
    """Over a tracker's port the place was theirs, and a timer ended by it."""
    (path := tmp_path / "secret").write_text("correct horse")
    rig = door_of(path, "osmand")
    assert heard_by(rig, report(fix=fix())) is False
    assert rig.judge.board.fix_of(HERON) is None
    assert rig.attendance.last(HERONS) is None
    proven = report(protocol="osmand", authentic=True)
    assert heard_by(door_of(path, "osmand"), proven) is True


def test_a_wire_protocol_that_cannot_carry_a_secret_is_asked_for_none(
    tmp_path: Path,
) -> None:
    rig = door_of(tmp_path / "secret", report().protocol)
    assert heard_by(rig, report(fix=fix())) is None
    assert rig.judge.board.fix_of(HERON) is not None

"""Whose bytes are that no frame of the port's wire protocol begins with."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.gateway.misdirected import named
from engine.ports.device import ReportKind
from engine.values import DeviceId
from tests.engine.intake.gateway.test_door import STRAY, Rig
from tests.engine.intake.reports import HERONS, report

OURS = frozenset({"004999010640018", "1234567890", "013800000001"})


def is_ours(device: DeviceId) -> bool:
    return device in OURS


def device_in(raw: bytes) -> DeviceId | None:
    found = named(report(raw=raw, device=None, kind=ReportKind.NOISE), is_ours)
    is_shown = found.kind is ReportKind.UNDECODABLE
    assert is_shown == (found.device is not None)
    return found.device


@pytest.mark.parametrize(
    ("raw", "device"),
    [
        (b"imei:004999010640018,help me,0809231929,,F;", "004999010640018"),
        (b"[3G*1234567890*000D*AL,220414]", "1234567890"),
        (b"*HQ,1234567890,V1,130305,A#", "1234567890"),
        (b"\x00\x0f004999010640018\0", "004999010640018"),
        (bytes.fromhex("78780d01000499901064001800018cdd0d0a"), "004999010640018"),
        (bytes.fromhex("7e0200003c013800000001007b00"), "013800000001"),
        (bytes.fromhex("241234567890130305"), "1234567890"),
    ],
)
def test_an_enrolled_device_is_known_at_another_ones_port(
    raw: bytes, device: str
) -> None:
    assert device_in(raw) == device


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"imei:004999010640019,help me",
        b"imei:00499901064001812,help me",
        b"imei:1234567890",
    ],
)
def test_nobody_is_known_by_part_of_an_id_or_by_what_may_be_cut(raw: bytes) -> None:
    assert device_in(raw) is None


def test_a_report_that_names_its_device_keeps_it() -> None:
    said = report(raw=b"imei:1234567890,", kind=ReportKind.UNDECODABLE)
    assert named(said, is_ours) is said


@given(st.binary(max_size=600))
def test_any_bytes_are_somebodys_or_nobodys(raw: bytes) -> None:
    device_in(raw)


def test_an_enrolled_device_at_another_ones_port_is_shown() -> None:
    rig = Rig()
    raw = b"imei:%s,help me,0809231929,,F;" % HERONS.encode()
    rig.let_in(replace(STRAY, kind=ReportKind.NOISE, raw=raw))
    rig.commit()
    (heard,) = rig.heard
    (shown,) = heard.reports
    assert (shown.kind, shown.device) == (ReportKind.UNDECODABLE, HERONS)


def test_bytes_with_an_id_prove_no_secret_bug_a_silent_device_was_heard(
    tmp_path: Path,
) -> None:
    rig = Rig()
    board = rig.judge.board
    roster = board.roster()
    path = tmp_path / "secret"
    path.write_text("correct horse")
    devices = tuple(
        replace(one, secret_file=str(path)) if one.device == HERONS else one
        for one in roster.devices
    )
    board.replace(replace(roster, devices=devices))
    raw = b"GET /?whose=%s HTTP/1.1" % HERONS.encode()
    rig.let_in(replace(STRAY, kind=ReportKind.NOISE, raw=raw))
    rig.commit()
    board.replace(roster)
    (heard,) = rig.heard
    (shown,) = heard.reports
    assert (shown.device, shown.authentic) == (HERONS, False)
    assert rig.attendance.last(HERONS) is None

"""Who a report is from, by which action protocol it is judged, what it comes to."""

import pytest

from engine.alarm.state import Kind, SourceDoubt
from engine.intake.assess import Outcome, report_key
from engine.intake.judge import (
    alarm_id,
    cancel_command,
    notice_command,
    raise_command,
)
from engine.intake.reports import decode_report, encode_report
from engine.ports.device import ReportKind
from engine.values import Signal
from tests.engine.intake.reports import (
    HERON,
    STRANGERS,
    at_heron,
    fix,
    judge_of,
    report,
)


def test_an_enrolled_devices_sos_runs_its_defenders_own_protocol() -> None:
    judgement = judge_of().judge(report())
    command = raise_command(judgement)
    assert judgement.subject == "heron"
    assert (command.defender, command.alias, command.country) == (HERON, "Heron", "UZ")
    assert (command.kind, command.consented) == (Kind.REAL, True)
    assert command.protocol.name == "Standard"
    assert str(command.command_id) == command.press.key


def test_a_strangers_sos_runs_the_protocol_for_unknown_devices() -> None:
    judgement = judge_of().judge(report(device=STRANGERS))
    command = raise_command(judgement)
    assert command.protocol.name == "Unknown device"
    assert (command.defender, command.alias, command.consented) == (
        None,
        "unknown",
        False,
    )
    assert command.press.doubt is SourceDoubt.UNKNOWN_DEVICE
    assert STRANGERS not in command.subject, "a number is no subject: it reaches logs"


def test_two_strangers_are_two_cases_and_one_is_one() -> None:
    judge = judge_of()
    one, again, other = (
        judge.judge(report(device=device, raw=raw)).subject
        for device, raw in ((STRANGERS, b"1"), (STRANGERS, b"2"), (None, b"1"))
    )
    assert one == again != other


def test_a_notice_goes_to_hq_alone_and_is_never_published() -> None:
    fall = report(signals=frozenset({Signal.FALL}))
    command = raise_command(judge_of().judge(fall))
    assert command.protocol.name == "HQ alone"
    assert (command.kind, command.consented) == (Kind.NOTICE, False)


def test_a_frame_of_a_known_device_that_does_not_decode_shows_hq_its_hex() -> None:
    said = report(
        kind=ReportKind.UNDECODABLE, signals=frozenset(), fix=None, raw=b"\xde\xad"
    )
    command = raise_command(judge_of().judge(said))
    assert (command.kind, command.press.raw) == (Kind.NOTICE, "dead")
    assert command.press.undecodable


def test_half_a_frame_that_names_nobody_shows_hq_alone_its_hex() -> None:
    said = report(
        kind=ReportKind.UNDECODABLE,
        device=None,
        signals=frozenset(),
        fix=None,
        raw=b"\xde\xad",
    )
    command = raise_command(judge_of().judge(said))
    assert (command.kind, command.press.raw) == (Kind.NOTICE, "dead")
    assert command.protocol.name == "HQ alone"
    assert command.defender is None


def test_anything_can_be_made_a_notice_for_hq() -> None:
    judge = judge_of()
    command = notice_command(judge.judge(report()), judge)
    assert (command.kind, command.consented) == (Kind.NOTICE, False)
    assert command.protocol.name == "HQ alone"


def test_a_cancel_is_the_request_of_that_frame() -> None:
    judgement = judge_of().judge(report(signals=frozenset({Signal.CANCEL})))
    assert judgement.assessment.outcome is Outcome.CANCEL
    command = cancel_command(judgement)
    assert command.press.key == report_key(report())
    assert str(command.command_id) == command.press.key


def test_the_last_fix_that_is_known_is_what_a_jump_is_measured_from() -> None:
    judge = judge_of(fixes=[(HERON, fix(-30.0, 20.0))])
    assessment = judge.judge(report()).assessment
    assert assessment.press.place_doubtful
    assert assessment.place.lat_deg == -30.0


def test_an_alarms_id_derives_from_the_key_of_its_report() -> None:
    key = report_key(report())
    assert alarm_id(key) == alarm_id(key)
    assert key.endswith(alarm_id(key))


def test_a_report_survives_its_record_and_what_does_not_is_none() -> None:
    said = report(raw=bytes(range(256)), codes=("01", "x"))
    assert decode_report(encode_report(said)) == said
    for damaged in (b"", b"{}", b"[]", b"\xff", encode_report(said)[:-5]):
        assert decode_report(damaged) is None


def test_a_side_button_means_what_the_devices_profile_says() -> None:
    judge = judge_of(at_heron(profile="pendant"))
    pressed = report(signals=frozenset({Signal.BUTTON}), codes=("alarm:9",))
    hidden = report(codes=("alarm:1", "alarm:9"))

    assert judge.judge(pressed).assessment.press.signals == (Signal.FALL,)
    assert judge.judge(hidden).assessment.press.signals == (Signal.FALL, Signal.SOS)


@pytest.mark.parametrize(
    "signal",
    [Signal.SILENT, Signal.LOW_BATTERY, Signal.POWER_OFF, Signal.JAMMED],
)
def test_within_a_declared_risk_window_a_nuisance_raises_by_plan(
    signal: Signal,
) -> None:
    calm, at_risk = judge_of(), judge_of(at_heron(window="daily 00:00-00:00"))
    said = report(signals=frozenset({signal}))

    assert calm.judge(said).assessment.outcome is not Outcome.ALARM
    judgement = at_risk.judge(said)
    assert judgement.assessment.outcome is Outcome.ALARM
    assert judgement.protocol.name == "Standard"


def test_outside_every_window_hq_alone_sees_that_a_heartbeat_is_overdue() -> None:
    judgement = judge_of().judge(report(signals=frozenset({Signal.SILENT})))
    assert judgement.assessment.outcome is Outcome.NOTICE

"""A signal at which intake itself fails: HQ looks at it; everybody else is heard."""

from dataclasses import replace

import pytest

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.intake import actor as intake_actor
from engine.intake import failing
from engine.intake.answers import Sms
from engine.intake.assess import report_key
from engine.intake.failing import FAILED, LOST
from engine.intake.judge import Judge, Judgement
from engine.ports.journal import SOURCE_DAMAGED
from tests.engine.intake.test_actor import Rig, now, rig

__all__ = ["rig"]


@pytest.mark.parametrize(
    ("what", "whose"), [("messages_of", "Lapwing"), ("raise_command", "Heron")]
)
def test_a_signal_at_which_intake_fails_is_for_hq_bug_it_ended_the_engine_at_each_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, what: str, whose: str
) -> None:
    real = getattr(intake_actor, what)

    def fails(said: Sms | Judgement, *more: Judge) -> object:
        if "bad" in repr(said):
            raise RecursionError
        return real(said, *more)

    monkeypatch.setattr(intake_actor, what, fails)
    if what == "messages_of":
        assert rig.sms("SOS", key="sms-bad") == []
    else:
        said = replace(now(rig), protocol="bad")
        rig.record(said)
        rig.hear(said)
        assert rig.told == []
    rig.world.run(5)
    well = now(rig)
    rig.record(well)
    rig.hear(well)
    rig.take(report_key(well))
    rig.world.run(15)
    assert rig.tree.names.lookup("intake") is not None
    raised = [one.command for one in rig.told if isinstance(one, Distress)]
    real_ones = [one for one in raised if one.kind is Kind.REAL]
    assert [one.press.key for one in real_ones] == [report_key(well)]
    notices = [one for one in raised if one.kind is Kind.NOTICE]
    assert {one.press.text for one in notices} == {FAILED}
    assert {one.alias for one in notices} == {whose}, "HQ knows whom to ask"


def test_what_fails_at_finding_its_sender_is_for_hq_as_well(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> object:
        raise RecursionError

    monkeypatch.setattr(intake_actor, "messages_of", fails)
    monkeypatch.setattr(failing, "senders_of", fails)
    assert rig.sms("SOS", key="sms-bad") == []
    rig.world.run(5)
    notices = [one.command for one in rig.told if isinstance(one, Distress)]
    assert {(one.kind, one.press.text) for one in notices} == {(Kind.NOTICE, FAILED)}
    assert rig.tree.names.lookup("intake") is not None


def test_a_signal_that_a_damaged_page_took_is_for_hq(rig: Rig) -> None:
    """Nobody had taken it up: it may be a call for help."""
    rig.raw("5" * 32, SOURCE_DAMAGED, b"{}")
    rig.world.run(5)
    notices = [one.command for one in rig.told if isinstance(one, Distress)]
    assert {one.press.text for one in notices} == {LOST}
    assert {one.kind for one in notices} == {Kind.NOTICE}
    assert {one.press.key for one in notices} == {"5" * 32}, "its alarm takes it up"

"""A damaged page of codes: what somebody writes is read by HQ all the same."""

import pytest

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from tests.engine.intake.reports import HERON
from tests.engine.intake.test_actor import Rig, number_of


@pytest.fixture
def rig() -> Rig:
    return Rig().start()


def test_a_message_whose_code_cannot_be_read_is_for_hq_bug_it_ended_intake(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        message = "a page is damaged"
        raise JournalError(message)

    monkeypatch.setattr(MemoryReader, "code", damaged)
    monkeypatch.setattr(MemoryReader, "codes_of", damaged)
    (shown,) = rig.sms("K7F2 1")
    assert isinstance(shown, Distress)
    assert shown.command.kind is Kind.NOTICE
    (called,) = rig.sms("K7F2 SOS", sender=number_of(HERON), key="sms-2")
    assert isinstance(called, Distress)
    assert called.command.kind is Kind.REAL

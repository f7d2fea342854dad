"""A short message of which the modem's line has left neither sender nor text."""

import json
from collections.abc import Iterator

import pytest

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.intake.actor import SmsHeard
from engine.modems.inbound import record_of
from engine.ports.modem import InboundSms
from engine.values import ReportKey
from tests.engine.intake.test_actor import Rig

SHIFTED = "816407000000F0100B916407214365F7"


def _rig() -> Iterator[Rig]:
    yield Rig().start()


rig = pytest.fixture(_rig, name="rig")


def _told(rig: Rig, body: bytes) -> str:
    rig.raw("sms-1", "sms", body)
    assert rig.tree.names.tell("intake", SmsHeard(key=ReportKey("sms-1")))
    rig.world.run(0.1)
    (distress,) = rig.told
    assert isinstance(distress, Distress)
    assert distress.command.kind is Kind.NOTICE
    return distress.command.press.text


def test_hq_reads_its_octets_bug_it_read_nothing_and_nobody_had_them(rig: Rig) -> None:
    sms = InboundSms(
        slot="SM:1",
        sender="",
        text="",
        sent_at=None,
        pdu=SHIFTED,
        flags=("undecodable",),
    )
    assert SHIFTED in _told(rig, record_of(sms, rig.world.now()).body)


@pytest.mark.parametrize("pdu", [{}, {"pdu": ""}, {"pdu": SHIFTED}])
def test_what_has_words_is_shown_by_them_and_no_more(
    rig: Rig, pdu: dict[str, str]
) -> None:
    body = {"sender": "+15550001111", "text": "hello", "sent_at": None} | pdu
    assert _told(rig, json.dumps(body).encode()) == "hello"


def test_an_empty_one_is_shown_empty(rig: Rig) -> None:
    body = {"sender": "", "text": "", "sent_at": None}
    assert not _told(rig, json.dumps(body).encode())

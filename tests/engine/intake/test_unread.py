"""A short message of which the modem's line has left neither sender nor text."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.alarm.commands import RequestCancel
from engine.alarm.messages import Distress, ToOpen
from engine.alarm.state import Kind
from engine.intake.actor import SmsHeard
from engine.modems.inbound import record_of
from engine.ports.modem import InboundSms
from engine.values import ReportKey
from tests.engine.intake.reports import HERON
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


def _words_agreed(safe: str = "juniper", duress: str = "cedar7") -> Iterator[Rig]:
    rig = Rig().start()
    board = rig.judge.board
    roster = board.roster()
    people = tuple(
        replace(one, safe_word=safe, duress_word=duress) if one.person == HERON else one
        for one in roster.people
    )
    board.replace(replace(roster, people=people))
    yield rig
    board.replace(roster)


agreed = pytest.fixture(_words_agreed, name="agreed")


def _torn(text: str) -> bytes:
    """A line that announced a text was torn: it stands where octets would."""
    body = {"sender": "", "text": "", "sent_at": None, "pdu": text}
    return json.dumps(body).encode()


def test_what_is_no_octets_shows_nobodys_word_bug_it_was_shown_as_it_stood(
    agreed: Rig,
) -> None:
    assert "K7F2 [word], maples!" in _told(agreed, _torn("K7F2 juniper, maples!"))


def test_a_word_of_force_there_counts_as_from_any_telephone(agreed: Rig) -> None:
    agreed.raw("sms-1", "sms", _torn("K7F2 juniper cedar7"))
    assert agreed.tree.names.tell("intake", SmsHeard(key=ReportKey("sms-1")))
    agreed.world.run(0.1)
    (told,) = agreed.told
    assert isinstance(told, ToOpen)
    assert isinstance(told.command, RequestCancel)
    assert told.subject == HERON
    assert told.command.press.duress


@pytest.mark.parametrize(
    ("safe", "duress"), [("sender", "text"), ("read", "sender"), ("text", "read")]
)
def test_a_word_of_ours_before_octets_is_nobodys_bug_each_torn_one_was_of_force(
    safe: str, duress: str
) -> None:
    """And HQ read which of our words somebody had agreed: the one masked."""
    for rig in _words_agreed(safe, duress):
        shown = f"(no sender and no text can be read in: {SHIFTED})"
        assert _told(rig, _torn(SHIFTED)) == shown


@pytest.mark.parametrize("pdu", [{}, {"pdu": ""}, {"pdu": SHIFTED}])
def test_what_has_words_is_shown_by_them_and_no_more(
    rig: Rig, pdu: dict[str, str]
) -> None:
    body = {"sender": "+15550001111", "text": "hello", "sent_at": None} | pdu
    assert _told(rig, json.dumps(body).encode()) == "hello"


def test_an_empty_one_is_shown_empty(rig: Rig) -> None:
    body = {"sender": "", "text": "", "sent_at": None}
    assert not _told(rig, json.dumps(body).encode())

"""What a call that a modem hung up comes to: HQ reads of it, and it says nothing."""

import re
from dataclasses import replace

import pytest

from engine.alarm.messages import Distress
from engine.alarm.state import Kind
from engine.intake.actor import SmsHeard
from engine.modems.arrivals import CALLED
from engine.modems.inbound import record_of
from engine.ports.modem import CALL, InboundSms
from engine.roster.model import Number
from engine.roster.words import WORD_LENGTH_MIN
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_actor import Rig, number_of, rig

__all__ = ["rig"]
SIM = Number("+998460000999")
OUR_WORDS = [
    word for word in re.findall(r"\w+", CALLED) if len(word) >= WORD_LENGTH_MIN
]


def called(rig: Rig, sender: str) -> Distress:
    sms = InboundSms(
        slot="", sender=sender, text=CALLED, sent_at=None, pdu="call 1", flags=(CALL,)
    )
    record = record_of(sms, rig.world.now())
    rig.ledger.ask(record, 1.0)
    assert rig.tree.names.tell("intake", SmsHeard(key=record.key))
    rig.world.run(0.1)
    (told,) = rig.told
    assert isinstance(told, Distress)
    return told


@pytest.mark.parametrize("is_tracker", [False, True])
@pytest.mark.parametrize("word", OUR_WORDS)
@pytest.mark.parametrize("kind", ["safe_word", "duress_word"])
def test_no_call_is_a_word_of_the_caller_bug_whose_word_was_call_was_safe(
    rig: Rig, kind: str, word: str, *, is_tracker: bool
) -> None:
    board = rig.judge.board
    roster = board.roster()
    people = tuple(
        replace(one, **{kind: word}) if one.person == HERON else one  # type: ignore[arg-type]
        for one in roster.people
    )
    devices = tuple(
        replace(one, number=SIM) if one.device == HERONS else one
        for one in roster.devices
    )
    board.replace(replace(roster, people=people, devices=devices))

    told = called(rig, SIM if is_tracker else number_of(HERON))

    board.replace(roster)
    assert (told.command.kind, told.command.subject) == (Kind.NOTICE, HERON)
    assert not told.command.press.duress
    assert told.command.press.text == CALLED, "a mask would show what the word is"
    assert rig.timed == [], "nobody's timer"

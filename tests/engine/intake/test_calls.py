"""What a call that a modem hung up comes to: a press where that was agreed."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import Raise
from engine.alarm.messages import Distress
from engine.alarm.state import Kind, SourceDoubt
from engine.dispatch.body import EffectBody, encode_body
from engine.intake.actor import SmsHeard
from engine.intake.calls import CALLS_BACK, calls_minded
from engine.modems.arrivals import CALLED, WITHHELD
from engine.modems.inbound import record_of
from engine.ports.journal import (
    Append,
    Code,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
)
from engine.ports.modem import CALL, InboundSms
from engine.roster.model import Number, Role
from engine.roster.words import WORD_LENGTH_MIN
from engine.values import CommandId, EffectId, PersonId, Signal
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_actor import Rig, number_of, rig

__all__ = ["rig"]
SIM, FOREIGN = Number("+998460000999"), "+15550001111"
LAPWING, ALDER = PersonId("lapwing"), PersonId("alder")
OUR_WORDS = [
    word for word in re.findall(r"\w+", CALLED) if len(word) >= WORD_LENGTH_MIN
]
NOT_CONFIRMED = SourceDoubt.FAILED_AUTHENTICATION


def change(rig: Rig, name: PersonId, **changes: object) -> None:
    """Change a person's entry in the roster in force."""
    roster = rig.judge.board.roster()
    people = tuple(
        replace(one, **changes) if one.person == name else one  # type: ignore[arg-type] # fields by name
        for one in roster.people
    )
    rig.judge.board.replace(replace(roster, people=people))


def enrol_sim(rig: Rig) -> None:
    """Give Heron's bracelet a SIM."""
    roster = rig.judge.board.roster()
    devices = tuple(
        replace(one, number=SIM) if one.device == HERONS else one
        for one in roster.devices
    )
    rig.judge.board.replace(replace(roster, devices=devices))


def called(rig: Rig, sender: str) -> Raise:
    """Return what intake makes of a call."""
    text = CALLED if sender else WITHHELD
    sms = InboundSms(
        slot="", sender=sender, text=text, sent_at=None, pdu="", flags=(CALL,)
    )
    record = record_of(sms, rig.world.now(), is_new=True)
    rig.ledger.ask(record, 1.0)
    assert rig.tree.names.tell("intake", SmsHeard(key=record.key))
    rig.world.run(0.1)
    told = rig.told.pop()
    assert isinstance(told, Distress)
    return told.command


def tell(rig: Rig, name: PersonId, *, channel: str = "sms", of: str = "kite") -> None:
    """Let HQ have told a person of an open case by a channel."""
    person = rig.judge.board.roster().person(name)
    assert person is not None
    stream, now = f"alarm/{of}", rig.world.now()
    body = EffectBody(address=person.numbers[0], language="en", segments=())
    effect = EffectRow(
        effect_id=EffectId(f"{of}/{name}"),
        alarm=stream,
        effect_class=EffectClass.SAFETY,
        channel=channel,
        rank=1,
        planned_at=now,
        body=encode_body(body),
        state=EffectState.ACCEPTED,
        changed_at=now,
    )
    rig.ledger.ask(
        Append(
            stream=stream,
            expected_seq=0,
            epoch=rig.ledger.epoch,
            command_id=CommandId(of),
            events=(NewEvent(kind="x", body=b""),),
            head=Head(status="raised", is_open=True, subject=f"real:{of}"),
            plans=(effect,),
            codes=(Code(code="K7F2", stream=stream, person=name),),
        ),
        1.0,
    )


def duty_calls(rig: Rig) -> None:
    """Let the officer on duty be a defender who has agreed as well."""
    person = rig.judge.board.roster().person(ALDER)
    assert person is not None
    change(rig, ALDER, roles=person.roles | {Role.DEFENDER}, call_is_sos=True)


def test_a_call_of_a_defender_who_has_agreed_is_an_sos_like_an_sms_without_a_sign(
    rig: Rig,
) -> None:
    change(rig, LAPWING, call_is_sos=True)
    raised = called(rig, number_of(LAPWING))
    assert (raised.kind, raised.subject) == (Kind.REAL, LAPWING)
    assert raised.press.signals == (Signal.SOS,)
    assert raised.press.doubt is NOT_CONFIRMED
    assert raised.press.wire_protocol == "call"
    assert not raised.press.duress
    assert not raised.press.late


def test_a_call_of_a_defender_who_has_not_agreed_is_a_notice(rig: Rig) -> None:
    raised = called(rig, number_of(LAPWING))
    assert (raised.kind, raised.subject) == (Kind.NOTICE, LAPWING)


@pytest.mark.parametrize("sender", ["", FOREIGN])
def test_a_withheld_or_foreign_number_raises_nothing_and_hq_reads_of_it(
    rig: Rig, sender: str
) -> None:
    change(rig, LAPWING, call_is_sos=True)
    raised = called(rig, sender)
    assert (raised.kind, raised.defender) == (Kind.NOTICE, None)
    assert raised.press.text == (CALLED if sender else WITHHELD)


def test_a_call_from_a_shared_telephone_is_hers_who_agreed_and_names_the_other(
    rig: Rig,
) -> None:
    change(rig, LAPWING, call_is_sos=True)
    change(rig, HERON, numbers=(Number(number_of(LAPWING)),))
    raised = called(rig, number_of(LAPWING))
    assert (raised.kind, raised.subject) == (Kind.REAL, LAPWING)
    assert "Heron" in raised.press.text


@pytest.mark.parametrize("has_agreed", [False, True])
def test_a_call_of_a_trackers_sim_raises_where_its_carrier_has_agreed(
    rig: Rig, *, has_agreed: bool
) -> None:
    enrol_sim(rig)
    change(rig, HERON, call_is_sos=has_agreed)
    raised = called(rig, SIM)
    assert raised.kind is (Kind.REAL if has_agreed else Kind.NOTICE)
    assert (raised.subject, raised.press.doubt) == (HERON, None)


def test_an_officer_whom_hq_has_just_rung_calls_back_and_raises_nothing(
    rig: Rig,
) -> None:
    duty_calls(rig)
    tell(rig, ALDER, channel="call")
    raised = called(rig, number_of(ALDER))
    assert (raised.kind, raised.subject) == (Kind.NOTICE, ALDER)
    assert "call back" in raised.press.text

    rig.world.run(CALLS_BACK / timedelta(seconds=1))
    assert called(rig, number_of(ALDER)).kind is Kind.REAL


def test_an_officer_who_was_only_written_to_raises_by_a_call(rig: Rig) -> None:
    duty_calls(rig)
    tell(rig, ALDER)
    assert called(rig, number_of(ALDER)).kind is Kind.REAL


def test_a_colleague_who_was_told_and_calls_raises_and_hq_reads_of_which_case(
    rig: Rig,
) -> None:
    change(rig, LAPWING, call_is_sos=True)
    tell(rig, LAPWING, channel="call")
    raised = called(rig, number_of(LAPWING))
    assert raised.kind is Kind.REAL, "they may be in need where they were sent"
    assert "was told of kite" in raised.press.text


def test_whose_own_case_is_open_is_not_said_to_call_back(rig: Rig) -> None:
    change(rig, LAPWING, call_is_sos=True)
    tell(rig, LAPWING, of=LAPWING)
    assert called(rig, number_of(LAPWING)).press.text == CALLED


@pytest.mark.parametrize(
    ("number", "is_minded"),
    [
        (SIM, True),
        ("460000999", True),
        (number_of(LAPWING), True),
        (FOREIGN, False),
        ("", False),
    ],
)
def test_hq_hears_of_calls_of_trackers_and_defenders_and_once_any_agreed_of_all(
    rig: Rig, number: str, *, is_minded: bool
) -> None:
    enrol_sim(rig)
    minds = calls_minded(rig.judge.board)
    assert minds(number) is is_minded
    change(rig, LAPWING, call_is_sos=True)
    assert minds(number)


@pytest.mark.parametrize("has_agreed", [False, True])
@pytest.mark.parametrize("is_tracker", [False, True])
@pytest.mark.parametrize("word", OUR_WORDS)
@pytest.mark.parametrize("kind", ["safe_word", "duress_word"])
def test_no_call_is_a_word_of_the_caller(
    rig: Rig, kind: str, word: str, *, is_tracker: bool, has_agreed: bool
) -> None:
    """Else a person who had agreed on *call* would be safe by calling."""
    enrol_sim(rig)
    change(rig, HERON, call_is_sos=has_agreed, **{kind: word})
    told = called(rig, SIM if is_tracker else number_of(HERON))
    assert told.kind is (Kind.REAL if has_agreed else Kind.NOTICE)
    assert told.subject == HERON
    assert not told.press.duress
    assert told.press.text == CALLED, "a mask would show what the word is"
    assert rig.timed == [], "nobody's timer"

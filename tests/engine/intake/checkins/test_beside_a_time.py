"""A time beside a word that an alarm alone has heard: either word comes to the same."""

import json

import pytest

from engine.intake.checkins.said import CheckInSaid
from engine.intake.sms import SOURCE_SMS
from engine.ports.journal import Append, Appended, Head, NewEvent, Record
from engine.roster.model import Word
from engine.values import CommandId, ReportKey
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes, sms
from tests.engine.intake.reports import HERON

TEXT = "home in 60 min cedar7"


@pytest.fixture
def rig() -> Rig:
    """One in which heron's case is open: each word of force has raised one."""
    rig = Rig()
    rig.world.run(minutes(10))
    case(rig, is_open=True)
    return rig


def case(rig: Rig, *, is_open: bool) -> None:
    rows = rig.ledger.store.reader().stream("alarm/a")
    append = Append(
        stream="alarm/a",
        expected_seq=len(rows),
        epoch=rig.ledger.epoch,
        command_id=CommandId(f"case-{len(rows)}"),
        events=(NewEvent(kind="Raised", body=b"{}"),),
        head=Head(status="raised", is_open=is_open, subject="real:heron"),
    )
    assert isinstance(rig.ledger.ask(append, 1.0), Appended)


def said_of(row: Record) -> CheckInSaid:
    at, word = row.received_at, Word.DURESS
    until = at.plus(HOUR)
    return CheckInSaid(
        key=row.key, person=HERON, at=at, until=until, word=word, is_shared=True
    )


def test_a_time_beside_a_word_of_force_sets_a_timer_also_after_a_crash(
    rig: Rig,
) -> None:
    """By a word of safety intake tells it again: one telephone alone had no answer."""
    row = sms(rig, TEXT)
    assert rig.facts() == [], "the process died before it was told"
    after = rig.again(2)
    after.world.run(1)
    assert after.facts() == ["Started"]
    live = Rig()
    live.world.run(minutes(10))
    live.tell(said_of(sms(live, TEXT)))
    assert after.texts == live.texts != []
    after.world.run(minutes(90))
    assert after.missed()
    assert all(one.key != row.key for one in after.untaken())


def test_the_word_behind_it_that_an_alarm_alone_has_heard_ends_it(rig: Rig) -> None:
    sms(rig, TEXT)
    rig.world.run(minutes(1))
    sms(rig, "cedar7")
    after = rig.again(2)
    after.world.run(3)
    assert after.facts() == ["Started", "Ended"]


def test_one_that_was_heard_sets_no_timer_once_more(rig: Rig) -> None:
    rig.tell(said_of(sms(rig, TEXT)))
    rig.world.run(minutes(1))
    rig.say(word=Word.SAFE)
    after = rig.again(2)
    after.world.run(minutes(90))
    assert after.facts() == ["Started", "Ended"]
    assert after.texts == []


def test_one_of_a_case_that_has_ended_sets_none(rig: Rig) -> None:
    sms(rig, TEXT)
    case(rig, is_open=False)
    after = rig.again(2)
    after.world.run(minutes(5))
    assert after.facts() == []


def test_what_no_alarm_has_taken_up_is_told_by_intake_alone(rig: Rig) -> None:
    number = next(
        one for one in rig.judge.board.roster().people if one.person == HERON
    ).numbers[0]
    body = json.dumps({"sender": number, "text": TEXT}).encode()
    at = rig.world.now()
    row = Record(key=ReportKey("new"), source=SOURCE_SMS, received_at=at, body=body)
    rig.ledger.ask(row, 1.0)
    after = rig.again(2)
    after.world.run(minutes(5))
    assert after.facts() == []

"""What an instance that has ended asked for, durable only after its successor came."""

import pytest

from engine.ports.journal import Append, Head, NewEvent, Record, Request
from engine.roster.model import Word
from engine.values import CommandId
from tests.engine.dispatch.ledger import LATE
from tests.engine.intake.checkins.test_actor import (
    HOUR,
    Rig,
    minutes,
    sms,
    timer_over,
)


def late(request: Request) -> str:
    return LATE if isinstance(request, Append) else ""


def ended(rig: Rig) -> None:
    """Have the instance end with whoever it stands behind, and another begin."""
    ref = rig.tree.names.lookup("dispatcher")
    assert ref is not None
    ref.tell("what nobody understands")
    rig.world.run(2)
    assert rig.tree.names.lookup("checkins") is not None


def land(rig: Rig) -> None:
    rig.ledger.land()
    rig.ledger.fault = lambda _: ""


def test_a_timer_that_was_set_is_watched_by_the_successor_bug_nobody_did() -> None:
    """Its telephone was told that it is on, and no absence would ever have come."""
    rig = Rig()
    rig.ledger.fault = late
    rig.say(HOUR)
    ended(rig)
    land(rig)
    assert rig.facts() == ["Started"]
    assert rig.untaken() == [], "intake does not tell it again"

    rig.world.run(minutes(64))
    assert rig.missed() == []
    rig.world.run(minutes(2))

    assert rig.facts() == ["Started", "Warned", "Warned", "Missed"]
    assert len(rig.missed()) == 1


def test_an_earlier_time_is_the_one_by_which_they_are_missed() -> None:
    rig = Rig()
    rig.say(2 * HOUR)
    rig.ledger.fault = late
    rig.say(HOUR, Word.SAFE)
    ended(rig)
    land(rig)

    rig.world.run(minutes(66))

    assert rig.facts()[-1] == "Missed"
    assert len(rig.missed()) == 1


def test_whoever_is_back_is_not_missed() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(62))
    rig.ledger.fault = late
    rig.say(word=Word.SAFE)
    ended(rig)
    land(rig)

    rig.world.run(minutes(10))

    assert rig.facts()[-1] == "Ended"
    assert rig.missed() == []


@pytest.mark.parametrize("text", ["maple", "cedar7"])
def test_a_word_that_an_alarm_takes_up_late_ends_the_timer_all_the_same(
    text: str,
) -> None:
    """The alarm's rows were on their way: the successor saw a word nobody had taken."""
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(10)
    said = sms(rig, text, taken_by="")
    rig.ledger.fault = late
    taken_up(rig, said)
    ended(rig)
    land(rig)
    assert rig.untaken() == [], "intake does not tell it again"

    rig.world.run(minutes(70))

    assert rig.facts() == ["Started", "Ended"]
    assert rig.texts == [rig.texts[0], timer_over(Rig())]


def taken_up(rig: Rig, said: Record) -> None:
    """Have an alarm ask the journal for what makes the word its own."""
    append = Append(
        stream="alarm/a",
        expected_seq=0,
        epoch=rig.ledger.epoch,
        command_id=CommandId("word"),
        events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
        head=Head(status="raised", is_open=True),
        takes=(said.key,),
    )
    rig.ledger.ask(append, 1.0)


def test_with_no_timer_rows_are_looked_at_now_and_then_and_nothing_is_asked() -> None:
    rig = Rig()
    rig.world.run(minutes(60))
    assert rig.ledger.asked == []


def test_a_look_that_cannot_read_ends_nobody() -> None:
    rig = Rig()
    rig.ledger.fault = late
    rig.say(HOUR)
    ended(rig)
    land(rig)
    rig.ledger.read_errors = 1
    rig.world.run(minutes(70))
    assert rig.ledger.read_errors == 0
    assert len(rig.missed()) == 1

"""An order that comes behind a word: either word comes to the same, at any time."""

from datetime import timedelta

import pytest

from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Record
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from tests.engine.dispatch.ledger import SILENT
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes, sms
from tests.engine.intake.checkins.test_held import came
from tests.engine.intake.reports import HERON

HALF = timedelta(minutes=30)
WORDS = pytest.mark.parametrize("text", ["maple", "cedar7"])


def word(rig: Rig, text: str) -> CheckInSaid:
    """Record a word of now; one of force is an open alarm's at once."""
    is_force = text == "cedar7"
    row = sms(rig, text, taken_by="alarm/a" if is_force else "")
    return said_of(row, Word.DURESS if is_force else Word.SAFE)


def said_of(row: Record, which: Word) -> CheckInSaid:
    return CheckInSaid(
        key=row.key, person=HERON, at=row.received_at, word=which, is_shared=True
    )


def again(rig: Rig, said: CheckInSaid) -> None:
    """Have intake tell again what nobody has taken up."""
    if said.key in {row.key for row in rig.untaken()}:
        rig.tell(said)


def order(rig: Rig, lasts: timedelta = HOUR, lay: timedelta = HALF) -> CheckInSaid:
    """Record now an order that was sent a while ago."""
    at = rig.world.now()
    sent = at.plus(-lay)
    key = came(rig, f"order-{at.ms}")
    return CheckInSaid(
        key=key, person=HERON, sent=sent, at=at, until=sent.plus(lasts), word=Word.SAFE
    )


@WORDS
def test_an_order_that_comes_behind_a_word_is_ended_by_it_whichever_it_was(
    text: str,
) -> None:
    """Intake tells of a word of safety again; of one of force nobody does."""
    rig = Rig()
    rig.world.run(minutes(10))
    said = word(rig, text)
    rig.tell(said)
    rig.world.run(0.5)
    rig.tell(order(rig))
    assert rig.facts() == ["Started", "Ended"], "one as soon as the other"
    rig.world.run(3)
    again(rig, said)
    rig.world.run(minutes(90))
    assert rig.facts() == ["Started", "Ended"]
    assert len(rig.texts) == 2, "that it is on, and that it is over"
    assert rig.missed() == []
    assert all(row.key != said.key for row in rig.untaken()), "HQ need not read it"


@WORDS
def test_an_order_is_ended_by_the_word_before_it_though_nobody_had_heard_that(
    text: str,
) -> None:
    rig = Rig()
    rig.world.run(minutes(10))
    said = word(rig, text)
    rig.world.run(0.5)
    rig.tell(order(rig))
    rig.world.run(2)
    again(rig, said)
    assert rig.facts() == ["Started", "Ended"]


@WORDS
def test_after_a_start_too_a_word_that_an_order_came_behind_ends_it(text: str) -> None:
    rig = Rig()
    said = word(rig, text)
    rig.world.run(0.5)
    rig.tell(order(rig))
    assert rig.facts() == ["Started"], "the process died before it had looked"
    after = rig.again(5)
    again(after, said)
    after.world.run(minutes(90))
    assert after.facts() == ["Started", "Ended"]
    assert after.missed() == []


@WORDS
@pytest.mark.parametrize("is_new", [False, True])
def test_a_word_that_came_long_before_an_order_ends_it_not_whichever_it_was(
    text: str, *, is_new: bool
) -> None:
    """However long intake tells of one of safety, which HQ reads in the end."""
    rig = Rig()
    said = word(rig, text)
    rig.tell(said)
    rig.world.run(21)
    rig.tell(order(rig))
    on = list(rig.texts)
    if is_new:
        rig = rig.again(2)
    again(rig, said)
    rig.world.run(5)
    assert rig.facts() == ["Started"]
    assert rig.texts == ([] if is_new else on), "nor is it answered"
    rig.world.run(minutes(90))
    assert rig.facts()[-1] == "Missed"


@WORDS
def test_a_word_from_before_a_timer_was_said_is_not_answered_when_it_is_told_again(
    text: str,
) -> None:
    """The telephone showed that a timer is on once more, by a word of safety alone."""
    rig = Rig()
    said = word(rig, text)
    rig.tell(said)
    rig.world.run(2)
    rig.tell(order(rig, lay=timedelta()))
    on = list(rig.texts)
    again(rig, said)
    rig.world.run(5)
    assert rig.facts() == ["Started"]
    assert rig.texts == on


@WORDS
@pytest.mark.parametrize("is_heard", [False, True])
def test_a_word_behind_a_bare_press_that_is_taken_up_late_ends_its_timer(
    text: str, monkeypatch: pytest.MonkeyPatch, *, is_heard: bool
) -> None:
    """By a word of force they were missed, which showed which word it was."""
    plan = CheckInPlan(button=HOUR)
    monkeypatch.setattr(CheckIns, "_plan", lambda *_: plan)
    rig = Rig()
    rig.world.run(minutes(10))
    key, at = came(rig, "press"), rig.world.now()
    press = CheckInSaid(key=key, person=HERON, at=at, is_press=True)
    rig.ledger.fault = lambda _: SILENT
    rig.tell(press)
    rig.ledger.fault = lambda _: ""
    rig.world.run(5)
    said = word(rig, text)
    if is_heard:
        rig.tell(said)
    rig.world.run(3)
    rig.tell(press)
    again(rig, said)
    rig.world.run(2)
    assert rig.facts() == ["Started", "Ended"]
    rig.world.run(minutes(90))
    assert rig.facts() == ["Started", "Ended"]
    assert rig.missed() == []


def test_a_press_that_sets_nothing_forgets_no_word_that_waits() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(5))
    row = sms(rig, "cedar7")
    rig.ledger.fault = lambda _: SILENT
    rig.tell(said_of(row, Word.DURESS))
    rig.ledger.fault = lambda _: ""
    rig.world.run(1)
    at = rig.world.now()
    rig.tell(CheckInSaid(key=came(rig, "press"), person=HERON, at=at, is_press=True))
    rig.world.run(10)
    assert rig.facts() == ["Started", "Ended"]

"""What is said of a timer and comes hours later: it counts from when it was sent."""

from datetime import timedelta

import pytest

from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Record
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from engine.values import Instant, ReportKey
from tests.engine.dispatch.ledger import SILENT
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes, sms
from tests.engine.intake.reports import HERON


def hear(
    rig: Rig, sent: Instant, word: Word | None = None, until: Instant | None = None
) -> None:
    """Hear now what was sent at another time."""
    now = rig.world.now()
    key = ReportKey(f"held-{sent.ms}-{now.ms}-{word}")
    taken_by = "alarm/a" if word is Word.DURESS else ""
    row = Record(key=key, source="sms", received_at=now, body=b"", taken_by=taken_by)
    rig.ledger.ask(row, 1)
    shared = word is not None and until is None
    rig.tell(
        CheckInSaid(
            key=key, person=HERON, until=until, sent=sent, word=word, is_shared=shared
        )
    )


@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_a_word_from_before_a_timer_was_set_ends_it_not_and_shows_not_which_it_was(
    word: Word,
) -> None:
    rig = Rig()
    yesterday = rig.world.now().plus(timedelta(hours=-5))
    rig.say(HOUR)
    told = list(rig.texts)
    hear(rig, yesterday, word)
    assert rig.facts() == ["Started"]
    assert rig.texts == told * 2, "as after a message that changes nothing"
    left = [row.key for row in rig.untaken()]
    assert len(left) == (word is Word.SAFE), "intake has HQ read it; force has raised"
    rig.world.run(minutes(90))
    assert rig.missed(), "whoever does not come back is missed"


def test_a_word_from_since_a_timer_was_set_ends_it_however_late_it_is() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(5))
    sent = rig.world.now()
    rig.world.run(minutes(30))
    hear(rig, sent, Word.SAFE)
    assert rig.facts() == ["Started", "Ended"]
    assert rig.untaken() == [], "it is as if it had come in time"


def test_an_older_order_does_not_move_a_timer_that_was_set_since() -> None:
    rig = Rig()
    sent = rig.world.now()
    rig.world.run(minutes(20))
    rig.say(HOUR)
    hear(rig, sent, until=sent.plus(timedelta(hours=3)))
    assert rig.facts() == ["Started"]


def test_a_timer_from_before_they_came_back_does_not_begin_again() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(10))
    sent = rig.world.now()
    rig.world.run(minutes(20))
    rig.say(word=Word.SAFE)
    hear(rig, sent, until=sent.plus(HOUR))
    assert rig.facts() == ["Started", "Ended"]


@pytest.mark.parametrize("word", [None, Word.SAFE, Word.DURESS])
def test_who_sets_one_by_a_network_that_is_behind_reads_that_none_runs(
    word: Word | None,
) -> None:
    """Its clock is 15 minutes behind, so that the order seems older than the end."""
    rig = Rig()
    rig.say(HOUR)
    rig.say(word=Word.SAFE)
    over = rig.texts[-1]
    rig.world.run(minutes(5))
    behind = rig.world.now().plus(timedelta(minutes=-15))
    told = len(rig.texts)
    hear(rig, behind, word, until=behind.plus(HOUR))
    assert rig.texts[told:] == [over], "silence is no answer: they would rely on it"


def test_a_timer_that_comes_when_it_is_over_is_missed_a_minute_later() -> None:
    """What came with it out of the same outage is read first."""
    rig = Rig()
    sent = rig.world.now().plus(timedelta(hours=-5))
    hear(rig, sent, until=sent.plus(HOUR))
    rig.world.run(40)
    assert rig.missed() == []
    rig.world.run(40)
    assert len(rig.missed()) == 1


def test_who_came_back_in_the_same_outage_is_not_missed() -> None:
    rig = Rig()
    sent = rig.world.now().plus(timedelta(hours=-5))
    hear(rig, sent, until=sent.plus(HOUR))
    hear(rig, sent.plus(timedelta(minutes=40)), Word.SAFE)
    rig.world.run(minutes(5))
    assert rig.missed() == []


def came(rig: Rig, name: str, taken_by: str = "") -> ReportKey:
    """Record now what is heard of later."""
    key, now = ReportKey(name), rig.world.now()
    row = Record(key=key, source="sms", received_at=now, body=b"", taken_by=taken_by)
    rig.ledger.ask(row, 1)
    return key


@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_a_word_that_came_before_a_timer_and_is_taken_up_after_it_ends_it_not(
    word: Word,
) -> None:
    """A journal that hung for a moment had an earlier word end the new timer."""
    rig = Rig()
    key, at = came(rig, "earlier"), rig.world.now()
    rig.world.run(20)
    rig.say(HOUR, Word.SAFE)
    rig.tell(
        CheckInSaid(key=key, person=HERON, at=at, word=word, is_shared=True),
    )
    assert rig.facts() == ["Started"]
    rig.world.run(minutes(90))
    assert rig.missed()


def test_a_press_that_is_taken_up_late_does_not_move_what_was_ordered_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By a press of the morning they were to be missed hours after they had said."""
    plan = CheckInPlan(button=HOUR * 9)
    monkeypatch.setattr(CheckIns, "_plan", lambda *_: plan)
    rig = Rig()
    key, at = came(rig, "press"), rig.world.now()
    rig.world.run(minutes(60))
    rig.say(HOUR)
    rig.tell(CheckInSaid(key=key, person=HERON, at=at, is_press=True))
    rig.world.run(minutes(90))
    assert len(rig.missed()) == 1


def test_an_order_that_was_long_in_being_recorded_is_older_than_a_word_behind_it() -> (
    None
):
    rig = Rig()
    key, at = came(rig, "order"), rig.world.now()
    rig.world.run(5)
    back, back_at = came(rig, "back"), rig.world.now()
    rig.world.run(20)
    due = at.plus(HOUR)
    rig.tell(CheckInSaid(key=key, person=HERON, at=at, until=due, word=Word.SAFE))
    rig.tell(
        CheckInSaid(key=back, person=HERON, at=back_at, word=Word.SAFE, is_shared=True)
    )
    assert rig.facts() == ["Started", "Ended"]


@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_a_word_that_waits_is_not_forgotten_for_an_order_that_was_said_before_it(
    word: Word,
) -> None:
    """They had come back, and were missed hours later by what they had said before."""
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(5))
    order, at = came(rig, "order"), rig.world.now()
    rig.world.run(5)
    back, back_at = came(rig, "back", taken_by="alarm/a"), rig.world.now()
    rig.ledger.fault = lambda _: SILENT
    rig.tell(
        CheckInSaid(key=back, person=HERON, at=back_at, word=word, is_shared=True),
    )
    rig.ledger.fault = lambda _: ""
    rig.tell(
        CheckInSaid(
            key=order, person=HERON, at=at, until=at.plus(HOUR * 3), word=Word.SAFE
        )
    )
    rig.world.run(10)
    assert rig.facts() == ["Started", "Moved", "Ended"]


def test_a_word_behind_such_an_order_that_an_alarm_alone_has_heard_ends_it_too() -> (
    None
):
    """After a start a word of force left running what a word of safety had ended."""
    rig = Rig()
    order, at = came(rig, "order"), rig.world.now()
    rig.world.run(5)
    sms(rig, "cedar7", taken_by="alarm/a")
    rig.world.run(20)
    due = at.plus(HOUR)
    rig.tell(CheckInSaid(key=order, person=HERON, at=at, until=due, word=Word.SAFE))
    assert rig.again(5).facts() == ["Started", "Ended"]


@pytest.mark.parametrize("behind", [timedelta(minutes=20), timedelta(days=900)])
def test_a_word_from_before_a_timer_came_does_not_end_it_after_a_start(
    behind: timedelta,
) -> None:
    """By a clock that was behind it was older than that word, and nobody was missed."""
    rig = Rig()
    sms(rig, "maple")
    rig.world.run(minutes(10))
    key, at = came(rig, "order"), rig.world.now()
    rig.tell(
        CheckInSaid(
            key=key,
            person=HERON,
            sent=at.plus(-behind),
            at=at,
            until=at.plus(HOUR),
            word=Word.SAFE,
        )
    )
    after = rig.again(5)
    after.world.run(minutes(90))
    assert after.facts()[-1] == "Missed"


@pytest.mark.parametrize("word", ["maple", "cedar7"])
def test_a_word_behind_an_order_that_is_taken_up_late_ends_it_whichever_it_was(
    word: str,
) -> None:
    """Intake tells of a word of safety again, and of one of force the alarm alone."""
    rig = Rig()
    key, at = came(rig, "order"), rig.world.now()
    order = CheckInSaid(key=key, person=HERON, at=at, until=at.plus(HOUR))
    rig.ledger.fault = lambda _: SILENT
    rig.tell(order)
    rig.ledger.fault = lambda _: ""
    rig.world.run(5)
    is_force = word == "cedar7"
    row = sms(rig, word, taken_by="alarm/a" if is_force else "")
    said = CheckInSaid(
        key=row.key,
        person=HERON,
        at=row.received_at,
        word=Word.DURESS if is_force else Word.SAFE,
        is_shared=True,
    )
    rig.tell(said)
    rig.world.run(3)
    rig.tell(order)
    if not is_force:
        rig.tell(said)
    rig.world.run(10)
    assert rig.facts() == ["Started", "Ended"]


def test_a_device_whose_clock_is_ahead_makes_no_order_of_now_look_old() -> None:
    rig = Rig()
    now = rig.world.now()
    ahead = now.plus(timedelta(days=400))
    rig.tell(
        CheckInSaid(
            key=came(rig, "a"), person=HERON, at=now, sent=ahead, until=now.plus(HOUR)
        )
    )
    rig.world.run(minutes(5))
    now = rig.world.now()
    rig.tell(CheckInSaid(key=came(rig, "b"), person=HERON, at=now, word=Word.SAFE))
    assert rig.facts() == ["Started", "Ended"]

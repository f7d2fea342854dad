"""Check-ins by SMS and by device, and what of it the alarms hear as well."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import AddNote
from engine.alarm.messages import Distress, ToOpen
from engine.alarm.state import Kind
from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.words import read_check_in
from engine.roster.model import Word
from engine.values import PersonId, Signal
from tests.engine.intake.reports import HERON, report
from tests.engine.intake.test_actor import Rig, number_of
from tests.engine.intake.test_words import cancel_of

SAFE, DURESS = "Maple", "Cedar7"
ELM = PersonId("alder")


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig().start()
    board = rig.judge.board
    roster = board.roster()
    people = tuple(
        replace(one, safe_word=SAFE, duress_word=DURESS) if one.person == HERON else one
        for one in roster.people
    )
    board.replace(replace(roster, people=people))
    yield rig
    board.replace(roster)


def said(rig: Rig) -> CheckInSaid:
    (one,) = rig.timed
    assert isinstance(one, CheckInSaid)
    return one


def test_home_by_a_time_starts_a_timer_and_raises_nothing(rig: Rig) -> None:
    assert rig.sms("home in 2 h", number_of(HERON)) == []
    one = said(rig)
    assert (one.person, one.word, one.is_shared) == (HERON, None, False)
    assert one.until is not None
    assert one.until.since(rig.world.now()) > timedelta(hours=1, minutes=59)


def test_a_time_with_the_word_of_safety_is_no_cancel(rig: Rig) -> None:
    assert rig.sms("later 2 h maple", number_of(HERON)) == []
    assert said(rig).word is Word.SAFE


def test_a_word_of_safety_ends_a_timer_and_is_offered_to_an_open_case(
    rig: Rig,
) -> None:
    (cancel,) = rig.sms("home, maple", number_of(HERON))
    assert isinstance(cancel, ToOpen)
    assert cancel.otherwise is None
    one = said(rig)
    assert (one.until, one.word, one.is_shared) == (None, Word.SAFE, True)


def test_a_word_of_safety_with_a_hole_beside_it_ends_no_timer(rig: Rig) -> None:
    """The part that never came may have had the word of force."""
    (shown,) = rig.sms("home, maple[2/2 missing]", number_of(HERON))
    assert isinstance(shown, ToOpen)
    assert isinstance(shown.command, AddNote)
    assert rig.timed == []


@pytest.mark.parametrize("time", ["home by 23:00", "later 2 h", "+90"])
@pytest.mark.parametrize("word", ["", " maple"])
@pytest.mark.parametrize("hole", ["{}[2/2 missing]", "[1/2 missing]{}"])
def test_a_time_with_a_hole_beside_it_moves_no_timer_and_hq_reads_it(
    rig: Rig, time: str, word: str, hole: str
) -> None:
    """It may have been another's time, or beside a word of force."""
    (shown,) = rig.sms(hole.format(time + word), number_of(HERON))
    if word:
        assert isinstance(shown, ToOpen)
        assert isinstance(shown.command, AddNote)
    else:
        assert isinstance(shown, Distress)
        assert shown.command.kind is Kind.NOTICE
    assert rig.timed == []


@pytest.mark.parametrize("time", ["home by 23:00 ", "+30 "])
@pytest.mark.parametrize("hole", ["{}[2/2 missing]", "[1/2 missing]{}"])
def test_a_word_of_force_beside_a_time_and_a_hole_raises(
    rig: Rig, time: str, hole: str
) -> None:
    (cancel,) = rig.sms(hole.format(time + "cedar7"), number_of(HERON))
    assert isinstance(cancel, ToOpen)
    assert cancel.otherwise is not None
    assert cancel.otherwise.command.press.duress


@pytest.mark.parametrize("text", ["home, cedar7", "home by 23:00 cedar7", "cedar7"])
def test_a_word_of_force_raises_whatever_timer_it_speaks_of(
    rig: Rig, text: str
) -> None:
    (cancel,) = rig.sms(text, number_of(HERON))
    assert isinstance(cancel, ToOpen)
    assert cancel.otherwise is not None
    assert cancel.otherwise.command.press.duress
    assert (said(rig).word, said(rig).is_shared) == (Word.DURESS, True)


@pytest.mark.parametrize("text", ["home by 23:00 cedar7", "+30 cedar7"])
def test_a_word_of_force_beside_a_time_shows_by_no_case_bug_it_confirmed_a_cancel(
    rig: Rig, text: str
) -> None:
    """The word of safety beside a time is about the timer alone."""
    _, cancel = cancel_of(rig.sms(text, number_of(HERON)))
    assert cancel.press.unseen
    assert rig.sms(text.replace(DURESS.lower(), SAFE), number_of(HERON), "2") == []
    forced, safe = rig.timed
    assert isinstance(forced, CheckInSaid)
    assert isinstance(safe, CheckInSaid)
    assert forced.until is not None
    assert safe.until is not None
    assert abs(forced.until.since(safe.until)) < timedelta(seconds=1)


def test_a_call_for_help_is_never_taken_for_a_timer(rig: Rig) -> None:
    (distress,) = rig.sms("sos home by 23:00", number_of(HERON))
    assert isinstance(distress, Distress)
    assert distress.command.kind is Kind.REAL
    assert rig.timed == []


@pytest.mark.parametrize("sender", [number_of(ELM), "+33639980000"])
def test_whoever_is_no_defender_starts_none_and_hq_reads_it(
    rig: Rig, sender: str
) -> None:
    (notice,) = rig.sms("home by 23:00", sender)
    assert isinstance(notice, Distress)
    assert notice.command.kind is Kind.NOTICE
    assert rig.timed == []


@pytest.mark.parametrize(("until", "is_timed"), [("90 min", True), ("", False)])
def test_a_devices_check_in_may_name_a_time(
    rig: Rig,
    until: str,
    is_timed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    at = rig.world.now()
    pressed = report(
        received_at=at,
        device_at=at,
        signals=frozenset({Signal.CHECK_IN}),
        attributes={"until": until},
    )
    rig.record(pressed)
    rig.hear(pressed)
    assert rig.told == []
    one = said(rig)
    assert one.is_press
    assert (one.until == at.plus(timedelta(minutes=90))) == is_timed


def test_a_devices_time_is_a_time_of_day_and_never_how_long(rig: Rig) -> None:
    """At a time at which half an hour is sooner than half past midnight."""
    at, zone = rig.world.now(), "Asia/Tashkent"
    pressed = report(
        received_at=at,
        device_at=at,
        signals=frozenset({Signal.CHECK_IN}),
        attributes={"until": "0:30"},
    )
    rig.record(pressed)
    rig.hear(pressed)
    by = read_check_in("home by 0:30")
    assert by is not None
    until = by.until(at, zone)
    assert until is not None
    assert until.since(at) > timedelta(hours=1)
    assert said(rig).until == until


def test_a_check_in_that_nobody_took_up_is_told_again(rig: Rig) -> None:
    rig.sms("home in 2 h", number_of(HERON))
    rig.world.run(20)
    assert len(rig.timed) > 1
    assert rig.told == []

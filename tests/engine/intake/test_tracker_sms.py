"""A tracker that reports by SMS, through intake's actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.alarm.commands import RequestCancel
from engine.alarm.messages import Distress, ToOpen
from engine.alarm.state import Kind
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Code
from engine.roster.model import Number
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_actor import LAPWING, Rig, number_of


@pytest.fixture(name="rig")
def _rig() -> Rig:
    return Rig().start()


@contextmanager
def with_sim(rig: Rig) -> Iterator[None]:
    board = rig.judge.board
    roster = board.roster()
    devices = tuple(
        replace(one, number=Number("+998460000099")) if one.device == HERONS else one
        for one in roster.devices
    )
    board.replace(replace(roster, devices=devices))
    yield
    board.replace(roster)


def test_what_looks_like_a_code_makes_no_answer_of_a_trackers_sos(rig: Rig) -> None:
    rig.take(codes=(Code(code="D7E4", stream="alarm/a", person=LAPWING),))
    with with_sim(rig):
        (distress,) = rig.sms("help me! 05 41.9 460 01 2533 D7E4", "+998460000099")
        assert isinstance(distress, Distress)
        assert (distress.command.kind, distress.command.subject) == (Kind.REAL, HERON)


@pytest.mark.parametrize("sender", ["+998460000099", "0460000099"])
def test_a_tracker_that_reports_by_sms_has_said_a_word(rig: Rig, sender: str) -> None:
    with with_sim(rig):
        rig.sms("help me", sender)
        assert rig.attendance.last(HERONS) is not None
        later = rig.world.now().plus(timedelta(minutes=1))
        rig.attendance.heard(HERONS, later)
        rig.sms("help me", sender)
        assert rig.attendance.last(HERONS) == later, "a row that waited is no newer"


@contextmanager
def on_one_number(rig: Rig, safe_word: str = "Maple") -> Iterator[str]:
    """Enrol a defender's telephone as their device, with its own number."""
    board = rig.judge.board
    roster = board.roster()
    number = Number(number_of(HERON))
    people = tuple(
        replace(one, safe_word=safe_word, duress_word="Cedar7")
        if one.person == HERON
        else one
        for one in roster.people
    )
    devices = tuple(
        replace(one, number=number) if one.device == HERONS else one
        for one in roster.devices
    )
    board.replace(replace(roster, people=people, devices=devices))
    yield number
    board.replace(roster)


@pytest.mark.parametrize("word", ["Maple", "Cedar7"])
def test_a_word_counts_from_a_telephone_that_is_a_device_bug_force_was_a_notice(
    rig: Rig, word: str
) -> None:
    """It was taken for a tracker's text, and the word in it for nothing."""
    with on_one_number(rig) as number:
        (message,) = rig.sms(f"all is well {word}", number)
    assert isinstance(message, ToOpen)
    assert message.subject == HERON
    assert isinstance(message.command, RequestCancel)
    press = message.command.press
    assert (press.proven, press.duress) == (word == "Maple", word == "Cedar7")


@pytest.mark.parametrize(
    ("text", "forced"), [("Alarm", False), ("Alarm! Cedar7", True)]
)
def test_no_word_of_safety_calls_off_what_such_a_device_raises(
    rig: Rig, text: str, *, forced: bool
) -> None:
    """Some write "Alarm" where anybody may have agreed on that, and force is kept."""
    with on_one_number(rig, safe_word="Alarm") as number:
        (message,) = rig.sms(text, number)
    assert isinstance(message, Distress)
    assert (message.command.kind, message.command.subject) == (Kind.REAL, HERON)
    assert message.command.press.duress is forced


def test_a_timer_is_set_from_a_telephone_that_is_a_device_bug_nobody_waited(
    rig: Rig,
) -> None:
    """HQ read a tracker's text, and whoever had sent it was neither told nor missed."""
    with on_one_number(rig) as number:
        assert rig.sms("home in 90 min", number) == []
        (timed,) = rig.timed
        assert isinstance(timed, CheckInSaid)
        assert timed.person == HERON
        assert timed.until is not None
        (message,) = rig.sms("home 1234 battery 90", number, "sms-2")
    assert isinstance(message, Distress), "a tracker's text is one as ever"


def test_a_word_of_force_counts_from_whoever_has_such_a_telephone(rig: Rig) -> None:
    """As from any other telephone: it need not be of whose number it is."""
    with on_one_number(rig) as number:
        board = rig.judge.board
        roster = board.roster()
        people = tuple(
            replace(one, duress_word="Otter5") if one.person == LAPWING else one
            for one in roster.people
        )
        board.replace(replace(roster, people=people))
        (message,) = rig.sms("all is well Otter5", number)
    assert isinstance(message, ToOpen)
    assert message.subject == LAPWING
    assert isinstance(message.command, RequestCancel)
    assert message.command.press.duress

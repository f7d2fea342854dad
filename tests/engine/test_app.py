"""What the wiring of the engine says when an alarm's actor tells others."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from msgspec import structs

from engine.alarm.commands import Tick
from engine.alarm.events import CancelRequested, NoteAdded, PressJoined
from engine.alarm.state import NOWHERE
from engine.app import Parts, ears_of, outlets_of
from engine.errors import JournalError
from engine.health import Health
from engine.intake.actor import SmsHeard
from engine.intake.judge import Judge
from engine.intake.shouter.actor import Unkept, Unrecorded, UnrecordedLine
from engine.intake.shouter.unhandled import Unhandled, Word
from engine.modems.inbound import Inbound
from engine.supervision.failure import ReplacedError
from engine.values import AlarmId, CommandId, ReportKey
from tests.engine.alarm.scene import ALDER, press_of, raise_of
from tests.engine.intake.reports import ROSTER, Meter, judge_of
from tests.engine.intake.shouter.test_unhandled import CANCEL, COMING, WORDS
from tests.fakes import START

CASE = AlarmId("45f7ecbce34c")


@dataclass
class Names:
    told: list[tuple[str, object]] = field(default_factory=list)

    def tell(self, name: str, message: object) -> bool:
        self.told.append((name, message))
        return True


@dataclass
class Tree:
    names: Names = field(default_factory=Names)


@dataclass
class Measures:
    def changed(self, *_: object) -> None:
        """Count nothing."""

    def found(self, _: object) -> None:
        """Count nothing."""


@dataclass
class Half:
    """As much of `Parts` as an alarm's outlets reach for."""

    tree: Tree = field(default_factory=Tree)
    measures: Measures = field(default_factory=Measures)
    health: Health = field(default_factory=lambda: Health(Meter()))
    unrecorded: Unrecorded = field(
        default_factory=lambda: Unrecorded(lambda _: True, lambda: ROSTER)
    )
    judge: Judge = field(default_factory=judge_of)


def test_a_press_without_room_for_its_alarm_is_a_full_disk_until_one_had_room() -> None:
    """The probe's one small row may find room where no alarm does."""
    half = Half()
    outlets = outlets_of(cast("Parts", half))
    command = raise_of(press_of("k1"))
    line = UnrecordedLine(key=command.press.key, at=START, text="NOT RECORDED SOS")

    outlets.unkept(command, CASE)
    half.unrecorded.show(line)

    assert list(half.unrecorded.heed()) == [Unkept(command=command)]
    assert half.health.reasons() == {"disk_full": ("alarms",)}

    alarm = cast("Any", object())
    outlets.changed(alarm, (PressJoined(at=START, press=command.press, place=NOWHERE),))

    assert half.health.reasons() == {}
    assert half.unrecorded.lines() == ()


def test_a_word_that_an_alarm_takes_after_all_is_shown_as_not_handled_no_more() -> None:
    half, press = Half(), press_of("k1")
    alarm, key = cast("Any", object()), ReportKey("sms-1")
    note = NoteAdded(at=START, by=None, text="words", source=key, person="lapwing")
    for taken, event in (
        (press.key, CancelRequested(at=START, press=press)),
        (key, note),
    ):
        half.unrecorded.show(UnrecordedLine(key=taken, at=START, text="NOT HANDLED"))
        outlets_of(cast("Parts", half)).changed(alarm, (event,))
        assert half.unrecorded.lines() == ()


def test_a_message_that_is_durable_after_all_is_shown_as_unrecorded_no_more() -> None:
    """It stood on the console beside its case until the next start."""
    half, key = Half(), ReportKey("sms-1")
    half.unrecorded.show(UnrecordedLine(key=key, at=START, text="NOT RECORDED"))

    ears_of(cast("Parts", half)).heard(Inbound(key=key))

    assert half.unrecorded.lines() == ()
    assert half.tree.names.told == [("intake", SmsHeard(key=key))]


def test_a_press_that_a_damaged_page_refuses_is_told_and_no_full_disk() -> None:
    """Whoever makes room for it, outside the state folder, mends nothing."""
    half = Half()
    half.health.report("journal_unread", "journal", wrong=True)
    command = raise_of(press_of("k1"))

    outlets_of(cast("Parts", half)).unkept(command, CASE)

    assert list(half.unrecorded.heed()) == [Unkept(command=command)]
    assert half.health.reasons() == {"journal_unread": ("journal",)}


@pytest.mark.parametrize("word", [CANCEL, COMING, WORDS])
def test_a_word_without_room_is_told_as_not_handled_bug_one_of_force_waited_in_silence(
    word: Word,
) -> None:
    """It was recorded, and its sender answered as ever: nobody would repeat it."""
    half = Half()

    outlets_of(cast("Parts", half)).unkept(word, CASE)

    assert list(half.unrecorded.heed()) == [Unhandled(command=word, case=CASE)]


def test_a_word_for_a_case_that_has_stopped_is_told_and_is_no_full_disk() -> None:
    half = Half()

    outlets_of(cast("Parts", half)).untaken(WORDS, CASE)

    assert list(half.unrecorded.heed()) == [Unhandled(command=WORDS, case=CASE)]
    assert half.health.reasons() == {}


def test_what_hq_has_typed_is_answered_and_not_told_as_a_word_without_room() -> None:
    half, typed = Half(), structs.replace(WORDS, source=None, person=None, by=ALDER)

    outlets_of(cast("Parts", half)).unkept(typed, CASE)

    assert list(half.unrecorded.heed()) == []


def test_a_deadline_without_room_is_a_full_disk_and_no_shout() -> None:
    half = Half()

    outlets_of(cast("Parts", half)).unkept(Tick(command_id=CommandId("tick/1")), CASE)

    assert half.tree.names.told == []
    assert half.health.reasons() == {"disk_full": ("alarms",)}


def test_a_case_that_stands_still_is_a_reason_until_it_moves() -> None:
    half = Half()
    outlets = outlets_of(cast("Parts", half))

    with pytest.raises(JournalError), outlets.watched("K7F2"):
        raise JournalError
    assert half.health.reasons() == {"alarm_standing_still": ("K7F2",)}

    with pytest.raises(ReplacedError), outlets.watched("another"):
        raise ReplacedError
    with outlets.watched("K7F2"):
        pass
    assert half.health.reasons() == {}

"""What the journal did not answer: rows are looked at again, and words are kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Append, Record, Request
from engine.roster.model import Word
from engine.values import ReportKey
from tests.engine.dispatch.ledger import FULL, LOST, SILENT
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes
from tests.engine.intake.reports import HERON
from tests.fakes import START

KEY = ReportKey("shared")


def failing(fault: str, key: str = "") -> Callable[[Request], str]:
    """Return what fails all that is appended, or what one message appends."""
    return lambda one: (
        fault if isinstance(one, Append) and key in ("", one.command_id) else ""
    )


def late(rig: Rig) -> None:
    """Make durable what the actor asked last and gave up as unknown."""
    rig.ledger.fault = lambda _: ""
    rig.ledger.ask([one for one in rig.ledger.asked if isinstance(one, Append)][-1], 1)


def hear(rig: Rig, word: Word, taken_by: str = "alarm/a") -> None:
    """Say a word that is the alarm's as well, which has taken it up."""
    now = rig.world.now()
    row = Record(key=KEY, source="sms", received_at=now, body=b"", taken_by=taken_by)
    rig.ledger.ask(row, 1)
    rig.tell(CheckInSaid(key=KEY, person=HERON, word=word, is_shared=True))


def warned_in_silence() -> Rig:
    """Return somebody whose hour is over while the journal answers nobody."""
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(62))
    rig.ledger.fault = failing(SILENT)
    return rig


def test_whoever_is_back_is_not_missed_where_it_was_durable_too_late_to_be_told() -> (
    None
):
    rig = warned_in_silence()
    rig.say(word=Word.SAFE)
    rig.world.run(15)
    late(rig)
    assert rig.facts()[-1] == "Ended"
    assert rig.untaken() == [], "intake does not tell it again"

    rig.world.run(minutes(10))

    assert rig.missed() == []
    assert rig.facts()[-1] == "Ended"


def test_whoever_is_back_is_not_missed_where_it_lies_in_the_queue_bug_they_were() -> (
    None
):
    """The rows do not show it yet; what is asked next stands behind it."""
    rig = warned_in_silence()
    rig.say(word=Word.SAFE)
    (back,) = [one for one in rig.ledger.asked[-1:] if isinstance(one, Append)]

    def catches_up(request: Request) -> str:
        """Commit what waits before what is asked when they would be missed."""
        if rig.world.now() < START.plus(HOUR + timedelta(minutes=5)):
            return failing(SILENT)(request)
        rig.ledger.fault = lambda _: ""
        rig.ledger.ask(back, 1)
        return ""

    rig.ledger.fault = catches_up
    rig.world.run(minutes(20))

    assert rig.missed() == []
    assert rig.facts()[-1] == "Ended"


def test_no_absence_is_kept_quiet_where_the_rows_have_moved_on_and_cannot_be_read() -> (
    None
):
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(47))
    rig.ledger.fault = lambda one: LOST if isinstance(one, Append) else ""
    rig.ledger.read_errors = 1_000
    rig.world.run(minutes(10))
    assert rig.facts()[-1] == "Warned"
    rig.ledger.fault = lambda _: ""
    rig.world.run(minutes(10))
    assert len(rig.missed()) == 1
    rig.ledger.read_errors = 0
    rig.world.run(minutes(1))
    assert len(rig.missed()) == 1
    assert rig.facts()[-1] == "Missed"


def test_a_later_time_that_was_durable_late_is_the_one_by_which_they_are_missed() -> (
    None
):
    rig = warned_in_silence()
    rig.say(HOUR, Word.SAFE)
    rig.world.run(15)
    late(rig)

    rig.world.run(minutes(60))
    assert rig.missed() == []
    rig.world.run(minutes(6))
    assert len(rig.missed()) == 1
    assert rig.facts()[-4:] == ["Moved", "Warned", "Warned", "Missed"]


@pytest.mark.parametrize("fault", [FULL, SILENT])
@pytest.mark.parametrize("word", [Word.SAFE, Word.DURESS])
def test_a_word_that_only_the_alarm_could_take_up_ends_the_timer_all_the_same(
    fault: str, word: Word
) -> None:
    rig, other = Rig(), Rig()
    for one in (rig, other):
        one.say(HOUR)
        one.world.run(10)
    rig.ledger.fault = failing(fault)
    hear(rig, word)
    rig.world.run(30)
    rig.ledger.fault = lambda _: ""
    rig.world.run(minutes(70))

    hear(other, Word.SAFE)
    assert rig.texts == other.texts
    assert rig.facts() == ["Started", "Ended"]
    assert rig.missed() == []


def test_a_word_ends_a_timer_that_was_moved_without_an_answer() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.ledger.fault = failing(SILENT)
    rig.say(2 * HOUR, Word.SAFE)
    late(rig)
    hear(rig, Word.DURESS)
    rig.world.run(minutes(130))

    assert rig.facts() == ["Started", "Moved", "Ended"]


def test_a_word_is_tried_again_with_a_pause_while_the_journal_takes_nothing() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.ledger.fault = failing(FULL)
    hear(rig, Word.DURESS)
    rig.world.run(60)

    tries = [one for one in rig.ledger.asked if isinstance(one, Append)][1:]
    assert {str(one.command_id) for one in tries} == {KEY}
    assert 10 <= len(tries) <= 13


def test_no_warning_goes_out_after_a_word_that_waits_and_yet_they_are_missed() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.ledger.fault = failing(FULL, KEY)
    hear(rig, Word.DURESS)
    texts = len(rig.texts)

    rig.world.run(minutes(66))

    assert len(rig.texts) == texts
    assert len(rig.missed()) == 1, "what is not known to have ended is not kept quiet"


def test_a_word_that_no_alarm_has_taken_up_is_left_for_intake_to_tell_both() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.ledger.fault = failing(FULL)
    hear(rig, Word.SAFE, taken_by="")
    rig.ledger.fault = lambda _: ""
    rig.world.run(30)
    assert [row.key for row in rig.untaken()] == [KEY]

    hear(rig, Word.SAFE)
    assert rig.facts() == ["Started", "Ended"]
    assert rig.untaken() == []


def test_a_word_that_waits_does_not_end_a_timer_that_was_set_since() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(1)
    rig.ledger.fault = failing(FULL)
    hear(rig, Word.SAFE)
    rig.ledger.fault = lambda _: ""
    rig.say(2 * HOUR, Word.SAFE)
    rig.world.run(minutes(2))

    assert rig.facts() == ["Started", "Moved"]
    rig.world.run(minutes(124))
    assert len(rig.missed()) == 1


def test_whoever_does_not_come_back_is_missed_though_the_rows_cannot_be_read() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(64))
    rig.ledger.read_errors = 1_000
    rig.world.run(minutes(1.5))

    assert len(rig.missed()) == 1
    assert rig.facts()[-1] == "Missed"

"""An answer without a code, with a word of force: to whoever watches it is one too."""

import pytest

from engine.alarm.commands import AddNote, Raise, TakeReply
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.rows import key_of
from engine.alarm.state import Kind, ReplyKind
from engine.ports.journal import Code
from engine.values import PersonId
from tests.engine.intake.reports import HERON
from tests.engine.intake.test_actor import LAPWING, Rig, number_of
from tests.engine.intake.test_words import (
    CODE,
    DURESS,
    FOR_LAPWING,
    LAPWINGS,
    SAFE,
    cancel_of,
    with_words,
)

rig = pytest.fixture(with_words, name="rig")


def answer_in(told: list[object]) -> TakeReply:
    (forward,) = (one for one in told if isinstance(one, Forward))
    assert isinstance(forward.command, TakeReply)
    return forward.command


@pytest.mark.parametrize(
    ("text", "reply"),
    [(f"1 {LAPWINGS}", ReplyKind.COMING), (f"4 {LAPWINGS}", ReplyKind.REAL)],
)
def test_a_colleagues_forced_answer_is_shown_and_is_one_to_their_telephone(
    rig: Rig, text: str, reply: ReplyKind
) -> None:
    """It was shown alone: their telephone was reminded on, after a true one not."""
    rig.take(codes=(Code(code="K7F2", stream="alarm/a", person=LAPWING),))
    told = rig.sms(text)
    said = answer_in(told)
    assert (said.reply, said.duress, said.proven) == (reply, True, False)
    assert said.source is None, "the notice takes it up, and is told until it has"
    (notice,) = (one for one in told if isinstance(one, Distress))
    assert (notice.command.kind, notice.command.press.duress) == (Kind.NOTICE, True)


def test_a_word_of_safety_in_a_message_with_a_hole_is_read_by_hq(rig: Rig) -> None:
    """The part that never came may have had the word of force."""
    rig.take(codes=(CODE,))
    (told,) = rig.sms(f"{CODE.code} {SAFE}[2/2 missing]", number_of(HERON))
    assert isinstance(told, Forward)
    assert isinstance(told.command, AddNote)
    forced = rig.sms(f"{CODE.code} {DURESS}[2/2 missing]", number_of(HERON), "2")
    said = answer_in(forced)
    assert (said.duress, said.authentic) == (True, False)
    (told,) = rig.sms(f"{SAFE}[2/2 missing]", number_of(HERON), "3")
    assert isinstance(told, ToOpen)
    assert isinstance(told.command, AddNote), "without a code it calls off nothing"


@pytest.mark.parametrize("text", ["K7F21{}", "K7F2 1{}", "K7F2 1\u200e{}"])
def test_a_word_of_force_with_no_blank_before_it_is_one_bug_hq_read_it_in_clear(
    rig: Rig, text: str
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    said = answer_in(rig.sms(text.format(LAPWINGS)))
    assert (said.reply, said.duress) == (ReplyKind.COMING, True)
    assert LAPWINGS not in said.text


def test_a_defenders_forced_answer_raises_as_well(rig: Rig) -> None:
    rig.take(codes=(CODE,))
    told = rig.sms(f"coming {DURESS}", number_of(HERON))
    assert answer_in(told).duress
    cancel, command = cancel_of([one for one in told if isinstance(one, ToOpen)])
    assert command.press.duress
    assert cancel.otherwise is not None
    forced = list(rig.timed)
    rig.timed.clear()
    assert not answer_in(rig.sms(f"coming {SAFE}", number_of(HERON), "2")).duress
    assert [type(one) for one in forced] == [type(one) for one in rig.timed]


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("+15550001111", "", f"1 {DURESS}"),
        (number_of(LAPWING), "", f"1 {DURESS}"),
        (number_of(HERON), key_of(Kind.REAL, PersonId(HERON)), f"1 {DURESS}"),
        (number_of(HERON), "", f"6 {DURESS}"),
    ],
)
def test_where_the_true_word_would_be_no_answer_the_forced_one_is_none(
    rig: Rig, sender: str, subject: str, text: str
) -> None:
    rig.take(codes=(CODE,))
    rig.take(stream="alarm/own", subject=subject)
    for number, word in enumerate((DURESS, SAFE)):
        told = rig.sms(text.replace(DURESS, word), sender, f"sms-{number}")
        assert not any(isinstance(one, Forward) for one in told)


def beside_a_code(told: list[object]) -> tuple[object, TakeReply | AddNote]:
    """Return what an answer comes to, and what stands before it."""
    first, answer = told
    assert isinstance(answer, Forward)
    assert isinstance(answer.command, TakeReply | AddNote)
    return first, answer.command


@pytest.mark.parametrize("sender", [HERON, LAPWING, None])
@pytest.mark.parametrize(
    "text", ["K7F2 1 {}", "K7F2 6 {}", "K7F2 6 Hazel {}", "K7F2 {}"]
)
def test_a_word_of_force_beside_anothers_code_raises_bug_nobody_heard_of_it(
    rig: Rig, text: str, sender: PersonId | None
) -> None:
    """Who was forced at a colleague's telephone answered what stood there."""
    rig.take(codes=(FOR_LAPWING,))
    number = "+15550001111" if sender is None else number_of(sender)
    told = rig.sms(text.format(DURESS), number)
    forced, answer = beside_a_code(told)
    _, command = cancel_of([forced])
    assert isinstance(forced, ToOpen)
    assert (forced.subject, command.press.duress) == (HERON, True)
    assert command.press.unseen, "one of safety would have been none there"
    assert forced.otherwise is not None, "it raises where nothing is open"
    assert answer.source is None, "the word of force takes it up"
    assert answer.command_id != command.command_id, "both may be for one case"
    if isinstance(answer, TakeReply):
        assert answer.duress, "who forces them has the colleague's telephone"
        assert not answer.proven
    assert rig.timed == []
    (plain,) = rig.sms(text.format(SAFE), number, "sms-2")
    assert isinstance(plain, Forward)
    assert type(plain.command) is type(answer)


def test_a_colleagues_word_of_force_beside_anothers_code_is_shown_to_hq(
    rig: Rig,
) -> None:
    rig.take(codes=(CODE,))
    shown, answer = beside_a_code(rig.sms(f"K7F2 6 {LAPWINGS}", number_of(HERON)))
    assert isinstance(shown, Distress)
    assert isinstance(shown.command, Raise)
    assert (shown.command.subject, shown.command.kind) == (LAPWING, Kind.NOTICE)
    assert shown.command.press.duress
    assert isinstance(answer, TakeReply)
    assert (answer.duress, answer.source) == (True, None)


def test_anothers_word_of_force_beside_a_code_takes_nobodys_call_for_help(
    rig: Rig,
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    answer, alarm = rig.sms(f"K7F2 3 {DURESS}", number_of(LAPWING))
    assert isinstance(answer, Forward)
    assert isinstance(alarm, Distress)
    assert (alarm.command.defender, alarm.command.press.duress) == (LAPWING, False)


@pytest.mark.parametrize("text", ["K7F2 3", "help K7F2", "K7F2 SOS"])
@pytest.mark.parametrize(("word", "duress"), [(SAFE, False), (DURESS, True)])
def test_a_call_with_ones_own_word_is_theirs_bug_it_raised_for_whose_code_it_had(
    rig: Rig, text: str, word: str, *, duress: bool
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    (alarm,) = rig.sms(f"{text} {word}", number_of(HERON))
    assert isinstance(alarm, Distress)
    assert (alarm.command.kind, alarm.command.subject) == (Kind.REAL, HERON)
    assert (alarm.command.press.doubt, alarm.command.press.duress) == (None, duress)
    assert "K7F2" in alarm.command.press.text, "HQ reads whose code it was"


@pytest.mark.parametrize(
    "text", ["K7F2 SOS", "SOS! K7F2", "K7F2 sos {sign}", "K7F2 SOS[2/2 missing]"]
)
@pytest.mark.parametrize(
    ("word", "duress"), [("", False), (f" {SAFE}", False), (f" {DURESS}", True)]
)
def test_an_sos_with_a_code_is_a_call_bug_it_was_a_note_or_a_word_of_safety(
    rig: Rig, text: str, word: str, *, duress: bool
) -> None:
    heron = rig.judge.board.roster().person(HERON)
    assert heron is not None
    rig.take(codes=(CODE,))
    told = rig.sms(text.format(sign=heron.sign) + word, number_of(HERON))
    (answer,) = (one for one in told if isinstance(one, Forward))
    (alarm,) = (one for one in told if isinstance(one, Distress))
    assert isinstance(answer.command, TakeReply)
    assert answer.command.reply is ReplyKind.NEED_HELP
    assert (alarm.command.kind, alarm.command.subject) == (Kind.REAL, HERON)
    assert alarm.command.press.doubt is None
    assert alarm.command.press.duress is duress


@pytest.mark.parametrize("text", ["SOS K7F2 Heron Tashkent", "K7F2 1 > SOS K7F2"])
def test_an_sos_that_stands_in_what_is_answered_is_no_call(rig: Rig, text: str) -> None:
    rig.take(codes=(CODE,))
    (told,) = rig.sms(text, number_of(HERON))
    assert isinstance(told, Forward)

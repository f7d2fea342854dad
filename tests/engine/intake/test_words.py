"""Words of safety and of force in an SMS or from a device: what each comes to."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from engine.alarm.commands import AddNote, RequestCancel, TakeReply
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.rows import key_of
from engine.alarm.state import Kind, ReplyKind
from engine.intake.assess import Outcome
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Code
from engine.roster.model import Role, Word
from engine.roster.words import MASK
from engine.values import PersonId, Signal
from tests.engine.intake.reports import HERON, HERONS, report
from tests.engine.intake.test_actor import LAPWING, Rig, number_of

SAFE, DURESS = "Maple", "Cedar7"
LAPWINGS, OTHER = "Birch9", "alarm/b"
CODE = Code(code="K7F2", stream="alarm/a", person=HERON)
FOR_LAPWING = Code(code="K7F2", stream="alarm/a", person=LAPWING)


def with_words() -> Iterator[Rig]:
    rig = Rig().start()
    board = rig.judge.board
    roster = board.roster()
    words = {HERON: (SAFE, DURESS), LAPWING: ("Hazel", LAPWINGS)}
    people = tuple(
        replace(one, safe_word=words[one.person][0], duress_word=words[one.person][1])
        if one.person in words
        else one
        for one in roster.people
    )
    lapwing = next(one for one in people if one.person == LAPWING)
    colleague = replace(lapwing, roles=frozenset({Role.COLLEAGUE}))
    people = (*(one for one in people if one is not lapwing), colleague)
    devices = tuple(
        replace(
            one,
            safe_codes=frozenset({"alarm:4711"}),
            duress_codes=frozenset({"alarm:4712"}),
        )
        if one.device == HERONS
        else one
        for one in roster.devices
    )
    board.replace(replace(roster, people=people, devices=devices))
    yield rig
    board.replace(roster)


rig = pytest.fixture(with_words, name="rig")


def cancel_of(told: list[object]) -> tuple[ToOpen, RequestCancel]:
    (message,) = told
    assert isinstance(message, ToOpen)
    assert isinstance(message.command, RequestCancel)
    return message, message.command


def test_a_defenders_word_of_safety_asks_to_cancel_and_is_proven(rig: Rig) -> None:
    message, command = cancel_of(rig.sms("all is well, maple", number_of(HERON)))
    assert message.subject == HERON
    assert (command.press.proven, command.press.duress) == (True, False)
    assert message.otherwise is None


def test_a_word_of_force_looks_the_same_and_raises_where_nothing_is_open(
    rig: Rig,
) -> None:
    message, command = cancel_of(rig.sms("all is well, cedar7", number_of(HERON)))
    assert (command.press.proven, command.press.duress) == (False, True)
    assert message.otherwise is not None
    raising = message.otherwise.command
    assert (raising.kind, raising.defender) == (Kind.REAL, HERON)
    assert raising.press.duress


@pytest.mark.parametrize("sender", ["+15550100999", number_of(LAPWING)])
def test_a_word_of_force_counts_from_any_telephone_bug_theirs_heard_of_it_alone(
    rig: Rig, sender: str
) -> None:
    """From there a word of safety is none: that neither confirms it hides which it is.

    "Cancel received" came to the defender's own telephone after the word of force
    alone, and a timer of theirs ended by it.
    """
    message, command = cancel_of(rig.sms("Cedar7", sender))
    assert message.subject == HERON
    assert (command.press.duress, command.press.unseen) == (True, True)
    assert message.otherwise is not None
    assert message.otherwise.command.press.unseen
    assert rig.timed == []


def test_a_word_of_force_from_ones_own_number_is_confirmed(rig: Rig) -> None:
    _, command = cancel_of(rig.sms("Cedar7", number_of(HERON)))
    assert not command.press.unseen
    assert len(rig.timed) == 1


def test_a_word_of_safety_from_a_strange_telephone_proves_nothing(rig: Rig) -> None:
    (message,) = rig.sms("Maple", "+15550100999")
    assert isinstance(message, Distress)
    assert message.command.kind is Kind.NOTICE
    assert message.command.press.text == MASK
    assert rig.timed == []


def test_a_colleagues_word_of_force_without_a_code_is_shown_to_hq(rig: Rig) -> None:
    (message,) = rig.sms("fine Birch9", number_of(LAPWING))
    assert isinstance(message, Distress)
    assert message.command.kind is Kind.NOTICE
    assert message.command.press.duress
    assert message.command.press.text == f"fine {MASK}"


@pytest.mark.parametrize(
    ("text", "sender", "authentic", "proven", "duress"),
    [
        ("K7F2 6", HERON, True, False, False),
        ("K7F2 6 maple", HERON, True, True, False),
        ("K7F2 maple", HERON, True, True, False),
        ("K7F2 6 cedar7", HERON, True, False, True),
        ("K7F2 cedar7", HERON, True, False, True),
        ("K7F2 6", LAPWING, False, False, False),
        ("K7F2 6 maple", LAPWING, True, True, False),
    ],
)
def test_a_code_and_a_word_are_an_answer(
    rig: Rig,
    text: str,
    sender: PersonId,
    *,
    authentic: bool,
    proven: bool,
    duress: bool,
) -> None:
    rig.take(codes=(CODE,))
    (message,) = rig.sms(text, number_of(sender))
    assert isinstance(message, Forward)
    command = message.command
    assert isinstance(command, TakeReply)
    assert command.reply is ReplyKind.SAFE
    assert (command.authentic, command.proven, command.duress) == (
        authentic,
        proven,
        duress,
    )


@pytest.mark.parametrize(
    ("text", "reply", "shown"),
    [
        ("4 hazel", ReplyKind.REAL, ""),
        ("Hazel: false", ReplyKind.FALSE, f"{MASK}: false"),
        ("hazel 6", ReplyKind.SAFE, ""),
        ("HAZEL coming", ReplyKind.COMING, f"{MASK} coming"),
    ],
)
def test_a_word_without_a_code_answers_the_one_open_case_that_told_them(
    rig: Rig, text: str, reply: ReplyKind, shown: str
) -> None:
    """It was a notice of its own, and counted for nothing.

    Where a number alone stands beside the word there are no words to be shown.
    """
    rig.take(codes=(FOR_LAPWING,))
    (forward,) = rig.sms(text)
    assert isinstance(forward, Forward)
    assert isinstance(forward.command, TakeReply)
    assert forward.alarm_id == "a"
    said = forward.command
    assert (said.person, said.reply, said.authentic) == (LAPWING, reply, True)
    assert (said.proven, said.duress, said.source) == (True, False, "sms-1")
    assert said.text == shown


def answers_in(told: Iterable[object]) -> list[TakeReply]:
    return [
        one.command
        for one in told
        if isinstance(one, Forward) and isinstance(one.command, TakeReply)
    ]


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("4", ""),  # no word
        ("hazel", ""),  # no answer
        ("4 hazel", "+15550001111"),  # not their own telephone
        (f"4 hazel {DURESS}", ""),  # a word of force beside it, whosever it is
        ("M9N8 4 hazel", ""),  # a code that nobody has
        ("3 hazel", ""),  # they need help themselves
    ],
)
def test_a_word_that_stands_for_no_code_goes_to_hq(
    rig: Rig, text: str, sender: str
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    assert not answers_in(rig.sms(text, sender=sender))


def test_words_go_into_each_open_case_of_which_their_writer_was_told(
    rig: Rig,
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    (one,) = rig.sms("I am at the police station, they say she is not here")
    assert isinstance(one, Forward)
    assert isinstance(one.command, AddNote)
    assert (one.alarm_id, one.command.loud, one.command.person) == ("a", True, LAPWING)
    assert one.command.text.startswith("I am at the police station")
    rig.take(codes=(Code(code="P8Q9", stream=OTHER, person=LAPWING),), stream=OTHER)
    both = rig.sms("nobody has seen her", key="sms-2")
    assert len({told.alarm_id for told in both if isinstance(told, Forward)}) == 2
    for told in both:
        assert isinstance(told, Forward)
        assert isinstance(told.command, AddNote)
        assert told.command.text.startswith("(of 2 cases that they were told of)")


def test_words_about_a_case_that_has_ended_are_a_notice(rig: Rig) -> None:
    """Its rows stand open while something is due: questions go on for a month."""
    rig.take(codes=(FOR_LAPWING,))
    rig.take(status="closed")
    for number, text in enumerate(("she is not home", "K7F2 she is not home")):
        (told,) = rig.sms(text, key=f"sms-{number}")
        assert isinstance(told, Distress)
        assert told.command.kind is Kind.NOTICE
        assert told.command.press.text == text
    (answer,) = rig.sms("K7F2 1", key="sms-3")
    assert isinstance(answer, Forward)
    rig.take(codes=(Code(code="P8Q9", stream=OTHER, person=LAPWING),), stream=OTHER)
    (told,) = rig.sms("she is not home", key="sms-4")
    assert isinstance(told, Forward)
    assert told.alarm_id == "b"


def test_words_beside_a_code_ask_hq_to_read_them_as_those_without_do(rig: Rig) -> None:
    rig.take(codes=(FOR_LAPWING,))
    (told,) = rig.sms("K7F2 I am at the police station")
    assert isinstance(told, Forward)
    assert isinstance(told.command, AddNote)
    assert told.command.loud


def test_a_word_answers_neither_of_two_open_cases_nor_one_that_has_ended(
    rig: Rig,
) -> None:
    for code in ("K7F2", "M3K4"):
        rig.take(codes=(Code(code=code, stream="alarm/a", person=LAPWING),))
    assert isinstance(rig.sms("4 hazel")[0], Forward), "two codes of one case"
    rig.take(codes=(Code(code="P8Q9", stream=OTHER, person=LAPWING),), stream=OTHER)
    assert not answers_in(rig.sms("4 hazel", key="sms-2"))
    rig.take(stream=OTHER, is_open=False)
    assert isinstance(rig.sms("4 hazel", key="sms-3")[0], Forward)
    rig.take(is_open=False)
    assert not answers_in(rig.sms("4 hazel", key="sms-4"))


@pytest.mark.parametrize(
    ("text", "subject", "answers"),
    [
        ("4 maple", "", True),
        ("coming maple", "", True),
        ("maple safe", "", False),
        ("false maple", "", False),
        ("4 maple", key_of(Kind.REAL, HERON), False),
        ("4 maple", f"over/{key_of(Kind.REAL, HERON)}", True),
        ("4 maple", f"unseen/{key_of(Kind.REAL, HERON)}", True),
        ("4 maple", key_of(Kind.EXERCISE, HERON), True),
    ],
)
def test_a_defenders_word_is_for_a_case_of_their_own_before_any_other(
    rig: Rig,
    text: str,
    subject: str,
    answers: bool,  # noqa: FBT001 - a case
) -> None:
    rig.take(codes=(CODE,))
    rig.take(stream="alarm/own", subject=subject)
    told = rig.sms(text, sender=number_of(HERON))
    assert any(isinstance(one, Forward) for one in told) is answers
    assert any(isinstance(one, ToOpen) for one in told) is not answers
    assert [one.word for one in rig.timed if isinstance(one, CheckInSaid)] == [
        Word.SAFE
    ], "whoever says the word is back in time"


def test_a_note_holds_no_word(rig: Rig) -> None:
    rig.take(codes=(FOR_LAPWING,))
    (message,) = rig.sms("K7F2 they said Maple and I do not know", number_of(LAPWING))
    assert isinstance(message, Forward)
    assert isinstance(message.command, AddNote)
    assert MASK in message.command.text
    assert "aple" not in message.command.text


def test_an_answer_is_shown_without_the_word_in_it(rig: Rig) -> None:
    rig.take(codes=(FOR_LAPWING,))
    said = f"K7F2 1 {LAPWINGS} they watch me"
    (message,) = rig.sms(said, number_of(LAPWING))
    assert isinstance(message, Forward)
    assert isinstance(message.command, TakeReply)
    assert message.command.text == f"K7F2 1 {MASK} they watch me"


def test_what_somebody_writes_beside_an_answer_reaches_hq_bug_it_was_dropped(
    rig: Rig,
) -> None:
    rig.take(codes=(FOR_LAPWING,))
    texts = ("k7f2 1", "K7F2 \u0661.", "K7F2 1, police at the gate")
    kept = []
    for text in texts:
        (forward,) = rig.sms(text, number_of(LAPWING), key=f"sms-{text}")
        assert isinstance(forward, Forward)
        assert isinstance(forward.command, TakeReply)
        kept.append(forward.command.text)
    assert kept == ["", "", "K7F2 1, police at the gate"]
    (alarm, answer) = rig.sms("K7F2 3 they are at my door", number_of(LAPWING))
    assert isinstance(answer, Forward)
    assert isinstance(answer.command, TakeReply)
    assert isinstance(alarm, Distress)
    assert answer.command.text == alarm.command.press.text
    assert alarm.command.press.text == "K7F2 3 they are at my door"


def test_a_help_with_the_word_of_safety_is_a_call_for_help(rig: Rig) -> None:
    (message,) = rig.sms("HELP maple", number_of(HERON))
    assert isinstance(message, Distress)
    assert message.command.kind is Kind.REAL


def test_a_help_with_the_word_of_safety_from_elsewhere_is_nobodys(rig: Rig) -> None:
    (message,) = rig.sms("SOS maple", "+15550100999")
    assert isinstance(message, Distress)
    assert message.command.defender is None


@pytest.mark.parametrize(
    ("sender", "unseen"), [(number_of(HERON), False), ("+15550100999", True)]
)
def test_a_help_with_the_word_of_force_is_both(
    rig: Rig,
    sender: str,
    unseen: bool,  # noqa: FBT001 - a column of the table
) -> None:
    (message,) = rig.sms("SOS cedar7", sender)
    assert isinstance(message, Distress)
    press = message.command.press
    assert (message.command.kind, message.command.defender) == (Kind.REAL, HERON)
    assert (press.signals, press.duress, press.doubt) == ((Signal.SOS,), True, None)
    assert press.unseen is unseen
    assert press.text == f"SOS {MASK}"


@pytest.mark.parametrize("word", [SAFE, DURESS])
def test_a_word_beside_a_devices_number_is_not_shown_bug_it_was(
    rig: Rig, word: str
) -> None:
    (message,) = rig.sms(f"{HERONS} {word} now", "+15550100999")
    assert isinstance(message, Distress)
    press = message.command.press
    assert press.text == f"{HERONS} {MASK} now"
    assert word.encode().hex() not in press.raw


def test_anothers_word_of_force_takes_nobodys_call_for_help(rig: Rig) -> None:
    (message,) = rig.sms("SOS they broke the cedar7", number_of(LAPWING))
    assert isinstance(message, Distress)
    assert message.command.defender == LAPWING
    assert not message.command.press.duress


def test_a_help_that_answers_with_the_word_of_force_says_so_of_both_cases(
    rig: Rig,
) -> None:
    rig.take(codes=(CODE,))
    (answer, alarm) = rig.sms("K7F2 3 cedar7", number_of(HERON))
    assert isinstance(answer, Forward)
    assert isinstance(answer.command, TakeReply)
    assert isinstance(alarm, Distress)
    assert answer.command.duress
    assert alarm.command.press.duress


@pytest.mark.parametrize(
    ("code", "proven", "duress"),
    [("alarm:4711", True, False), ("alarm:4712", False, True)],
)
def test_a_devices_code_cancels_with_the_one_meaning_or_the_other(
    rig: Rig, code: str, *, proven: bool, duress: bool
) -> None:
    said = report(signals=frozenset({Signal.UNKNOWN}), codes=(code,))
    judgement = rig.judge.judge(said)
    assert judgement.assessment.outcome is Outcome.CANCEL
    rig.record(said)
    rig.hear(said)
    message, command = cancel_of(rig.told)
    assert (command.press.proven, command.press.duress) == (proven, duress)
    assert (message.otherwise is not None) == duress


def test_no_code_of_a_device_masks_its_sos(rig: Rig) -> None:
    said = report(codes=("alarm:4711", "sos"))
    assert rig.judge.judge(said).assessment.outcome is Outcome.ALARM


@pytest.mark.parametrize("code", ["alarm:4711", "alarm:4712"])
def test_a_code_without_the_devices_secret_proves_nothing_and_stops_no_timer(
    rig: Rig, code: str
) -> None:
    """Neither that of safety, which counted as the defender's own word, nor, lest it
    shows which of them it is, that of force, which raises all the same.
    """
    said = report(signals=frozenset({Signal.UNKNOWN}), codes=(code,), authentic=False)
    rig.record(said)
    rig.hear(said)
    _, command = cancel_of(rig.told)
    assert not command.press.proven
    assert command.press.duress == (code == "alarm:4712")
    assert rig.timed == []


@pytest.mark.parametrize("by_device", [False, True])
def test_a_cancel_that_found_nothing_open_is_looked_at_by_hq_in_the_end(
    rig: Rig,
    by_device: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """And where a case is open it is still for that, as a word of force would be.

    A slow journal made a notice of it: after a word of force alone came an answer.
    """
    if by_device:
        said = report(signals=frozenset({Signal.UNKNOWN}), codes=("alarm:4711",))
        rig.record(said)
        rig.hear(said)
    else:
        rig.sms("maple", number_of(HERON))
    assert cancel_of(rig.told)[0].otherwise is None
    rig.world.run(40)
    last, command = cancel_of(rig.told[-1:])
    assert command.press.proven
    assert last.otherwise is not None
    assert last.otherwise.command.kind is Kind.NOTICE

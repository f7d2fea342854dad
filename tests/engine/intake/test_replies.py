"""What people write back, as they can, and what of it counts."""

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.state import ReplyKind
from engine.intake.meanings import TEXT_MAX
from engine.intake.replies import CODE, DIGITS, LETTERS, read_reply
from engine.protocol.language import LANGUAGES, wording

COMING, CANNOT, NEED_HELP = ReplyKind.COMING, ReplyKind.CANNOT, ReplyKind.NEED_HELP
CODES = st.from_regex(f"[{LETTERS}][{LETTERS}{DIGITS}]{{3}}", fullmatch=True).filter(
    lambda code: any(char in DIGITS for char in code)
)


@given(CODES, st.sampled_from("123"))
def test_a_code_and_a_number_are_understood_however_they_stand(
    code: str, number: str
) -> None:
    kind = list(ReplyKind)[int(number) - 1]
    for text in (
        f"{code} {number}",
        f"{code.lower()} {number}",
        f"{number} {code}",
        f"  {code},{number}. ",
        f"{code}{number}",
        f"Re: {code}\n{number}",
    ):
        reply = read_reply(text)
        assert (reply.code, reply.kind) == (code, kind), text


@pytest.mark.parametrize("digits", ["١٢٣", "۱۲۳", "१२३", "\uff11\uff12\uff13", "๑๒๓"])
def test_digits_of_other_scripts_are_digits(digits: str) -> None:
    kinds = [read_reply(f"K7F2 {digit}").kind for digit in digits]
    assert kinds == [COMING, CANNOT, NEED_HELP]


def test_a_code_in_other_scripts_is_the_code() -> None:
    assert read_reply("\u041a7F٢ 1").code == "K7F2", "a Cyrillic K, an Arabic two"
    assert read_reply("\uff4b\uff17\uff46\uff12 1").code == "K7F2", "wide letters"
    assert read_reply("м3к4 1").code == "M3K4"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("coming", COMING),
        ("jag kommer!", COMING),
        ("иду", COMING),
        ("уже еду", COMING),
        ("Voy", COMING),
        ("je viens", COMING),
        ("أنا قادم", COMING),
        ("I cannot", CANNOT),
        ("can't, sorry", CANNOT),
        ("can\u2019t", CANNOT),
        ("kan inte", CANNOT),
        ("нет", CANNOT),
        ("не могу", CANNOT),
        ("no puedo", CANNOT),
        ("je ne peux pas", CANNOT),
        ("لا", CANNOT),
        ("HELP", NEED_HELP),
        ("hjälp mig", NEED_HELP),
        ("помощь", NEED_HELP),
        ("ayuda", NEED_HELP),
        ("à l'aide", NEED_HELP),
        ("نجدة", NEED_HELP),
    ],
)
def test_words_of_six_languages_are_understood(text: str, kind: ReplyKind) -> None:
    assert read_reply(text).kind is kind
    assert read_reply(f"K7F2 {text}") == read_reply(f"{text} K7F2")


@pytest.mark.parametrize(
    "text",
    [
        "not coming",
        "I am not coming",
        "kommer inte",
        "не иду",
        "no voy",
        "je ne viens pas",
        "не знаю, еду ли",
    ],
)
def test_who_is_not_coming_never_counts_as_coming_bug_a_word_inside_a_no(
    text: str,
) -> None:
    assert read_reply(f"K7F2 {text}").kind is not COMING


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 or 2", None),
        ("1 cannot", None),
        ("2 coming", None),
        ("1 and 3", NEED_HELP),
        ("1 help", NEED_HELP),
        ("3 coming", NEED_HELP),
        ("coming in 2 min", COMING),
        ("coming, 3 km away", COMING),
        ("1 there in 10 min", COMING),
        ("1 coming", COMING),
        ("12", None),
        ("", None),
        ("what?", None),
    ],
)
def test_what_contradicts_itself_stops_nothing_and_a_call_for_help_outweighs(
    text: str, kind: ReplyKind | None
) -> None:
    assert read_reply(f"K7F2 {text}").kind is kind


@pytest.mark.parametrize("text", ["3", " 3 ", "3!", "٣", "please 3 now"])
def test_three_alone_is_a_call_for_help_without_a_code(text: str) -> None:
    assert read_reply(text) == read_reply("3")
    assert read_reply(text).code is None
    assert read_reply(text).kind is NEED_HELP


@pytest.mark.parametrize("text", ["ßß K7F2 3", "ﬁﬁﬁ K7F2 3", "ŉ K7F2 3"])
def test_a_letter_with_two_capitals_does_not_swallow_the_answer_bug_shifted(
    text: str,
) -> None:
    assert read_reply(text) == read_reply("K7F2 3")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[1/2 missing] K7F2 is at the house", None),
        ("K7F2 I have heard[2/2 missing]", None),
        ("K7F2 what is it[3/3 missing]", None),
        ("K7F2 hm[4/6 missing][5/6 missing][6/6 missing]", None),
        ("K7F2 1 I am coming[2/2 missing]", None),
        ("K7F2 safe[2/2 missing]", None),
        ("K7F2 5[2/2 missing]", None),
        ("[1/2 missing]K7F2 cannot", CANNOT),
        ("K7F2 help[2/2 missing]", NEED_HELP),
        ("K7F2 4[2/2 missing]", ReplyKind.REAL),
    ],
)
def test_a_part_that_never_came_says_nothing_bug_its_number_was_coming(
    text: str, kind: ReplyKind | None
) -> None:
    """Its part may have said that nobody comes, or that it was forced."""
    reply = read_reply(text)
    assert (reply.code, reply.kind) == ("K7F2", kind)


def test_a_digit_of_the_code_is_no_answer() -> None:
    for code in ("K2F3", "A3B2", "M2M2"):
        assert read_reply(code).kind is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_that_our_own_text_offers_are_understood(language: str) -> None:
    offered = next(
        text
        for part in wording(language).text["sos"]
        for _, text in part.forms
        if "\n1 " in text
    )
    coming, cannot, needs = re.findall(r"^[123] (.+)$", offered, re.MULTILINE)
    kinds = [read_reply(words).kind for words in (coming, cannot, needs)]
    assert kinds == [COMING, CANNOT, NEED_HELP]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    reply = read_reply(text)
    assert reply.code is None or CODE.fullmatch(reply.code)


@given(st.binary(max_size=300))
def test_any_bytes_as_text_are_read_quickly(raw: bytes) -> None:
    read_reply(raw.decode("utf-16", "replace") * 20)


def test_no_two_characters_of_a_code_look_alike() -> None:
    alike = [{"O", "0"}, {"I", "1", "L"}, {"S", "5"}, {"Z", "2"}]
    for pair in itertools.combinations(LETTERS + DIGITS, 2):
        assert set(pair) not in alike


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("K7F2 4", ReplyKind.REAL),
        ("K7F24", ReplyKind.REAL),
        ("K7F2 real", ReplyKind.REAL),
        ("4 K7F2 real", ReplyKind.REAL),
        ("K7F2 правда", ReplyKind.REAL),
        ("K7F2 ٤", ReplyKind.REAL),
        ("K7F2 5", ReplyKind.FALSE),
        ("K7F2 5 false", ReplyKind.FALSE),
        ("K7F2 falskt", ReplyKind.FALSE),
        ("K7F2 6", ReplyKind.SAFE),
        ("K7F2 trygg", ReplyKind.SAFE),
    ],
)
def test_what_somebody_knows_of_an_alarm_is_understood(
    text: str, kind: ReplyKind
) -> None:
    assert (read_reply(text).code, read_reply(text).kind) == ("K7F2", kind)


@pytest.mark.parametrize(
    "text",
    [
        "K7F2 5 min",
        "K7F2 4 km",
        "K7F2 at 5",
        "K7F2 4 5",
        "K7F2 4 false",
        "K7F2 not false",
        "K7F2 is it real?",
        "K7F2 не правда",
        "K7F2 ليس حقيقي",
        "K7F2 45",
    ],
)
def test_what_may_be_no_verdict_is_none(text: str) -> None:
    assert read_reply(text).kind is None


@pytest.mark.parametrize(
    "text",
    [
        "I hope he is safe",
        "make sure she is safe",
        "stay safe",
        "is she safe",
        "when is it safe to go",
        "Heron is safe, he is with me",
        "she would never give a false alarm",
        "the police say it is false",
        "she was real scared",
        "espero que esté a salvo",
        "j'espère qu'elle est en sécurité",
        "надеюсь, он в безопасности",
    ],
)
def test_a_word_in_a_sentence_is_no_verdict_bug_a_hope_was_an_all_clear(
    text: str,
) -> None:
    assert read_reply(f"K7F2 {text}").kind is None


def test_what_somebody_does_outweighs_what_they_know() -> None:
    assert read_reply("K7F2 is it real? I am coming").kind is ReplyKind.COMING
    assert read_reply("K7F2 true! help").kind is ReplyKind.NEED_HELP


@pytest.mark.parametrize("filler", [" ", ".", "\n", "?", "1", "K7F2 ", "\ufdfa"])
def test_a_long_message_is_read_at_once_bug_its_blanks_held_everybody_up(
    filler: str,
) -> None:
    """Forty thousand of them before a word took ten seconds at each reading."""
    text = (filler * TEXT_MAX)[: TEXT_MAX - 1] + "x"
    began_s = time.thread_time()
    read_reply(text)
    assert time.thread_time() - began_s < 4

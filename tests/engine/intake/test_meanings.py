"""What people write about help and about coming, as a phrase and not as a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.state import ReplyKind
from engine.intake.meanings import meant
from engine.intake.replies import read_reply
from engine.intake.sms import calls_for_help
from engine.protocol.language import LANGUAGES, wording

# ruff: noqa: RUF001 -- six languages
COMING, CANNOT, NEED_HELP = ReplyKind.COMING, ReplyKind.CANNOT, ReplyKind.NEED_HELP
COMES_TO_HELP = (
    *(
        "coming to help",
        "I am coming to help her",
        "coming with help",
        "on my way to help",
    ),
    *(
        "kommer till hjälp",
        "jag kommer med hjälp",
        "иду на помощь",
        "еду к ней на помощь",
    ),
    *("voy con ayuda", "voy en su ayuda", "je viens en aide", "je viens à votre aide"),
    *("قادم مع مساعدة", "أنا قادم للمساعدة", "voy a ayudar", "je viens aider"),
    *("coming, I can help", "I'll help, on my way"),
)
NONE_NEEDED = (
    *("no help needed", "I don't need help", "do not need any help", "need no help"),
    *("no help", "help is not needed", "nobody needs help", "help isn't needed"),
    *("behöver inte hjälp", "ingen hjälp behövs", "hjälp behövs inte", "ingen hjälp"),
    *("помощь не нужна", "не нужна помощь", "не беда", "no necesito ayuda"),
    *("no se necesita ayuda", "la ayuda ya no es necesaria", "pas besoin d'aide"),
    *("je n'ai pas besoin d'aide", "لا أحتاج مساعدة", "لا حاجة لمساعدة"),
)
OF_OTHERS = (
    *("does she need help?", "do you need any help", "need help?", "she needs help"),
    *("Heron needs help", "help is on the way", "I can help", "I will not help"),
    *("thanks for your help", "please help her", "who needs help?"),
    *(
        "behöver du hjälp?",
        "hon behöver hjälp",
        "hjälpen är på väg",
        "tack för hjälpen",
    ),
    *("вам нужна помощь?", "ей нужна помощь", "помощь идёт", "спасибо за помощь"),
    *("necesita ayuda?", "la ayuda llega", "gracias por la ayuda"),
    *("avez-vous besoin d'aide?", "elle a besoin d'aide", "l'aide arrive"),
    *("هل تحتاج إلى مساعدة؟", "المساعدة قادمة"),
    *("they are coming", "the police are coming", "he's coming", "nobody is coming"),
    *("are you coming?", "de kommer", "polisen kommer", "kommer du?", "who is coming"),
)
UNCLEAR = ("cannot say, maybe coming", "coming?", "not sure whether I am coming")
CALLS = (
    *("help", "help!", "help me", "need help", "I need help now", "please send help"),
    *("help us", "no, help me", "help they are coming", "can you help", "help, coming"),
    *(
        "coming, need help",
        "they are coming to help me, help",
        "please help me to help",
    ),
    *("cannot come, need help", "my son needs help", "help help they are coming"),
    *("hjälp", "hjälp mig", "behöver hjälp", "hjälp de kommer", "hjälp polisen kommer"),
    *("беда", "помогите", "на помощь!", "нужна помощь", "помощь нужна", "беда, едут"),
    *("ayuda", "necesito ayuda", "ayuda viene la policia", "ayúdenme", "socorro"),
    *("à l'aide", "aidez-moi", "au secours", "j'ai besoin d'aide", "viens, à l'aide"),
    *("I will need help", "we could use help", "trying to get help", "here for help"),
    *("don't call need help", "I do really need help", "I need help?", "we need help?"),
    *("бегу за мной гонятся, на помощь", "мне нужна помощь?", "se necesita ayuda"),
    *("j'ai besoin d'aide?", "jag behöver hjälp?", "going to need help"),
    *("نجدة", "النجدة", "أحتاج مساعدة", "ساعدوني"),
)
AROUND = st.sampled_from(["", " ", ". ", "! ", "\n", " ?! ", " ... ", "\t"])


@pytest.mark.parametrize("text", COMES_TO_HELP)
def test_who_comes_to_help_is_coming_bug_it_raised_their_own_alarm(text: str) -> None:
    assert read_reply(f"K7F2 {text}").kind is COMING
    assert not calls_for_help(text, read_reply(text))


@pytest.mark.parametrize("text", [*NONE_NEEDED, *OF_OTHERS, *UNCLEAR])
def test_what_may_be_no_answer_is_shown_and_not_counted(text: str) -> None:
    """None is needed, another needs it, or somebody asks: a person reads it."""
    assert read_reply(f"K7F2 {text}").kind is None
    assert not calls_for_help(text, read_reply(text))


@pytest.mark.parametrize("text", CALLS)
def test_whoever_may_need_help_themselves_is_never_read_as_anything_else(
    text: str,
) -> None:
    for said in (text, text.upper(), f"K7F2 {text}", f"2 {text}", f"{text}. no puedo"):
        assert read_reply(said).kind is NEED_HELP, said
    assert calls_for_help(text, read_reply(text))


@pytest.mark.parametrize(
    "text", ["cannot help", "can't help, sorry", "no puedo ayudar"]
)
def test_who_cannot_help_cannot(text: str) -> None:
    assert read_reply(f"K7F2 {text}").kind is CANNOT


@given(st.sampled_from("123"), st.sampled_from([*NONE_NEEDED, *OF_OTHERS]), AROUND)
def test_a_number_counts_whatever_stands_beside_it_that_is_no_answer(
    number: str, text: str, around: str
) -> None:
    kind = list(ReplyKind)[int(number) - 1]
    assert read_reply(f"K7F2 {number} {text}{around}").kind is kind
    assert read_reply(f"{number}. K7F2 {around}{text}").kind is kind


@given(st.sampled_from([*COMES_TO_HELP]), AROUND, AROUND)
def test_a_number_and_who_comes_to_help_agree(text: str, one: str, two: str) -> None:
    assert read_reply(f"K7F2 1 {one}{text}{two}").kind is COMING
    assert read_reply(f"K7F2 2 {text}").kind is None, "a person reads what contradicts"


@given(
    st.sampled_from([*NONE_NEEDED, *OF_OTHERS, *UNCLEAR, *COMES_TO_HELP]),
    st.sampled_from([" ", ", ", ". ", " and ", "\n"]),
    st.sampled_from(
        [
            *("I need help", "help me", "send help", "jag behöver hjälp", "помогите"),
            *("мне нужна помощь", "necesito ayuda", "aidez-moi", "j'ai besoin d'aide"),
            *("ساعدوني", "أحتاج مساعدة"),
        ]
    ),
)
def test_who_says_it_of_themselves_is_heard_whatever_stands_around(
    other: str, between: str, call: str
) -> None:
    for said in (f"{other}{between}{call}", f"{call}{between}{other}"):
        assert read_reply(f"K7F2 {said}").kind is NEED_HELP, said
        assert calls_for_help(said, read_reply(said)), said


@given(
    st.lists(st.sampled_from([*NONE_NEEDED, *OF_OTHERS, *COMES_TO_HELP]), max_size=3)
)
def test_a_call_outweighs_all_that_is_said_before_it(texts: list[str]) -> None:
    said = ". ".join([*texts, "help me"])
    assert read_reply(f"K7F2 {said}").kind is NEED_HELP


def offered(language: str, template: str) -> list[str]:
    return [
        text.replace("{code}", "K7F2")
        for part in wording(language).text[template]
        for _, text in part.forms
        if "1" in text or "4" in text
    ]


@pytest.mark.parametrize("template", ["sos", "ask"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_text_sent_back_is_no_answer_and_one_beside_it_is(
    language: str, template: str
) -> None:
    """All of it quoted read as a call for help, since 3 stands in it."""
    for text in offered(language, template):
        assert read_reply(f"K7F2 {text}").kind is None, text
        assert read_reply(f"K7F2 2 > {text}").kind is CANNOT, text
        assert read_reply(f"K7F2 3\n{text}").kind is NEED_HELP, text


@pytest.mark.parametrize(
    "text", ["2 min", "3 km", "3 km away", "2 tim", "3 часа", "2 كم"]
)
def test_a_number_of_minutes_or_kilometres_is_no_answer(text: str) -> None:
    """Whoever was two minutes away counted as one who cannot come."""
    assert read_reply(f"K7F2 {text}").kind is None
    assert read_reply(f"K7F2 1 {text}").kind is COMING


@given(st.text())
def test_any_words_are_read(text: str) -> None:
    kinds, _ = meant(text)
    assert kinds <= {COMING, CANNOT, NEED_HELP}

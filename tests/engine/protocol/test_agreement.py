"""What a defender signs is told whole in each language, and in no other beside it."""

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.agreed import agreement, words
from engine.protocol.explain import agreed, explained, explanation, unreviewed
from engine.protocol.language import LANGUAGES, wording
from engine.protocol.model import ActionProtocol, Audience, CheckInPlan
from engine.protocol.said import Row, Said, Value, say
from engine.values import Signal
from tests.engine.protocol.every_sentence import SAMPLES, every_sentence
from tests.strategies import PROTOCOLS

OTHERS = [one for one in LANGUAGES if one != "en"]
DURATIONS = st.integers(0, 100_000).map(lambda s: timedelta(seconds=s))
PLANS = st.builds(
    CheckInPlan,
    answers=st.booleans(),
    warnings=st.lists(DURATIONS, max_size=3).map(tuple),
    grace=DURATIONS,
    button=st.none() | DURATIONS,
)


def keys(value: Value) -> Iterator[str]:
    """Yield every phrase in what is said."""
    if isinstance(value, Said):
        yield value.key
        for one in value.values.values():
            yield from keys(one)
    elif isinstance(value, Row):
        for one in value.items:
            yield from keys(one)


def forms(language: str, key: str) -> dict[str, str]:
    form = agreement(language).phrases[key]
    return {"": form} if isinstance(form, str) else dict(form)


def holes(form: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(form) if name}


def bare(protocol: ActionProtocol, language: str) -> str:
    """Return all sentences without names: of the file, its steps and channels."""
    parts = explained(protocol, language=language)
    text = "\n".join(one for part in parts for one in part)
    named = [step.id for step in protocol.steps] + [*protocol.never, "alder"]
    named += ["SMS", "SOS", "webhook"]
    for name in sorted(named, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", text)
    return text


def test_every_phrase_stands_in_every_language_filled_with_the_same() -> None:
    english = agreement("en").phrases
    for language in OTHERS:
        assert set(agreement(language).phrases) == set(english)
        for key in english:
            needed = set().union(*map(holes, forms("en", key).values()))
            said = forms(language, key)
            assert (set(said) == {""}) is (set(forms("en", key)) == {""}), key
            for category, form in said.items():
                spoken = {"n"} if category in {"one", "two"} else set[str]()
                assert needed - spoken <= holes(form) <= needed, (language, key)


def test_each_phrase_that_there_is_can_be_said_and_each_that_is_said_is_there() -> None:
    parts = [
        part
        for protocol in every_sentence()
        for stands_in in ("", "unknown", "hq_alone")
        for part in agreed(protocol, stands_in=stands_in)
    ]
    said = {key for part in parts for one in part for key in keys(one)}
    apart = {"page", "lists", "spans"}
    english = agreement("en").phrases
    assert said == {key for key in english if key.split(".")[0] not in apart}


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_a_file_agrees_is_told_whole_and_nothing_is_left_open(
    language: str,
) -> None:
    for protocol in every_sentence():
        said = explanation(protocol, language=language)
        assert not re.search(r"[{}]|\.\.|\w  \w|None", said)
        assert all(f"({step.id})." in said for step in protocol.steps)
        assert said.count(protocol.printed_digest) == 1


@given(
    st.sampled_from(LANGUAGES),
    PROTOCOLS,
    PLANS,
    st.frozensets(st.sampled_from(Signal)),
    st.lists(st.sampled_from(["sms", "x", *Audience]), max_size=4).map(tuple),
)
def test_no_action_protocol_breaks_the_telling_in_any_language(
    language: str,
    protocol: ActionProtocol,
    plan: CheckInPlan,
    triggers: frozenset[Signal],
    forbids: tuple[str, ...],
) -> None:
    """Whatever a name has in it, a brace of a phrase is filled."""
    steps = tuple(
        replace(
            step,
            channels=("sms", "x"),
            ladder=tuple(replace(rung, channel="x") for rung in step.ladder),
        )
        for step in protocol.steps
    )
    plain = replace(
        protocol,
        name="x",
        digest="0" * 64,
        never=("x",),
        forbids=forbids,
        check_in=plan,
        triggers=triggers,
        steps=steps,
    )
    assert not set("{}") & set(explanation(plain, language=language))
    assert [len(part) for part in explained(protocol, language=language)] == [
        len(part) for part in explained(protocol)
    ]


@pytest.mark.parametrize("language", ["ru", "ar"])
def test_no_latin_letter_is_left_in_another_script_but_in_names(language: str) -> None:
    for protocol in every_sentence():
        assert re.findall(r"[A-Za-z]+", bare(protocol, language)) == []


ENGLISH = {
    *("the", "and", "is", "are", "you", "your", "of", "it", "whoever", "told", "by"),
    *("has", "have", "been", "which", "with", "whether", "nobody", "where", "or"),
}


@pytest.mark.parametrize("language", OTHERS)
def test_no_english_word_is_left_in_another_language(language: str) -> None:
    for protocol in every_sentence():
        said = bare(protocol, language)
        assert not ENGLISH & set(re.findall(r"\w+", said.lower()))
    assert ENGLISH & set(re.findall(r"\w+", bare(SAMPLES["arrest"], "en").lower()))


THE_SAME = {
    "sv": {"page.title", "page.text", "voices.hq"},
    "fr": {"page.title", "channels.email", "spans.minute"},
    "ar": {"page.decimal"},
}
"""What is the same as in English because it is the same word."""


@pytest.mark.parametrize("language", OTHERS)
def test_no_phrase_was_left_as_the_english_one_has_it(language: str) -> None:
    english, own = agreement("en").phrases, agreement(language).phrases
    same = {
        key
        for key in english
        if own[key] == english[key] and not key.startswith("lists.")
    }
    names = {"channels.sms"}
    assert same - names == THE_SAME.get(language, set())


@pytest.mark.parametrize("language", OTHERS)
def test_what_a_message_will_say_is_quoted_as_it_will_stand_there(
    language: str,
) -> None:
    """Whoever signs that colleagues read a word must find that word in the message."""
    standing = words(say("promises.standing"), language)
    said = wording(language).words
    quoted = re.findall("[«”](.+?)[»”]", standing)
    assert [one.strip() for one in quoted] == [said["unconfirmed"], said["confirmed"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_nobody_has_reviewed_says_so_in_its_language_and_in_english(
    language: str,
) -> None:
    said = explanation(SAMPLES["arrest"], language=language, today=date(2100, 1, 1))
    english = words(say("page.unreviewed"), "en")
    marks = [words(say("page.unreviewed"), language), english]
    if language == "en":
        assert english not in said
        assert unreviewed("en", date(2020, 1, 1)) == [english]
    else:
        assert said.splitlines()[2:4] == marks


def test_only_the_english_sentences_are_reviewed() -> None:
    tables = [agreement(language) for language in LANGUAGES]
    assert [one.language for one in tables if one.is_reviewed] == ["en"]
    assert not any(one.reviewed_by for one in tables if not one.is_reviewed)


def test_a_language_that_there_is_not_is_no_english_in_silence() -> None:
    with pytest.raises(ValueError, match="no agreement in 'de'"):
        explanation(SAMPLES["arrest"], language="de")


def test_a_line_of_arabic_that_begins_with_a_latin_name_is_read_from_the_right() -> (
    None
):
    """The first letter decides from where a line is read: rule P2 of Unicode's."""
    said = explanation(SAMPLES["arrest"], language="ar")
    marked = [line for line in said.splitlines() if "\u200f" in line]
    assert len(marked) == 1
    assert marked[0].startswith("\u200fArrest")
    assert words(say("page.unreviewed"), "en") in said.splitlines()
    assert "\u200f" not in explanation(SAMPLES["arrest"], language="ru")

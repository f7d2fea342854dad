"""What is counted is said as each language counts."""

import re
from datetime import timedelta

import pytest
from babel import Locale

from engine.protocol.agreed import words
from engine.protocol.agreement_faults import PLURALS
from engine.protocol.language import LANGUAGES
from engine.protocol.said import say

MINUTE = timedelta(minutes=1)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_a_form_for_each_number_that_a_file_may_say(
    language: str,
) -> None:
    categories = {str(Locale(language).plural_form(n)) for n in range(1, 100_000)}
    assert categories == PLURALS[language]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1 minute|2 minutes|3 minutes|5 minutes|11 minutes|21 minutes"),
        ("sv", "1 minut|2 minuter|3 minuter|5 minuter|11 minuter|21 minuter"),
        ("ru", "1 минуту|2 минуты|3 минуты|5 минут|11 минут|21 минуту"),
        ("es", "1 minuto|2 minutos|3 minutos|5 minutos|11 minutos|21 minutos"),
        ("fr", "1 minute|2 minutes|3 minutes|5 minutes|11 minutes|21 minutes"),
        ("ar", "دقيقة واحدة|دقيقتين|3 دقائق|5 دقائق|11 دقيقة|21 دقيقة"),
    ],
)
def test_a_duration_has_the_plural_of_its_language(language: str, said: str) -> None:
    assert "|".join(words(n * MINUTE, language) for n in (1, 2, 3, 5, 11, 21)) == said


COUNTED = [
    ("ru", "spans.day", "1 день", "2 дня", "3 дня", "5 дней", "11 дней", "21 день"),
    ("ru", "spans.hour", "1 час", "2 часа", "3 часа", "5 часов", "11 часов", "21 час"),
    ("ru", "promises.force_needs", "нужен 1 человек", "нужны 2 человека"),
    (
        *("ru", "step.wider_more", "1 человека", "2 человека", "3 человека"),
        *("5 человек", "11 человек", "21 человека", "100 человек"),
    ),
    (
        *("ru", "who.nearest", "1 ближайшему коллеге", "2 ближайшим коллегам"),
        *("3 ближайшим", "5 ближайшим", "11 ближайшим", "21 ближайшему коллеге"),
        "100 ближайшим коллегам",
    ),
    (
        *("ar", "spans.day", "يوم واحد", "يومين", "3 أيام", "5 أيام", "11 يوما"),
        *("21 يوما", "100 يوم"),
    ),
    (
        *("ar", "step.wider_more", "شخص واحد", "شخصان", "3 أشخاص", "5 أشخاص"),
        *("11 شخصا", "21 شخصا", "100 شخص"),
    ),
    (
        *("ar", "who.nearest", "زميل", "زميلين", "3 زملاء", "5 زملاء", "11 زميلا"),
        *("21 زميلا", "100 زميل"),
    ),
]


@pytest.mark.parametrize("row", COUNTED, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_is_counted_has_the_plural_of_its_language(row: tuple[str, ...]) -> None:
    language, key, *said = row
    for n, form in zip((1, 2, 3, 5, 11, 21, 100), said, strict=False):
        assert re.search(rf"(?<!\w){form}(?!\w)", words(say(key, n=n), language)), n


def test_what_is_counted_once_is_said_so_in_english_bug_of_have_and_1_times() -> None:
    near = words(say("who.nearest_within", n=1, km=2.0), "en")
    assert near == "the nearest colleague within 2 km who has not been told yet is"
    again = words(say("step.again_rounds", n=1, every=MINUTE), "en")
    assert again == "; again every 1 minute, 1 time in all"


def test_a_distance_has_the_decimal_mark_of_its_language() -> None:
    said = [words(1.5, language) for language in ("en", "sv", "ru", "es", "fr", "ar")]
    assert said == ["1.5", "1,5", "1,5", "1,5", "1,5", "1.5"]


@pytest.mark.parametrize(
    ("number", "english", "swedish"),
    [
        (300.0, "300", "300"),
        (1_000_000.0, "1000000", "1000000"),
        (1_234.567, "1234.567", "1234,567"),
        (0.5, "0.5", "0,5"),
        (0.0, "0", "0"),
    ],
)
def test_a_distance_is_said_in_all_its_digits_bug_a_million_was_1e06(
    number: float, english: str, swedish: str
) -> None:
    assert (words(number, "en"), words(number, "sv")) == (english, swedish)

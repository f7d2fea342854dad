"""No text is misread where a telephone puts its words from the other side.

A telephone shows a text from left to right or from right to left, by its own setting
or by the first letter (Unicode Standard Annex 9). python-bidi says what its reader
sees then, from left to right.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from bidi import get_display
from msgspec import structs

from engine.protocol.language import LANGUAGES, templates, wording
from engine.protocol.texts import TextFacts, age
from tests.engine.protocol.test_texts import HERON, RECIPIENTS, fitted
from tests.engine.protocol.test_texts_fit import NOT_BY_SMS
from tests.fakes import START

LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"
BASES = ("L", "R")
WEST = {"lat_deg": -12.0464, "lon_deg": -76.5028}
ANSWERED = ("sos", "again", "ask")


def shown(line: str, base: str) -> str:
    """Return one line as it stands on the screen, from left to right."""
    return str(get_display(line, base_dir=base)).replace(LEFT_TO_RIGHT_MARK, "")


def either_way(words: str) -> list[str]:
    """Return words as they may stand: an Arabic word is read from the right."""
    return [shown(words, base) for base in BASES]


def facts_of(language: str) -> Iterator[TextFacts]:
    """Yield places and ages in each form."""
    sign = next(one.sign for one in RECIPIENTS if one.language.value == language)
    near = structs.replace(HERON, sign=sign, signals=("removed",), **WEST)
    yield near
    yield structs.replace(near, distance_m=3_400.0, doubts=("unknown_device",))
    yield structs.replace(near, place_at=START.plus(timedelta(minutes=-61)))
    yield structs.replace(near, doubted=True, manner="quiet", mark="exercise")
    yield structs.replace(near, declared="Lima", place_at=None, accuracy_m=9e3)
    yield structs.replace(near, move=(1_200.0, "south_west"))


def texts(language: str) -> Iterator[tuple[str, TextFacts, str]]:
    for template in sorted(templates() - NOT_BY_SMS):
        for facts in facts_of(language):
            yield template, facts, fitted(template, language, facts)


def test_without_a_mark_a_negative_longitude_would_be_misread() -> None:
    """This is what was seen; it says that these tests can fail."""
    assert shown("؟-12.0464,-76.5028 5د", "R").startswith("د5 76.5028-")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_coordinates_keep_their_order_and_their_signs(language: str, base: str) -> None:
    point = re.compile(r"-?\d+\.\d+,-?\d+\.\d+")
    for template, _, text in texts(language):
        for line in text.split("\n"):
            for found in point.findall(line):
                assert found in shown(line, base), (template, line)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_answer_stands_on_a_line_of_its_own_digit_first(
    language: str, base: str
) -> None:
    for template, facts, text in texts(language):
        if template not in ANSWERED:
            continue
        answers = re.findall(r"^[1-6] ?[^\d\n]+$", text, re.MULTILINE)
        if not answers:
            assert facts.mark or re.search(r"1/2/3|1-3|4-6", text), text
            continue
        digits = "456" if template == "ask" else "123"
        assert "".join(line[0] for line in answers) == digits, text
        for line in answers:
            seen = shown(line, base)
            assert len(re.findall(r"\d", seen)) == 1, (facts.code, seen)
            assert line[0] in (seen[0], seen[-1]), "at an end, beside no other word"


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_stands_beside_its_unit_and_a_code_in_one_piece(
    language: str, base: str
) -> None:
    table = wording(language)
    for template, facts, text in texts(language):
        since = facts.place_at or facts.pressed_at
        wholes = [age(since, language, START, is_short=one) for one in (True, False)]
        if facts.distance_m is not None:
            wholes.append(table.words["range"].format(n=3, unit=table.words["km"]))
        wholes.append(facts.code)
        for line in text.split("\n"):
            for whole in wholes:
                if whole in line:
                    seen = shown(line, base)
                    ways = either_way(whole)
                    assert any(one in seen for one in ways), (template, line, seen)

"""A file of words that would break or mangle a text is found, with line and cure."""

import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.protocol.findings import Fault
from engine.protocol.language import LANGUAGES, wording
from engine.protocol.lint import lint
from engine.protocol.parse import load_named
from engine.protocol.wording_faults import check_wordings, faults_in

FOLDER = resources.files("engine.protocol.wording")
ENGLISH = (FOLDER / "en.toml").read_bytes()
SWEDISH = (FOLDER / "sv.toml").read_text(encoding="utf-8")


def found(text: str) -> list[str]:
    return [str(one) for one in faults_in(text.encode(), "sv", ENGLISH)]


def with_line(key: str, line: str) -> str:
    """Return the Swedish file with another line in place of a key's."""
    changed, count = re.subn(rf"(?m)^{key} = .*$", lambda _: line, SWEDISH)
    assert count == 1
    return changed


def line_of(key: str) -> int:
    lines = SWEDISH.splitlines()
    return next(n for n, one in enumerate(lines, 1) if one.startswith(f"{key} ="))


def test_the_files_that_ship_with_the_engine_are_sound() -> None:
    check_wordings()


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ('stop = [[1, "{allias}: slut"]]', "no fact {allias}; did you mean 'alias'"),
        ('stop = [[1, "{alias: slut"]]', "a brace stands alone"),
        ('stop = [[1, "alias}: slut"]]', "a brace stands alone"),
        ('stop = [[1, "{alias.x}: slut"]]', "no fact {alias.x}"),
        ('stop = [[1, "{alias:>400}: slut"]]', "nothing but the fact's name"),
        ('stop = [[1, "{}: slut"]]', "no fact {}"),
        ('stop = [["{alias}: slut"]]', "a priority before each text"),
        ('stop = [[1, "{alias}"], []]', "part 2: a priority before each text"),
        ('stop = [[2, "{alias} slut", 7, "{alias}"]]', "none above the one before"),
        ('stop = "{alias}"', "a row of parts"),
        ("stop = [[1, 7]]", "write it in quotation marks"),
        ('stop = [[1, "{alias}\\tslut"]]', "a control character (U+0009)"),
        ('stop = [[1, "{alias}\\u200b slut"]]', "nobody sees (U+200B); take it out"),
        ('stop = [[1, "\\u202e{alias} slut"]]', "nobody sees (U+202E); take it out"),
        ('stop = [[1, "{alias}\\u00a0slut"]]', "no plain one (U+00A0)"),
        ('stop = [[1, "{alias} \\U0001f198"]]', "takes two places of an SMS"),
    ],
)
def test_a_text_that_cannot_be_filled_or_read_is_found(line: str, cure: str) -> None:
    """It raised while an alarm was decided, or went out as it stood."""
    said = found(SWEDISH.replace(SWEDISH.splitlines()[text_line() - 1], line))
    assert len(said) == 1
    assert said[0].startswith(f"sv.toml:{text_line()}: text.stop: ")
    assert cure in said[0]


def text_line() -> int:
    lines = SWEDISH.splitlines()
    return next(n for n, one in enumerate(lines, 1) if one.startswith("stop = [["))


@pytest.mark.parametrize(
    ("key", "line", "cure"),
    [
        (
            "minutes",
            'minutes = "min sedan"',
            "is filled with nothing; it has to be {n}",
        ),
        ("minutes", 'minutes = "{m} min"', "is filled with {m}; it has to be {n}"),
        ("confirmed", 'confirmed = "{n}"', "it has to be nothing"),
        ("decimals", "decimals = 70", "a number from 0 to 7"),
        ("is_latin", 'is_latin = "ja"', "true or false"),
        ("confirmed", "confirmed = true", "write it in quotation marks"),
    ],
)
def test_a_word_that_loses_its_number_is_found(key: str, line: str, cure: str) -> None:
    (said,) = found(with_line(key, line))
    assert said.startswith(f"sv.toml:{line_of(key)}: words.{key}: ")
    assert cure in said


def test_a_word_that_is_missing_or_misspelt_is_found_with_what_was_meant() -> None:
    missing, meant = found(with_line("confirmed", 'confirmd = "ja"'))
    assert "words.confirmed: is missing; translate it from en.toml" in missing
    assert "words.confirmd: en.toml has none of that name" in meant
    assert "confirmed" in meant


def test_a_file_in_another_encoding_names_the_line() -> None:
    data = SWEDISH.encode("latin-1")
    (said,) = faults_in(data, "sv", ENGLISH)
    assert "is not UTF-8 there; save it as UTF-8" in str(said)
    assert said.line is not None
    assert not SWEDISH.splitlines()[said.line - 1].isascii()


def test_the_mark_that_windows_editors_write_is_no_fault() -> None:
    assert found("\ufeff" + SWEDISH) == []


def test_a_text_that_is_broken_in_two_lines_or_quoted_by_a_word_processor() -> None:
    (broken,) = found(with_line("confirmed", 'confirmed = "Be\nkr"'))
    (curly,) = found(with_line("confirmed", "confirmed = \u201cBekr\u201d"))
    for said in (broken, curly):
        assert said.startswith(f"sv.toml:{line_of('confirmed')}: TOML: ")
        assert "in straight quotation marks" in said


@pytest.mark.parametrize(
    ("line", "key", "cure"),
    [
        ('reviewed_on = "2026-02-30"', "reviewed_on", "is no date"),
        ("reviewed_on = 2026-02-03", "reviewed_on", "write it in quotation marks"),
        ('reviewed_on = "2026-02-03"', "reviewed_by", "a review takes both"),
        ("reviewed_text = 1", "reviewed_text", "write it in quotation marks"),
    ],
)
def test_a_review_that_nobody_can_be_asked_about_is_found(
    line: str, key: str, cure: str
) -> None:
    said = found(with_line(line.split(maxsplit=1)[0], line))
    assert [one for one in said if f": {key}: " in one and cure in one]


def test_every_fault_of_every_file_is_told_a_missing_one_too(tmp_path: Path) -> None:
    for language in LANGUAGES:
        text = (FOLDER / f"{language}.toml").read_text(encoding="utf-8")
        (tmp_path / f"{language}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "fr.toml").unlink()
    swedish = with_line("minutes", 'minutes = "min"')
    (tmp_path / "sv.toml").write_text(swedish, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        check_wordings(tmp_path)
    assert [one.file for one in caught.value.each] == ["sv.toml", "fr.toml"]


def test_a_review_of_a_day_that_has_not_come_is_none() -> None:
    protocol = load_named(Path("standard"))
    said = [
        one.words
        for one in lint(protocol, today=date(2020, 1, 1))
        if one.fault is Fault.UNREVIEWED
    ]
    on = wording("en").reviewed_on
    assert f"the texts in 'en' are used and not reviewed: {on} has not" in said[0]

"""A file of sentences that lacks one, or a number, is found before anything is told."""

import re
from importlib import resources
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.protocol.agreement_faults import check_agreements, faults_in
from engine.protocol.language import LANGUAGES

FOLDER = resources.files("engine.protocol.agreement")
ENGLISH = (FOLDER / "en.toml").read_bytes()


def said_in(language: str) -> str:
    return (FOLDER / f"{language}.toml").read_text(encoding="utf-8")


RUSSIAN = said_in("ru")


def found(text: str) -> list[str]:
    return [str(one) for one in faults_in(text.encode(), "ru", ENGLISH)]


def with_line(key: str, line: str) -> str:
    """Return the Russian file with another line in place of a key's first."""
    changed, count = re.subn(rf"(?m)^{key} = .*$", lambda _: line, RUSSIAN, count=1)
    assert count == 1
    return changed


def test_the_files_that_ship_with_the_engine_are_sound() -> None:
    check_agreements()


@pytest.mark.parametrize(
    ("key", "line", "cure"),
    [
        ("fresh", 'fresh = "Старое."', "filled with nothing; it has to be {fresh}"),
        ("fresh", 'fresh = "{x} {fresh}"', "with {fresh}, {x}; it has to be {fresh}"),
        ("fresh", 'fresh = "{fresh"', "a brace stands alone"),
        ("fresh", 'fresh = "{fresh:>9}"', "nothing but the fact's name"),
        ("fresh", 'fresh = ""', "says nothing; translate it from en.toml"),
        ("fresh", 'fresh = "{fresh}\\u200b"', "nobody sees (U+200B)"),
        ("fresh", "fresh = 7", "write it in quotation marks"),
        ("fresh", 'fresh = {one = "{fresh}"}', "it counts nothing"),
        ("day", 'day = "{n} дней"', "a form for each of few, many, one"),
        ("day", 'day = {one = "{n}", other = "{n}"}', "a form for each of few, many"),
        (
            "day",
            'day = {one = "день", few = "дня", many = "{n}"}',
            "few: 'дня' is filled with nothing; it has to be {n}",
        ),
        (
            "day",
            'day = {one = "день", few = 3, many = "{n}"}',
            "few: write it in quotation marks",
        ),
    ],
)
def test_a_sentence_that_cannot_be_said_is_found(
    key: str, line: str, cure: str
) -> None:
    lines = RUSSIAN.splitlines()
    number = next(n for n, one in enumerate(lines, 1) if one.startswith(f"{key} ="))
    told = [one for one in found(with_line(key, line)) if cure in one]
    assert told
    assert told[0].startswith(f"agreement/ru.toml:{number}: ")


def test_a_sentence_that_is_missing_or_misspelt_is_found_with_what_was_meant() -> None:
    missing, meant = found(with_line("fresh", 'frehs = "{fresh}"'))
    assert "rules.fresh: is missing; translate it from en.toml" in missing
    assert "rules.frehs: en.toml has none of that name" in meant
    assert "fresh" in meant


def test_a_table_that_is_missing_or_misspelt_is_found() -> None:
    said = found(RUSSIAN.replace("[voices]", "[voice]"))
    assert any("voice: no such table" in one and "voices" in one for one in said)
    assert any("voices: is missing; take it over from en.toml" in one for one in said)


def test_every_fault_of_every_file_is_told_a_missing_one_too(tmp_path: Path) -> None:
    for language in LANGUAGES:
        path = tmp_path / f"{language}.toml"
        path.write_text(said_in(language), encoding="utf-8")
    (tmp_path / "fr.toml").unlink()
    broken = with_line("loud", 'loud = ""')
    (tmp_path / "ru.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        check_agreements(tmp_path)
    files = [one.file for one in caught.value.each]
    assert files == ["agreement/ru.toml", "agreement/fr.toml"]

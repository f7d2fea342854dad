"""`natalia protocol explain --language`: nobody signs what they cannot read."""

import json
import os
import subprocess
import sys

import pytest

from engine.cli.protocol import Language
from engine.protocol.explain import unreviewed
from engine.protocol.language import LANGUAGES
from tests.engine.cli.services import natalia

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
EXPLAIN = ("protocol", "explain", "arrest")


def ran(*words: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Run the command line as a process of its own."""
    command = [sys.executable, "-m", "engine", *EXPLAIN, *words]
    given = {**os.environ, "PYTHONUTF8": "1", **environment}
    return subprocess.run(command, capture_output=True, env=given, check=False)


def test_a_process_tells_it_in_the_language_that_was_asked_for() -> None:
    done = ran("--language", "ru")
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("utf-8")
    assert "1. Сразу после поднятия тревоги: штабу отправляют сообщение" in said
    assert "This is what happens" not in said
    assert " и согласовано: ____" in said.splitlines()[-1]


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    done = ran("--language", "de")
    assert (done.returncode, done.stdout) == (2, b"")
    told = done.stderr.decode("utf-8")
    assert "'--language'" in told
    assert "'de' is not one of 'en', 'sv', 'ru', 'es', 'fr', 'ar'" in told


def test_letters_that_the_output_has_not_are_refused_with_a_cure() -> None:
    """It ended with a traceback."""
    done = ran("--language", "ar", PYTHONUTF8="0", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stdout) == (3, b"")
    told = done.stderr.decode("latin-1")
    assert told.count("\n") == 1
    assert "has not all letters of 'ar'; print UTF-8: set PYTHONUTF8=1" in told


def test_the_command_speaks_every_language_that_the_messages_speak() -> None:
    assert tuple(one.value for one in Language) == LANGUAGES


def test_the_digest_that_is_signed_is_the_same_in_every_language(
    patch: Patch, out: Output
) -> None:
    """The last word of a page is its date, and the one before the text's digest."""
    digests = set()
    for language in LANGUAGES:
        assert natalia(patch, *EXPLAIN, "--language", language) == 0
        line = out.readouterr().out.splitlines()[-3]
        digests.add(line.rsplit(": ", maxsplit=1)[-1])
    assert natalia(patch, *EXPLAIN, "--json") == 0
    assert digests == {json.loads(out.readouterr().out)["text"]}


def test_without_a_language_it_is_english_and_as_it_was(
    patch: Patch, out: Output
) -> None:
    assert natalia(patch, *EXPLAIN) == 0
    plain = out.readouterr().out
    assert natalia(patch, *EXPLAIN, "--language", "en") == 0
    assert out.readouterr().out == plain
    assert plain.startswith("Arrest, version 2\n\nThis is what happens when you press")
    assert "NOT REVIEWED" not in plain


@pytest.mark.parametrize("language", LANGUAGES)
def test_json_has_the_language_and_whether_its_words_are_reviewed(
    patch: Patch, out: Output, language: str
) -> None:
    assert natalia(patch, *EXPLAIN, "--json", "--language", language) == 0
    told = json.loads(out.readouterr().out)
    assert told["language"] == language
    assert told["is_reviewed"] is (language == "en")
    assert told["unreviewed"] == unreviewed(language)
    assert natalia(patch, *EXPLAIN, "--language", language) == 0
    page = out.readouterr().out
    assert all(one["words"] in page for one in told["steps"])
    assert all(line in page for line in told["unreviewed"])

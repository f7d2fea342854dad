"""An end is told from whatever else a telephone gets, in every language."""

import pytest

from adapters.demo.ended import said_of_the_end
from engine.protocol.language import LANGUAGES, wording


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_other_text_and_no_repeat_begins_as_an_end_does(language: str) -> None:
    said = said_of_the_end(language, "K7F2", "Heron")
    assert said.startswith("K7F2 Heron")
    words = wording(language)
    for kind, parts in words.text.items():
        for _, form in parts[0].forms:
            bare = form.replace("{code}", "K7F2").replace("{alias}", "Heron")
            assert bare.startswith(said) == (kind == "stop"), kind
    for mark in (words.words["repeat"], words.words["repeat_short"]):
        assert not f"{mark} {said}".startswith(said)


def test_hq_reads_of_the_end_without_a_code() -> None:
    assert said_of_the_end("en", "", "Heron") == "Heron: the alarm has ended at HQ"

"""What is read at an address that has no code: HQ's e-mail, say."""

import pytest
from msgspec import structs

from engine.protocol.language import LANGUAGES
from engine.protocol.texts import compose
from tests.engine.protocol.test_texts import CODE, HERON
from tests.fakes import START


@pytest.mark.parametrize("template", ["stop", "moved", "page", "ask", "sos"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_no_code_reads_whom_it_is_about_bug_hq_read_nothing_more_to_do(
    template: str, language: str
) -> None:
    """HQ's mail of an end was its second sentence, and nothing else."""
    moved = structs.replace(HERON, move=(400.0, "north_east"))
    coded = compose(template, language, moved, now=START)
    bare = compose(
        template, language, structs.replace(moved, code="", sign=""), now=START
    )
    first = coded[0].text.replace(f"{CODE} ", "")
    assert bare[0].text == first
    assert "Heron" in first
    assert CODE not in "".join(one.text for one in bare)


def test_what_has_neither_code_nor_alias_says_nothing_of_either() -> None:
    nobody = structs.replace(HERON, code="", alias="")
    for template in ("stop", "moved"):
        text = "".join(one.text for one in compose(template, "en", nobody, now=START))
        assert "ended" not in text

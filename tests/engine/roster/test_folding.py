"""Words are compared by what they say, not by how they are typed."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.folding import fold_word, folded


def test_case_and_width_of_letters_do_not_count() -> None:
    assert fold_word("\uff23\uff25\uff24\uff21\uff32\uff17") == fold_word("Cedar7")


@pytest.mark.parametrize(
    ("agreed", "typed"),
    [
        ("s\u00f3lo", "Solo"),
        ("\u0131\u015f\u0131k", "I\u015f\u0131k"),
        ("ilkbahar", "\u0130lkbahar"),
        (
            "\u0431\u0435\u0440\u0451\u0437\u0430",
            "\u0411\u0435\u0440\u0435\u0437\u0430",
        ),
        ("\u0623\u0645\u0627\u0646", "\u0627\u0645\u0627\u0646"),
        ("\u0648\u0631\u062f\u0629", "\u0648\u064e\u0631\u062f\u0629"),
        (
            "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("g\u0142os", "Glos"),
        ("\u0623\u0645\u0627\u0646", "\u0627\u0645\u0640\u0640\u0627\u0646"),
    ],
    ids=[
        "spanish",
        "capital",
        "dotted",
        "russian",
        "hamza",
        "vowel",
        "joiner",
        "polish",
        "stretched",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_word_is_known_as_a_telephone_writes_it_bug_force_passed_unheard(
    agreed: str, typed: str, form: Literal["NFC", "NFD"]
) -> None:
    assert fold_word(unicodedata.normalize(form, typed)) == fold_word(agreed)


def test_letters_that_differ_make_words_that_differ() -> None:
    assert (
        len(folded(["maple", "mapel", "\uac00\ub098", "\uac00\ub108", "\u2019"])) == 5
    )


def test_words_that_are_compared_as_one_are_one() -> None:
    assert folded(["Maple", "MAPLE", "cedar7"]) == {"maple", "cedar7"}


@given(st.lists(st.text(max_size=16)))
def test_each_word_of_many_is_folded_as_by_itself(words: list[str]) -> None:
    assert folded(words) == {fold_word(word) for word in words}

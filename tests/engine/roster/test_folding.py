"""Words are compared by what they say, not by how they are typed."""

from hypothesis import given
from hypothesis import strategies as st

from engine.roster.folding import fold_word, folded


def test_case_and_width_of_letters_do_not_count() -> None:
    assert fold_word("\uff23\uff25\uff24\uff21\uff32\uff17") == fold_word("Cedar7")


def test_words_that_are_compared_as_one_are_one() -> None:
    assert folded(["Maple", "MAPLE", "cedar7"]) == {"maple", "cedar7"}


@given(st.lists(st.text(max_size=16)))
def test_each_word_of_many_is_folded_as_by_itself(words: list[str]) -> None:
    assert folded(words) == {fold_word(word) for word in words}

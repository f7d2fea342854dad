"""How an agreed word is compared with what somebody wrote. Pure."""

import unicodedata
from collections.abc import Iterable


def fold_word(word: str) -> str:
    """Return a word as it is compared: case and width of letters do not count."""
    return unicodedata.normalize("NFKC", word).casefold()


def folded(words: Iterable[str]) -> frozenset[str]:
    """Return words as they are compared."""
    return frozenset(map(fold_word, words))

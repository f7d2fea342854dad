"""How an agreed word is compared with what somebody wrote. Pure."""

import unicodedata
from collections.abc import Iterable

# Letters of their own to Unicode, and to a telephone that writes plain ones.
_PLAIN = str.maketrans({"\u0131": "i", "\u0142": "l", "\u0111": "d"})
_SEPARATOR = "\u200b"
_STRETCH = "\u0640"
"""It makes an Arabic word longer, and is a letter to Unicode."""


def fold_word(word: str) -> str:
    """Return a word as it is compared: case, width and accents do not count.

    Many telephones leave accents out, since they would make a short message dearer, or
    begin it with a capital that is another letter in small: the Turkish dotted I.
    """
    if word.isascii():
        return word.casefold()
    folded = unicodedata.normalize("NFKC", word).casefold()
    apart = unicodedata.normalize("NFKD", folded)
    plain = "".join(char for char in apart if not is_silent(char))
    return unicodedata.normalize("NFC", plain).translate(_PLAIN)


def is_silent(char: str) -> bool:
    """Say whether a character is no letter of a word in which it stands.

    Accents and vowel marks that stand by themselves, joiners, soft hyphens, marks of
    direction, what stretches a word; not the blank that has no width.
    """
    if char in {_SEPARATOR, _STRETCH}:
        return char == _STRETCH
    return unicodedata.category(char) in {"Mn", "Cf"}


def folded(words: Iterable[str]) -> frozenset[str]:
    """Return words as they are compared."""
    return frozenset(map(fold_word, words))

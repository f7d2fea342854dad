"""The two words that a person agrees with HQ: one when safe, one when forced. Pure.

Never in a message of ours, nor on any screen: whoever reads our SMS on a seized
telephone must not learn them.
"""

from collections.abc import Iterable

from engine.roster.folding import fold_word, is_silent
from engine.roster.model import Person, Roster, Word

WORD_LENGTH_MIN = 4
WORD_LENGTH_MAX = 16
MASK = "[word]"


def word_fault(word: str) -> str | None:
    """Say what is wrong with a word; None where nothing is. Digits make a PIN."""
    if not WORD_LENGTH_MIN <= len(word) <= WORD_LENGTH_MAX:
        return f"must have {WORD_LENGTH_MIN} to {WORD_LENGTH_MAX} letters or digits"
    if not word.isalnum():
        return "must be one word of letters and digits"
    return None


def word_in(text: str, person: Person) -> Word | None:
    """Return which of a person's words stands in a text; force outweighs safety."""
    said = set(_folded(text))
    for kind, word in (
        (Word.DURESS, person.duress_word),
        (Word.SAFE, person.safe_word),
    ):
        if word and fold_word(word) in said:
            return kind
    return None


def forced_speaker(text: str, people: Iterable[Person]) -> Person | None:
    """Return whose word of force stands in a text, from whatever number it came."""
    said = set(_folded(text))
    return next(
        (
            person
            for person in people
            if person.duress_word and fold_word(person.duress_word) in said
        ),
        None,
    )


def mask(text: str, roster: Roster, by: str = MASK) -> str:
    """Return a text fit to be shown: the words of everybody are replaced."""
    secret = roster.secret_words
    return "".join(by if fold_word(part) in secret else part for part in _parts(text))


def _folded(text: str) -> Iterable[str]:
    return (fold_word(part) for part in _parts(text) if part[:1].isalnum())


def _parts(text: str) -> list[str]:
    """Cut a text into words and what stands between them; joined, it is the text."""
    parts: list[str] = []
    in_word = False
    for char in text:
        is_word = in_word if is_silent(char) else char.isalnum()
        if parts and is_word is in_word:
            parts[-1] += char
        else:
            parts.append(char)
        in_word = is_word
    return parts

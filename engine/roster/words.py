"""The two words that a person agrees with HQ: one when safe, one when forced. Pure.

Never in a message of ours, nor on any screen: whoever reads our SMS on a seized
telephone must not learn them.
"""

from collections.abc import Iterable, Iterator

from engine.roster.folding import fold_word, is_silent
from engine.roster.model import Person, Roster, Word

WORD_LENGTH_MIN = 4
WORD_LENGTH_MAX = 16
MASK = "[word]"
_ANSWERS = range(1, 7)
_CODE_LENGTH = 4


def word_fault(word: str) -> str | None:
    """Say what is wrong with a word; None where nothing is. Digits make a PIN."""
    if not WORD_LENGTH_MIN <= len(word) <= WORD_LENGTH_MAX:
        return f"must have {WORD_LENGTH_MIN} to {WORD_LENGTH_MAX} letters or digits"
    if not word.isalnum():
        return "must be one word of letters and digits"
    return None


def word_in(text: str, person: Person) -> Word | None:
    """Return which of a person's words stands in a text; force outweighs safety."""
    duress, safe = map(fold_word, (person.duress_word, person.safe_word))
    words = frozenset(filter(None, (duress, safe)))
    said = {found for part in _parts(text) if (found := _word_of(part, words))}
    if duress in said:
        return Word.DURESS
    return Word.SAFE if safe in said else None


def forced_speaker(text: str, people: Iterable[Person]) -> Person | None:
    """Return whose word of force stands in a text, from whatever number it came."""
    said = [part for part in _parts(text) if part[0].isalnum()]
    plain = {fold_word(part) for part in said}
    bare = {fold_word(part[at:]) for part in said for at in _begins(part)}
    for person in people:
        word = fold_word(person.duress_word)
        if word and (word in plain or (word in bare and _is_forced(text, person))):
            return person
    return None


def _is_forced(text: str, person: Person) -> bool:
    return word_in(text, person) is Word.DURESS


def mask(text: str, roster: Roster, by: str = MASK) -> str:
    """Return a text fit to be shown: the words of everybody are replaced."""
    secret = roster.secret_words
    return "".join(_masked(part, secret, by) for part in _parts(text))


def _masked(part: str, secret: frozenset[str], by: str) -> str:
    at = _word_at(part, secret)
    if at is None:
        return part
    return f"{part[:at]} {by}" if at else by


def _word_of(part: str, words: frozenset[str]) -> str | None:
    """Return which of these words a part is, as it is compared."""
    at = _word_at(part, words)
    return None if at is None else fold_word(part[at:])


def _word_at(part: str, words: frozenset[str]) -> int | None:
    """Return where one of these words begins, to the end of a part."""
    return next(
        (at for at in (0, *_begins(part)) if fold_word(part[at:]) in words), None
    )


def _begins(part: str) -> Iterator[int]:
    """Yield where a word may begin behind what stands before it with no blank.

    An answer, a code, or both: `1maple`, `K7F2maple`, `K7F21maple`. Of digits alone
    none is either.
    """
    behind_code = _CODE_LENGTH if _is_code(part[:_CODE_LENGTH]) else 0
    for at in {behind_code, behind_code + 1, 1} - {0}:
        is_answer = at == behind_code or _is_answer(part[at - 1 : at])
        if is_answer and part[at:].lstrip(_silent_in(part))[:1].isalpha():
            yield at


def _is_answer(char: str) -> bool:
    return char.isdecimal() and int(char) in _ANSWERS


def _is_code(said: str) -> bool:
    """Say whether it may be the code of an alarm; which they are intake knows."""
    is_one = len(said) == _CODE_LENGTH and said.isalnum() and said[0].isalpha()
    return is_one and any(map(str.isdecimal, said))


def _silent_in(part: str) -> str:
    return "".join(filter(is_silent, part))


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

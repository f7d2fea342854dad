"""What a recipient's SMS says: a code, an answer, in any of our languages. Pure.

People write as they can: with Arabic digits, with Cyrillic letters that look
Latin, in their own words. Nothing is ever refused; what is not understood is
shown to HQ.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from engine.alarm.state import ReplyKind
from engine.intake.meanings import TEXT_MAX, meant
from engine.protocol.language import LANGUAGES, wording

# No 0, 1, 5, I, L, O, S, Z: read aloud or badly printed they are another's twin.
LETTERS = "ABCDEFGHJKMNPQRTUVWXY"
DIGITS = "2346789"
# Four characters that begin with a letter and have a digit: half a million of them,
# and none that is a word. The answer may follow without a blank: K7F21.
CODE = re.compile(
    rf"\b([{LETTERS}](?=[{LETTERS}]*[{DIGITS}])[{LETTERS}{DIGITS}]{{3}})(?=[1-6]?\b)"
)
# Cyrillic capitals that look like these Latin letters and digits.
_LOOKALIKES = str.maketrans(
    "\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425",
    "ABE3KMHOPCTYX",
)
# What stands for each part of a long message that never came: nobody's digits.
_HOLE = re.compile(r"\[\d{1,3}/\d{1,3} missing\]")
_BY_HALVES = frozenset({ReplyKind.CANNOT, ReplyKind.NEED_HELP, ReplyKind.REAL})
"""What counts though a part may say otherwise: it has nobody stay away."""

_UNITS = (
    *("km", "m", "min", "mins", "minutes?", "minuter", "h", "hours?", r"tim(?:mar?)?"),
    *("км", "м", r"мин\w*", "ч", r"час\w*", "minutos?", "horas?", "heures?"),
    *("كم", "د", "دقيقة", "دقائق", "س", "ساعة", "ساعات"),
)
_QUANTITY = re.compile(rf"(?<!\d)\d+ ?(?:{'|'.join(_UNITS)})(?!\w)", re.IGNORECASE)
_LONE = re.compile(r"(?<!\d)([123])(?!\d)")
_NUMBERS = {"1": ReplyKind.COMING, "2": ReplyKind.CANNOT, "3": ReplyKind.NEED_HELP}
# What somebody knows of the alarm. Much hangs on it: "5 min" is no verdict, and number
# or word count only where nothing but the other stands beside them.
_ROOM = re.compile(r"\W+")
_VERDICTS = {"4": ReplyKind.REAL, "5": ReplyKind.FALSE, "6": ReplyKind.SAFE}
_VERDICT_WORDS: tuple[tuple[ReplyKind, tuple[str, ...]], ...] = (
    (
        ReplyKind.REAL,
        ("real", "true", "sant", "äkta", "правда", "verdad", "vrai", "réel", "حقيقي"),
    ),
    (
        ReplyKind.FALSE,
        (
            "false",
            "falskt",
            "ложная",
            "ложь",
            "falsa",
            "falso",
            "faux",
            "fausse",
            "كاذب",
        ),
    ),
    (
        ReplyKind.SAFE,
        ("safe", "trygg", "в безопасности", "a salvo", "en sécurité", "بأمان"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was understood; None where it was not."""

    code: str | None
    kind: ReplyKind | None


def read_reply(text: str) -> Reply:
    """Read an answer such as `K7F2 1`; total on any text.

    Of one with a hole nothing counts by which fewer people come.
    """
    folded = _fold(_HOLE.sub(" ", text))
    found = CODE.search(_capitals(folded))
    code = found[1] if found else None
    kind = _kind(_unquoted(_uncoded(folded)))
    counts = kind in _BY_HALVES or is_whole(text)
    return Reply(code=code, kind=kind if counts else None)


def is_whole(text: str) -> bool:
    """Say whether no part of a message is known to be missing."""
    return _HOLE.search(text) is None


def has_words(text: str) -> bool:
    """Say whether more than a code and a number stands in an answer."""
    return any(char.isalpha() for char in _uncoded(_fold(text)))


def beside_codes(text: str) -> str:
    """Return what stands beside codes and holes in an answer, folded."""
    return _uncoded(_fold(_HOLE.sub(" ", text)))


def _kind(text: str) -> ReplyKind | None:
    """Return what number and words agree upon; a call for help outweighs all."""
    words, is_aside = meant(text)
    number = _by_number(text)
    kinds = set(words) if number is None else {*words, number}
    # What they do outweighs what they know: "is it real? I am coming".
    verdicts = set() if kinds else _verdicts(text)
    if verdicts:
        return verdicts.pop() if len(verdicts) == 1 else None
    if not kinds and not is_aside:
        # No word that we know: the number after all, wherever it stands.
        kinds = {_NUMBERS[one] for one in _LONE.findall(_QUANTITY.sub(" ", text))}
    if ReplyKind.NEED_HELP in kinds:
        return ReplyKind.NEED_HELP
    return next(iter(kinds)) if len(kinds) == 1 else None


def _uncoded(text: str) -> str:
    """Take out every code: none of their digits is an answer."""
    kept, at = [], 0
    for found in CODE.finditer(_capitals(text)):
        kept.append(text[at : found.start()])
        at = found.end()
    return " ".join([*kept, text[at:]])


def _unquoted(text: str) -> str:
    """Take out what our own text offers to answer: it comes back in a quotation."""
    return _offers().sub(" ", text)


@cache
def _offers() -> re.Pattern[str]:
    said = {
        re.sub(r"^\D+", "", form.partition("{code}")[2] or form)
        for language in LANGUAGES
        for template in ("sos", "ask")
        for part in wording(language).text[template]
        for _, form in part.forms
        if all(number in form for number in "13")
        or all(number in form for number in "46")
    }
    longest_first = sorted(said, key=len, reverse=True)
    # Whoever quotes it may have lost the ends of its lines.
    return re.compile(
        "|".join(r"\s+".join(map(re.escape, form.split())) for form in longest_first),
        re.IGNORECASE,
    )


def _verdicts(text: str) -> set[ReplyKind]:
    """Read what somebody knows: its word, its number or both, and nothing beside them.

    "I hope she is safe" and "when is it safe to go" are for a person to read.
    """
    rest = text.lower()
    found: set[ReplyKind] = set()
    for kind, words in _VERDICT_WORDS:
        for word in words:
            rest, count = re.subn(rf"(?<!\w){re.escape(word)}(?!\w)", " ", rest)
            if count:
                found.add(kind)
    # Not by one pattern with room on both sides of the number: what has forty thousand
    # blanks before a word would take it seconds, in which nobody else is heard.
    alone = _ROOM.sub("", rest)
    if alone not in {"", *_VERDICTS} or re.search("[?\u061f]", rest):
        return set()
    return found | ({_VERDICTS[alone]} if alone else set())


def _by_number(text: str) -> ReplyKind | None:
    """Read the number that stands first, or that counts no minutes or kilometres."""
    counted = _QUANTITY.sub(" # ", text)
    found = re.findall(r"^\W*([123])(?!\d)|(?<!\d)([123])(?!\d|\s*[^\W\d])", counted)
    numbers = {first or other for first, other in found}
    if "3" in numbers:
        return ReplyKind.NEED_HELP
    # "1 or 2": nobody can say which.
    return _NUMBERS[numbers.pop()] if len(numbers) == 1 else None


def _capitals(text: str) -> str:
    """Return as many capitals as there are letters: `\u00df` has two, and stays."""
    capitals = (char.upper() for char in text)
    return "".join(
        capital if len(capital) == 1 else char
        for char, capital in zip(text, capitals, strict=True)
    ).translate(_LOOKALIKES)


def _fold(text: str) -> str:
    """Bring digits of every script to ASCII, and wide letters to narrow ones."""
    # One Arabic ligature is eighteen letters.
    folded = unicodedata.normalize("NFKC", text[:TEXT_MAX])[:TEXT_MAX]
    return "".join(
        str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char
        for char in folded
    )

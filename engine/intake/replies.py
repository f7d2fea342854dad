"""What a recipient's SMS says: a code, an answer, in any of our languages. Pure.

People write as they can: with Arabic digits, with Cyrillic letters that look
Latin, in their own words. Nothing is ever refused; what is not understood is
shown to HQ.
"""

import re
import unicodedata
from dataclasses import dataclass

from engine.alarm.state import ReplyKind

# No 0, 1, 5, I, L, O, S, Z: read aloud or badly printed they are another's twin.
LETTERS = "ABCDEFGHJKMNPQRTUVWXY"
DIGITS = "2346789"
CODE = re.compile(rf"\b([{LETTERS}][{DIGITS}][{LETTERS}][{DIGITS}])\b")
# Cyrillic capitals that look like these Latin letters and digits.
_LOOKALIKES = str.maketrans(
    "\u0410\u0412\u0415\u0417\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425",
    "ABE3KMHOPCTYX",
)
_TEXT_MAX = 1000

_WORDS: tuple[tuple[ReplyKind, tuple[str, ...]], ...] = (
    (
        ReplyKind.NEED_HELP,
        ("help", "hjälp", "беда", "помощь", "ayuda", "aide", "نجدة", "مساعدة"),
    ),
    (
        ReplyKind.CANNOT,
        (
            "cannot",
            "can't",
            "can not",
            "kan inte",
            "нет",
            "не могу",
            "no puedo",
            "peux pas",
            "لا",
        ),
    ),
    (
        ReplyKind.COMING,
        ("coming", "kommer", "иду", "еду", "voy", "viens", "قادم"),
    ),
)
_NUMBERS = {"1": ReplyKind.COMING, "2": ReplyKind.CANNOT, "3": ReplyKind.NEED_HELP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was understood; None where it was not."""

    code: str | None
    kind: ReplyKind | None


def read_reply(text: str) -> Reply:
    """Read an answer such as `K7F2 1`; total on any text."""
    folded = _fold(text)
    found = CODE.search(folded.upper().translate(_LOOKALIKES))
    code = found[1] if found else None
    rest = folded if found is None else folded[: found.start()] + folded[found.end() :]
    return Reply(code=code, kind=_kind(rest))


def _kind(text: str) -> ReplyKind | None:
    numbers = set(re.findall(r"(?<!\d)([123])(?!\d)", text))
    if len(numbers) == 1:
        return _NUMBERS[numbers.pop()]
    if numbers:
        # "1 or 2": nobody can say which; a call for help outweighs the others.
        return ReplyKind.NEED_HELP if "3" in numbers else None
    lowered = text.lower()
    for kind, words in _WORDS:
        if any(re.search(rf"(?<!\w){re.escape(w)}(?!\w)", lowered) for w in words):
            return kind
    return None


def _fold(text: str) -> str:
    """Bring digits of every script to ASCII; keep the length of everything else."""
    return "".join(
        str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char
        for char in text[:_TEXT_MAX]
    )

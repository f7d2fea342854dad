"""Other spellings that fit the GSM alphabet, as far as one has chosen to go."""

import unicodedata
from enum import StrEnum
from functools import lru_cache

from adapters.modem import gsm7


class Transliteration(StrEnum):
    """How far a text may be respelt to fit 160 characters instead of 70.

    `typography` changes quotes, dashes and blanks alone; `accents` also takes
    marks off Latin letters (`š` to `s`); `letters` also respells Cyrillic.
    """

    NONE = "none"
    TYPOGRAPHY = "typography"
    ACCENTS = "accents"
    LETTERS = "letters"


_TYPOGRAPHY = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": ",",
    "\u201b": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2032": "'",
    "\u2033": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2039": "<",
    "\u203a": ">",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2015": "-",
    "\u2212": "-",
    "\u2022": "*",
    "\u2026": "...",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u200b": "",
    "\u200c": "",
    "\u200d": "",
    "\u2060": "",
    "\ufeff": "",
    "\u00ad": "",
    "\u00b1": "+-",
    "\u00d7": "x",
    "\u00b0": " deg ",
    "`": "'",
    "\u00b4": "'",
    "\t": " ",
}

_LATIN = {
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "\u0131": "i",
    "œ": "oe",
    "Œ": "OE",
    "ħ": "h",
    "Ħ": "H",
    "ŋ": "ng",
    "Ŋ": "Ng",
    "ŧ": "t",
    "Ŧ": "T",
    "ə": "a",
    "Ə": "A",
    "\u02bb": "'",
    "\u02bc": "'",
    "ẞ": "SS",
}

_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуф", "abvgdeziyklmnoprstuf", strict=True)),
    **dict(zip("ыэіґўқғҳөүұһјђѕћ", "yeigukghouuhjdzc", strict=True)),
    "ё": "yo",
    "ж": "zh",
    "\u0445": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "shch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
    "ї": "yi",
    "є": "ye",
    "ң": "ng",
    "ә": "a",
    "ҷ": "j",
    "ӣ": "i",
    "ӯ": "u",
    "љ": "lj",
    "њ": "nj",
    "џ": "dz",
    "ѓ": "gj",
    "ќ": "kj",
}
_LETTERS = _CYRILLIC | {
    lower.upper(): latin.capitalize() for lower, latin in _CYRILLIC.items()
}


def transliterate(text: str, level: Transliteration) -> str:
    """Respell what the default alphabet lacks; leave what has no other spelling."""
    if level is Transliteration.NONE or gsm7.can_encode(text):
        return text
    return "".join(_respell(character, level) for character in _composed(text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=4096)
def _respell(character: str, level: Transliteration) -> str:
    if gsm7.can_encode(character):
        return character
    if character in _TYPOGRAPHY:
        return _TYPOGRAPHY[character]
    if level is Transliteration.TYPOGRAPHY:
        return character
    if character in _LATIN:
        return _LATIN[character]
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    if plain != character and gsm7.can_encode(plain):
        return plain
    if level is Transliteration.LETTERS:
        return _LETTERS.get(character, character)
    return character

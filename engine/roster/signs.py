"""Aliases and signs: the two words in every SMS that are ours to choose.

Both are letters only, so that neither can be read as an answer's digit, a code or
a place. An alias goes to everybody and must be GSM-7; one character outside it
would cut each message from 160 characters to 70 (3GPP TS 23.038, 6.2.1).
"""

import re
import unicodedata

from engine.roster.model import Language

ALIAS_LENGTH_MAX = 12
SIGN_LENGTH_MAX = 10
SIGN_LENGTH_MIN = 3

# The letters of the GSM 7-bit default alphabet that are Latin.
_GSM_LETTERS = "A-Za-zÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùü"
_ALIAS = re.compile(rf"[{_GSM_LETTERS}]+(?:[ -][{_GSM_LETTERS}]+)*")
_GSM_WORD = re.compile(rf"[{_GSM_LETTERS}]+")
_UCS2_LANGUAGES = frozenset({Language.RUSSIAN, Language.ARABIC})


def alias_fault(alias: str) -> str | None:
    """Say what is wrong with an alias; None where nothing is."""
    if not 2 <= len(alias) <= ALIAS_LENGTH_MAX:  # noqa: PLR2004 - said in the text
        return f"must have 2 to {ALIAS_LENGTH_MAX} characters"
    if _ALIAS.fullmatch(alias) is None:
        return (
            "must be words of GSM-7 letters, one space or hyphen between them:"
            " anything else cuts every SMS to 70 characters"
        )
    return None


def sign_fault(sign: str, language: Language | None) -> str | None:
    """Say what is wrong with a sign for a reader of `language` (None: unknown)."""
    if not SIGN_LENGTH_MIN <= len(sign) <= SIGN_LENGTH_MAX:
        return f"must have {SIGN_LENGTH_MIN} to {SIGN_LENGTH_MAX} letters"
    if any(unicodedata.category(c)[0] != "L" or ord(c) > 0xFFFF for c in sign):  # noqa: PLR2004 - the last code point of UCS-2
        return "must be one word of letters, without digits, signs or spaces"
    if language in _UCS2_LANGUAGES or language is None:
        return None
    if _GSM_WORD.fullmatch(sign) is None:
        return "must be GSM-7 letters: this language's SMS has 160 characters only so"
    return None

"""Reply codes that nobody can foresee and nobody has, such as K7F2."""

import secrets
from contextlib import suppress

from engine.errors import JournalError
from engine.intake.replies import CODE, DIGITS, LETTERS
from engine.ports.journal import ReaderLender

_TAIL = LETTERS + DIGITS
_DRAWN_BYTES = 8


def new_codes(readers: ReaderLender, count: int) -> list[str]:
    """Return so many reply codes, all different.

    A code belongs to its recipient for ever: an answer that comes a week late must
    not count for somebody else. All of an alarm's codes are drawn and looked up at
    once: each such call gives the interpreter's lock away.
    """
    found: dict[str, None] = {}
    while len(found) < count:
        drawn, taken = _draw(count - len(found)), frozenset[str]()
        # The journal refuses one in use, and mends the page that cannot be read.
        with suppress(JournalError), readers.reader() as reader:
            taken = reader.codes_in_use(drawn)
        found.update(dict.fromkeys(code for code in drawn if code not in taken))
    return list(found)


def _draw(count: int) -> list[str]:
    """Return some codes, `count` or fewer; what is no code is left out."""
    noise = secrets.token_bytes(_DRAWN_BYTES * count)
    drawn = (
        _code(int.from_bytes(noise[start : start + _DRAWN_BYTES]))
        for start in range(0, len(noise), _DRAWN_BYTES)
    )
    return [code for code in drawn if CODE.fullmatch(code)]


def _code(number: int) -> str:
    number, first = divmod(number, len(LETTERS))
    code = LETTERS[first]
    for _ in range(3):
        number, next_one = divmod(number, len(_TAIL))
        code += _TAIL[next_one]
    return code

"""What may be wrong of a file of words, each with its line, its field and its cure.

A text is composed while an alarm is decided, where nothing may raise and nobody reads
it over: whatever a file can say that breaks or mangles a text is found before.
"""

import string
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

from engine.errors import DataError, suggestion
from engine.protocol.checks import PUBLIC_TEXT
from engine.protocol.language import REVIEW
from engine.protocol.texts import FACTS, PUBLIC_FACTS
from engine.protocol.word_files import (
    Fault,
    Faults,
    Table,
    braced,
    characters,
    check_files,
    faults_of,
)

_NUMBER = frozenset({"n"})
_POINT = frozenset({"point"})
_HOLES: Mapping[str, tuple[frozenset[str], ...]] = {
    "minutes": (_NUMBER,),
    "minutes_short": (_NUMBER,),
    "hour_short": (_NUMBER,),
    "hours": (_NUMBER,),
    "hours_short": (_NUMBER,),
    "days": (_NUMBER,),
    "days_short": (_NUMBER,),
    "limit": (_NUMBER,),
    "repeat_short": (_NUMBER,),
    "declared": (frozenset({"named"}), _POINT),
    "declared_short": (_POINT,),
    "doubted": (_POINT,),
    "doubted_short": (_POINT,),
    "move": (frozenset({"n", "unit", "direction"}),),
    "accuracy": (frozenset({"m"}),),
    "late": (frozenset({"age"}),),
    "away": (frozenset({"distance"}),),
    "range": (frozenset({"n", "unit"}),),
    "next": (frozenset({"who", "n"}),),
    "case": (frozenset({"id", "where"}),),
    "pages_strangers": (_NUMBER,),
}
"""What a word is filled with: all of it, or what was counted or meant goes unsaid."""
_NONE = (frozenset[str](),)
_PADDED = "02"
_DECIMALS_MAX = 7
_YES_OR_NO = frozenset({"is_latin", "is_rtl"})
_SECTIONS = ("words", "signals", "text", "subject")
_BEYOND_BMP = 0x10000


@cache
def check_wordings(folder: Path | None = None) -> None:
    """Hold every file of words to what each text relies on.

    Args:
        folder: where they lie; None for those in force.

    Raises:
        DataError: every fault of every file.

    """
    check_files(folder or resources.files("engine.protocol.wording"), faults_in)


def faults_in(
    data: bytes | None, language: str, model: bytes | None
) -> list[DataError]:
    """Return what is wrong of one file; `model` is the English one, which has all."""
    return faults_of(data, f"{language}.toml", model, _sections)


def _sections(table: Table, model: Table) -> Faults:
    for name in sorted(set(table) - {*REVIEW, *_SECTIONS}):
        yield Fault("", name, f"no such table{suggestion(name, _SECTIONS) or '.'}")
    for section in _SECTIONS:
        own, whole = table.get(section), model.get(section, {})
        if not isinstance(own, dict):
            yield Fault(section, "", "is missing; take it over from en.toml")
            continue
        known = set(whole) if isinstance(whole, dict) else set()
        for key in sorted(known - set(own)):
            yield Fault(section, key, "is missing; translate it from en.toml")
        for key, said in own.items():
            if known and key not in known:
                meant = suggestion(key, known) or "."
                yield Fault(section, key, f"en.toml has none of that name{meant}")
            else:
                yield from _said(section, key, said)


def _said(section: str, key: str, said: object) -> Faults:
    if section == "text":
        yield from _rows(key, said)
    elif key == "decimals" and section == "words":
        if type(said) is not int or not 0 <= said <= _DECIMALS_MAX:
            yield Fault(section, key, f"a number from 0 to {_DECIMALS_MAX}")
    elif key in _YES_OR_NO and section == "words":
        if not isinstance(said, bool):
            yield Fault(section, key, "true or false")
    else:
        holes = _HOLES.get(key, _NONE) if section == "words" else _NONE
        # A subject may name the defender, and need not.
        free = frozenset({"alias"}) if section == "subject" else frozenset[str]()
        for reason in _wrong(said, free, holes if section != "subject" else ()):
            yield Fault(section, key, reason)


def _rows(key: str, said: object) -> Faults:
    """Find parts that are no pairs of a priority and a text, and what these say."""
    if not isinstance(said, list) or not said:
        yield Fault("text", key, 'a row of parts: [[1, "SOS {alias}"], ...]')
        return
    facts = PUBLIC_FACTS if key.startswith(PUBLIC_TEXT) else FACTS
    for number, part in enumerate(said, start=1):
        pairs = part if isinstance(part, list) else []
        ranks, forms = pairs[::2], pairs[1::2]
        is_paired = pairs and len(ranks) == len(forms)
        if not is_paired or any(type(rank) is not int for rank in ranks):
            reason = 'a priority before each text: [7, "long form", 1, "short"]'
            yield Fault("text", key, f"part {number}: {reason}")
            continue
        if list(ranks) != sorted(ranks, reverse=True) or ranks[-1] < 1:
            reason = f"part {number}: priorities from 1, none above the one before it"
            yield Fault("text", key, reason)
        for form in forms:
            # A text may have lines; a word stands within one.
            said_in_one = form.replace("\n", " ") if isinstance(form, str) else form
            for reason in _wrong(said_in_one, facts, ()):
                yield Fault("text", key, f"part {number}: {reason}")


def _wrong(
    said: object, free: frozenset[str], needed: tuple[frozenset[str], ...]
) -> Iterator[str]:
    """Yield why one text cannot be filled, or would not be read as it was meant."""
    if not isinstance(said, str):
        yield "write it in quotation marks"
        return
    yield from characters(said)
    yield from _beyond(said)
    try:
        holes = [hole for hole in string.Formatter().parse(said) if hole[1] is not None]
    except ValueError:
        yield f"{said!r}: a brace stands alone; each fact is written {{name}}"
        return
    names = {str(name) for _, name, _, _ in holes}
    if any(kept or (spec and spec != _PADDED) for _, _, spec, kept in holes):
        yield f"{said!r}: nothing but the fact's name stands in its braces"
    elif needed and frozenset(names) not in needed:
        wanted = " or ".join(braced(one) for one in needed)
        yield f"{said!r} is filled with {braced(names)}; it has to be {wanted}"
    elif not needed and names - free:
        lost = min(names - free)
        meant = suggestion(lost, free) or f"; one of {', '.join(sorted(free))}"
        yield f"{said!r}: there is no fact {{{lost}}}{meant}"


def _beyond(said: str) -> Iterator[str]:
    """Find what a short message pays for twice."""
    for char in dict.fromkeys(said):
        if ord(char) >= _BEYOND_BMP:
            code = f"U+{ord(char):04X}"
            yield f"{char!r} ({code}) takes two places of an SMS; say it in a word"

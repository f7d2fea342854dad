"""What may be wrong of a file of words, each with its line, its field and its cure.

A text is composed while an alarm is decided, where nothing may raise and nobody reads
it over: whatever a file can say that breaks or mangles a text is found before.
"""

import string
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

import tomli

from engine.errors import DataError, suggestion
from engine.protocol.language import FALLBACK, LANGUAGES, REVIEW
from engine.protocol.texts import FACTS

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
    "case": (frozenset({"id", "where"}),),
}
"""What a word is filled with: all of it, or what was counted or meant goes unsaid."""
_NONE = (frozenset[str](),)
_PADDED = "02"
_DECIMALS_MAX = 7
_SECTIONS = ("words", "signals", "text", "subject")
_BEYOND_BMP = 0x10000


class _Fault(NamedTuple):
    """Where in the table, and what about it."""

    section: str
    key: str
    reason: str


_Faults = Iterator[_Fault]


@cache
def check_wordings(folder: Path | None = None) -> None:
    """Hold every file of words to what each text relies on.

    Args:
        folder: where they lie; None for those in force.

    Raises:
        DataError: every fault of every file.

    """
    files = folder or resources.files("engine.protocol.wording")
    model = _read(files / f"{FALLBACK}.toml")
    found = [
        fault
        for name in LANGUAGES
        for fault in faults_in(_read(files / f"{name}.toml"), f"{name}.toml", model)
    ]
    if found:
        raise DataError.of(found)


def faults_in(data: bytes | None, file: str, model: bytes | None) -> list[DataError]:
    """Return what is wrong of one file; `model` is the English one, which has all."""
    if data is None:
        reason = "is not there, or cannot be read; put it back"
        return [DataError(file, None, "file", reason)]
    try:
        text = data.decode("utf-8-sig")
        table = tomli.loads(text)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return [DataError(file, line, "file", "is not UTF-8 there; save it as UTF-8")]
    except tomli.TOMLDecodeError as error:
        before = error.doc[: error.pos]
        line = before.count("\n") + 1
        reason = f"{error.msg}; a text stands on one line, in straight quotation marks"
        return [DataError(file, line, "TOML", reason)]
    found = [*_review(table), *_sections(table, _table(model))]
    return [
        DataError(file, _line(text, section, key), f"{section}.{key}".strip("."), why)
        for section, key, why in found
    ]


def _read(source: Traversable) -> bytes | None:
    try:
        return source.read_bytes()
    except OSError:
        return None


def _table(model: bytes | None) -> dict[str, object]:
    try:
        return tomli.loads((model or b"").decode("utf-8-sig"))
    except (UnicodeDecodeError, tomli.TOMLDecodeError):
        return {}  # told of itself


def _line(text: str, section: str, key: str) -> int | None:
    here = ""
    for count, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("[") and "=" not in bare:
            here = bare.strip("[] ")
            if here == section and not key:
                return count
        elif here == section and bare.partition("=")[0].strip() == key:
            return count
    return None


def _review(table: Mapping[str, object]) -> _Faults:
    """Find a review of which nobody can say whose, or when."""
    said = [table.get(key) for key in REVIEW]
    for key, one in zip(REVIEW, said, strict=True):
        if not isinstance(one, str):
            yield _Fault("", key, 'write it in quotation marks; "" where nobody has')
    by, on, _ = said
    if not isinstance(by, str) or not isinstance(on, str):
        return
    if bool(by.strip()) != bool(on.strip()):
        key = REVIEW[bool(by.strip())]
        yield _Fault("", key, "a review takes both, who has read it and on which day")
    if on.strip():
        try:
            date.fromisoformat(on)
        except ValueError:
            yield _Fault("", "reviewed_on", f"{on!r} is no date; write 2026-01-31")


def _sections(table: Mapping[str, object], model: Mapping[str, object]) -> _Faults:
    for name in sorted(set(table) - {*REVIEW, *_SECTIONS}):
        yield _Fault("", name, f"no such table{suggestion(name, _SECTIONS) or '.'}")
    for section in _SECTIONS:
        own, whole = table.get(section), model.get(section, {})
        if not isinstance(own, dict):
            yield _Fault(section, "", "is missing; take it over from en.toml")
            continue
        known = set(whole) if isinstance(whole, dict) else set()
        for key in sorted(known - set(own)):
            yield _Fault(section, key, "is missing; translate it from en.toml")
        for key, said in own.items():
            if known and key not in known:
                meant = suggestion(key, known) or "."
                yield _Fault(section, key, f"en.toml has none of that name{meant}")
            else:
                yield from _said(section, key, said)


def _said(section: str, key: str, said: object) -> _Faults:
    if section == "text":
        yield from _rows(key, said)
    elif key == "decimals" and section == "words":
        if type(said) is not int or not 0 <= said <= _DECIMALS_MAX:
            yield _Fault(section, key, f"a number from 0 to {_DECIMALS_MAX}")
    elif key == "is_latin" and section == "words":
        if not isinstance(said, bool):
            yield _Fault(section, key, "true or false")
    else:
        holes = _HOLES.get(key, _NONE) if section == "words" else _NONE
        # A subject may name the defender, and need not.
        free = frozenset({"alias"}) if section == "subject" else frozenset[str]()
        for reason in _wrong(said, free, holes if section != "subject" else ()):
            yield _Fault(section, key, reason)


def _rows(key: str, said: object) -> _Faults:
    """Find parts that are no pairs of a priority and a text, and what these say."""
    if not isinstance(said, list) or not said:
        yield _Fault("text", key, 'a row of parts: [[1, "SOS {alias}"], ...]')
        return
    for number, part in enumerate(said, start=1):
        pairs = part if isinstance(part, list) else []
        ranks, forms = pairs[::2], pairs[1::2]
        is_paired = pairs and len(ranks) == len(forms)
        if not is_paired or any(type(rank) is not int for rank in ranks):
            reason = 'a priority before each text: [7, "long form", 1, "short"]'
            yield _Fault("text", key, f"part {number}: {reason}")
            continue
        if list(ranks) != sorted(ranks, reverse=True) or ranks[-1] < 1:
            reason = f"part {number}: priorities from 1, none above the one before it"
            yield _Fault("text", key, reason)
        for form in forms:
            for reason in _wrong(form, FACTS, ()):
                yield _Fault("text", key, f"part {number}: {reason}")


def _wrong(
    said: object, free: frozenset[str], needed: tuple[frozenset[str], ...]
) -> Iterator[str]:
    """Yield why one text cannot be filled, or would not be read as it was meant."""
    if not isinstance(said, str):
        yield "write it in quotation marks"
        return
    yield from _characters(said)
    try:
        holes = [hole for hole in string.Formatter().parse(said) if hole[1] is not None]
    except ValueError:
        yield f"{said!r}: a brace stands alone; each fact is written {{name}}"
        return
    names = {str(name) for _, name, _, _ in holes}
    if any(kept or (spec and spec != _PADDED) for _, _, spec, kept in holes):
        yield f"{said!r}: nothing but the fact's name stands in its braces"
    elif needed and frozenset(names) not in needed:
        wanted = " or ".join(_braced(one) for one in needed)
        yield f"{said!r} is filled with {_braced(names)}; it has to be {wanted}"
    elif not needed and names - free:
        lost = min(names - free)
        meant = suggestion(lost, free) or f"; one of {', '.join(sorted(free))}"
        yield f"{said!r}: there is no fact {{{lost}}}{meant}"


def _braced(names: frozenset[str] | set[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "nothing"


def _characters(said: str) -> Iterator[str]:
    """Find what a telephone does not show, or a short message pays for twice."""
    for char in dict.fromkeys(said):
        kind, code = unicodedata.category(char), f"U+{ord(char):04X}"
        if kind in {"Cc", "Zl", "Zp"}:
            yield f"a control character ({code}); a text is one line, take it out"
        elif kind in {"Cf", "Co", "Cn", "Cs"}:
            yield f"a character that nobody sees ({code}); take it out"
        elif kind == "Zs" and char != " ":
            yield f"a space that is no plain one ({code}); write a plain one"
        elif ord(char) >= _BEYOND_BMP:
            yield f"{char!r} ({code}) takes two places of an SMS; say it in a word"

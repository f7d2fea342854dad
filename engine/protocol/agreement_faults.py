"""What may be wrong of a file of an agreement's sentences, with its line and its cure.

Nobody signs a sentence in another language than the rest, or one with a number left
out: whatever a file lacks is found before anything of it is told.
"""

import string
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from engine.errors import DataError, suggestion
from engine.protocol.language import REVIEW
from engine.protocol.word_files import (
    Fault,
    Faults,
    Table,
    braced,
    characters,
    check_files,
    faults_of,
)

NUMBER = "n"
PLURALS = {
    "en": frozenset({"one", "other"}),
    "sv": frozenset({"one", "other"}),
    "ru": frozenset({"one", "few", "many"}),
    "es": frozenset({"one", "other"}),
    "fr": frozenset({"one", "other"}),
    "ar": frozenset({"one", "two", "few", "many", "other"}),
}
"""Which forms a language has for a whole number from 1 to as many as a file may say.

Without `zero` in Arabic and `many` (a million) in Spanish and French, which nothing
comes to: they would speak by `other`.
"""
_NAMED = frozenset({"one", "two"})
"""Forms that may say their number as a word."""


@cache
def check_agreements(folder: Path | None = None) -> None:
    """Hold every language's sentences to what the English ones say.

    Args:
        folder: where they lie; None for those in force.

    Raises:
        DataError: every fault of every file.

    """
    check_files(folder or resources.files("engine.protocol.agreement"), faults_in)


def faults_in(
    data: bytes | None, language: str, model: bytes | None
) -> list[DataError]:
    """Return what is wrong of one file; `model` is the English one, which has all."""

    def sections(table: Table, whole: Table) -> Faults:
        return _sections(table, whole, PLURALS[language])

    # The words of messages have a file of the same name.
    return faults_of(data, f"agreement/{language}.toml", model, sections)


def _sections(table: Table, model: Table, plurals: frozenset[str]) -> Faults:
    known = set(model) - {*REVIEW}
    for name in sorted(set(table) - {*REVIEW} - known):
        yield Fault("", name, f"no such table{suggestion(name, known) or '.'}")
    for section in sorted(known):
        own, whole = table.get(section), model[section]
        if not isinstance(own, dict) or not isinstance(whole, dict):
            yield Fault(section, "", "is missing; take it over from en.toml")
            continue
        for key in sorted(set(whole) - set(own)):
            yield Fault(section, key, "is missing; translate it from en.toml")
        for key, said in own.items():
            if key not in whole:
                meant = suggestion(key, set(whole)) or "."
                yield Fault(section, key, f"en.toml has none of that name{meant}")
                continue
            for reason in _wrong(said, whole[key], plurals):
                yield Fault(section, key, reason)


def _wrong(said: object, whole: object, plurals: frozenset[str]) -> Iterator[str]:
    """Yield why a phrase cannot be said where the English one can."""
    if isinstance(whole, str):
        if isinstance(said, str):
            yield from _filled(said, _holes(whole), frozenset())
        else:
            yield "write it in quotation marks; it counts nothing"
        return
    forms = whole.values() if isinstance(whole, dict) else ()
    needed = frozenset[str]().union(*(_holes(str(one)) for one in forms))
    if not isinstance(said, dict) or set(said) != plurals:
        yield f"a form for each of {', '.join(sorted(plurals))}: {{one = ..., ...}}"
        return
    for category, form in said.items():
        free = frozenset({NUMBER}) if category in _NAMED else frozenset[str]()
        if not isinstance(form, str):
            yield f"{category}: write it in quotation marks"
            continue
        for reason in _filled(form, needed, free):
            yield f"{category}: {reason}"


def _filled(said: str, needed: frozenset[str], free: frozenset[str]) -> Iterator[str]:
    """Yield why one text is not filled with what it has to be; `free` may be left."""
    if not said.strip():
        yield "says nothing; translate it from en.toml"
    yield from characters(said)
    try:
        holes = [one for one in string.Formatter().parse(said) if one[1] is not None]
    except ValueError:
        yield f"{said!r}: a brace stands alone; each fact is written {{name}}"
        return
    names = {str(one[1]) for one in holes}
    if any(spec or kept for _, _, spec, kept in holes):
        yield f"{said!r}: nothing but the fact's name stands in its braces"
    elif not needed - free <= names <= needed:
        yield f"{said!r} is filled with {braced(names)}; it has to be {braced(needed)}"


def _holes(said: str) -> frozenset[str]:
    try:
        parsed = list(string.Formatter().parse(said))
    except ValueError:
        return frozenset()  # told of itself
    return frozenset(name for _, name, _, _ in parsed if name)

"""One language's words and templates, as its file has them.

A template is a row of parts; a part has forms, from long to short, each with its own
priority.
"""

import hashlib
import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources

import tomli

LANGUAGES = ("en", "sv", "ru", "es", "fr", "ar")
FALLBACK = "en"
REVIEW = ("reviewed_by", "reviewed_on", "reviewed_text")
_AGES = frozenset({"ago", "age"})
_FINGERPRINT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a template: its forms (priority, text), and the facts in them.

    `is_aged` where an age is among them. `uncoded` is the same for somebody who has no
    code, an address of HQ's: whom it is about is said all the same.
    """

    forms: tuple[tuple[int, str], ...]
    fields: tuple[str, ...]
    is_aged: bool
    uncoded: "Part | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a file of one language says of who has read it.

    `reviewed_by` is who has read it, `reviewed_on` the date (ISO 8601), `reviewed_text`
    the `fingerprint` of what was read: it takes all three.
    """

    language: str
    reviewed_by: str
    reviewed_on: str
    reviewed_text: str
    fingerprint: str

    @property
    def is_reviewed(self) -> bool:
        """Say whether somebody who speaks the language has read it, as it is now."""
        return self.is_signed and self.reviewed_text == self.fingerprint

    @property
    def is_signed(self) -> bool:
        """Say whether it names who has read it, and when; it may have changed since."""
        return bool(self.reviewed_by.strip() and self.reviewed_on.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording(Reviewed):
    """One language's table as its file has it."""

    words: Mapping[str, str]
    signals: Mapping[str, str]
    decimals: int
    is_latin: bool
    is_rtl: bool
    text: Mapping[str, tuple[Part, ...]]
    subject: Mapping[str, str]


@cache
def wording(language: str) -> Wording:
    """Return a language's table; an unknown language speaks English."""
    code = language.split("-", maxsplit=1)[0]
    name = code if code in LANGUAGES else FALLBACK
    source = resources.files("engine.protocol.wording") / f"{name}.toml"
    # Editors of Windows begin a file with a mark, which is no TOML.
    table = tomli.loads(source.read_text(encoding="utf-8-sig"))
    read = fingerprint(table)
    words = dict(table["words"])
    decimals = int(words.pop("decimals"))
    is_latin = bool(words.pop("is_latin"))
    is_rtl = bool(words.pop("is_rtl"))
    text = {
        key: tuple(_part(part) for part in parts)
        for key, parts in table["text"].items()
    }
    return Wording(
        language=name,
        reviewed_by=table["reviewed_by"],
        reviewed_on=table["reviewed_on"],
        reviewed_text=table["reviewed_text"],
        fingerprint=read,
        words=words,
        signals=table["signals"],
        decimals=decimals,
        is_latin=is_latin,
        is_rtl=is_rtl,
        text=text,
        subject=table["subject"],
    )


def fingerprint(table: Mapping[str, object]) -> str:
    """Return what changes with each word that anybody is told, and with nothing else.

    Comments and the order of the keys do not count, nor who has read it.
    """
    said = {key: one for key, one in table.items() if key not in REVIEW}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_FINGERPRINT]


def review_doubt(table: Reviewed, today: date | None) -> str | None:
    """Return why a table does not count as reviewed, to be read; None if it does."""
    if today is not None and table.reviewed_on > today.isoformat():
        return f": {table.reviewed_on} has not come yet"
    if table.is_reviewed:
        return None
    if not table.is_signed:
        return ""
    return (
        f": they are no longer as somebody read them on {table.reviewed_on}"
        f' (once read again: reviewed_text = "{table.fingerprint}")'
    )


def templates() -> frozenset[str]:
    """Return the names of all templates."""
    return frozenset(wording(FALLBACK).text)


def _part(row: Sequence[object]) -> Part:
    """Return a part from its row: priority, text, and again for each shorter form."""
    pairs = zip(row[::2], row[1::2], strict=True)
    coded = _part_of(tuple((int(str(one)), str(text)) for one, text in pairs))
    if not {"code", "alias"} <= set(coded.fields):
        return coded
    bare = tuple((one, text.replace("{code} ", "")) for one, text in coded.forms)
    return replace(coded, uncoded=_part_of(bare))


def _part_of(forms: tuple[tuple[int, str], ...]) -> Part:
    parsed = (string.Formatter().parse(text) for _, text in forms)
    fields = dict.fromkeys(name for form in parsed for _, name, _, _ in form if name)
    is_aged = not _AGES.isdisjoint(fields)
    return Part(forms=forms, fields=tuple(fields), is_aged=is_aged)

"""One language's words and templates, as its file has them.

A template is a row of parts; a part has forms, from long to short, each with its own
priority.
"""

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import tomli

LANGUAGES = ("en", "sv", "ru", "es", "fr", "ar")
FALLBACK = "en"
_AGES = frozenset({"ago", "age"})


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
class Wording:
    """One language's table as its file has it.

    `reviewed_by` is who has read it, `reviewed_on` the date (ISO 8601): it takes both.
    """

    language: str
    reviewed_by: str
    reviewed_on: str
    words: Mapping[str, str]
    signals: Mapping[str, str]
    decimals: int
    is_latin: bool
    text: Mapping[str, tuple[Part, ...]]
    subject: Mapping[str, str]

    @property
    def is_reviewed(self) -> bool:
        """Say whether somebody who speaks the language has read it, and when."""
        return bool(self.reviewed_by.strip() and self.reviewed_on.strip())


@cache
def wording(language: str) -> Wording:
    """Return a language's table; an unknown language speaks English."""
    code = language.split("-", maxsplit=1)[0]
    name = code if code in LANGUAGES else FALLBACK
    source = resources.files("engine.protocol.wording") / f"{name}.toml"
    # Editors of Windows begin a file with a mark, which is no TOML.
    table = tomli.loads(source.read_text(encoding="utf-8-sig"))
    words = dict(table["words"])
    decimals = int(words.pop("decimals"))
    is_latin = bool(words.pop("is_latin"))
    text = {
        key: tuple(_part(part) for part in parts)
        for key, parts in table["text"].items()
    }
    return Wording(
        language=name,
        reviewed_by=table["reviewed_by"],
        reviewed_on=table["reviewed_on"],
        words=words,
        signals=table["signals"],
        decimals=decimals,
        is_latin=is_latin,
        text=text,
        subject=table["subject"],
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

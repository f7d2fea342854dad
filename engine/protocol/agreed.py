"""The words of an agreement in one language. Pure, but for a file that is read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import cast

import tomli

from engine.protocol.language import LANGUAGES, REVIEW, Reviewed, fingerprint
from engine.protocol.said import Row, Said, Value

Form = str | Mapping[str, str]
"""A phrase, or one for each plural category (CLDR) that the language tells apart."""
OTHER = "other"
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Reviewed):
    """One language's phrases as its file has them, each as `section.key`."""

    phrases: Mapping[str, Form]


@cache
def agreement(language: str) -> Agreement:
    """Return a language's phrases.

    Raises:
        ValueError: it is none of `LANGUAGES`: what is signed has no fallback.

    """
    if language not in LANGUAGES:
        message = f"no agreement in {language!r}"
        raise ValueError(message)
    source = resources.files("engine.protocol.agreement") / f"{language}.toml"
    # Editors of Windows begin a file with a mark, which is no TOML.
    table = tomli.loads(source.read_text(encoding="utf-8-sig"))
    return Agreement(
        language=language,
        reviewed_by=table["reviewed_by"],
        reviewed_on=table["reviewed_on"],
        reviewed_text=table["reviewed_text"],
        fingerprint=fingerprint(table),
        phrases={
            f"{section}.{key}": form
            for section, forms in table.items()
            if section not in REVIEW
            for key, form in forms.items()
        },
    )


def words(value: Value, language: str) -> str:
    """Return what is said in a language."""
    match value:
        case Said():
            return _filled(value, language)
        case Row():
            return _listed(
                [words(one, language) for one in value.items], value, language
            )
        case timedelta():
            return _span(value, language)
        case float():
            point = _text(language, "page.decimal")
            return f"{value:.3f}".rstrip("0").rstrip(".").replace(".", point)
        case _:
            return str(value)


def _filled(said: Said, language: str) -> str:
    form = agreement(language).phrases[said.key]
    if not isinstance(form, str):
        category = _category(language, cast("int", said.values["n"]))
        form = form[category if category in form else OTHER]
    return form.format_map(
        {name: words(one, language) for name, one in said.values.items()}
    )


def _listed(items: list[str], row: Row, language: str) -> str:
    if len(items) < 2 or not row.joined:  # noqa: PLR2004 - one is not joined
        return "".join(items)
    between = _text(language, f"lists.{row.joined}_between")
    last = _text(language, f"lists.{row.joined}_last")
    return f"{between.join(items[:-1])}{last}{items[-1]}"


def _span(duration: timedelta, language: str) -> str:
    """Return a duration as people say it, in the largest unit that divides it."""
    seconds = round(duration.total_seconds())
    size, unit = next(
        (one for one in _UNITS if seconds >= one[0] and seconds % one[0] == 0),
        _UNITS[-1],
    )
    return words(Said(f"spans.{unit}", {"n": seconds // size}), language)


def _text(language: str, key: str) -> str:
    form = agreement(language).phrases[key]
    return form if isinstance(form, str) else form[OTHER]


@cache
def _category(language: str, number: int) -> str:
    """Return the plural category of a whole number, by the rules of CLDR."""
    from babel import Locale  # noqa: PLC0415 - its data take 60 ms, needed by few

    return str(Locale(language).plural_form(number))

"""What may be wrong of any file of words of a language, with its line and its cure."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from importlib.resources.abc import Traversable
from typing import NamedTuple

import tomli

from engine.errors import DataError
from engine.protocol.language import FALLBACK, LANGUAGES, REVIEW


class Fault(NamedTuple):
    """Where in the table, and what about it."""

    section: str
    key: str
    reason: str


Faults = Iterator[Fault]


Table = Mapping[str, object]


def check_files(
    files: Traversable,
    faults_in: Callable[[bytes | None, str, bytes | None], list[DataError]],
) -> None:
    """Hold every language's file to the English one.

    Args:
        files: the folder in which they lie.
        faults_in: what is wrong of one, by its bytes, its language and the English
            one's bytes; None for bytes that could not be read.

    Raises:
        DataError: every fault of every file.

    """
    model = read(files / f"{FALLBACK}.toml")
    found = [
        fault
        for name in LANGUAGES
        for fault in faults_in(read(files / f"{name}.toml"), name, model)
    ]
    if found:
        raise DataError.of(found)


def faults_of(
    data: bytes | None,
    file: str,
    model: bytes | None,
    sections: Callable[[Table, Table], Faults],
) -> list[DataError]:
    """Return what is wrong of one file.

    Args:
        data: as it was read; None where it could not be.
        file: named in each fault.
        model: the English one, which has all.
        sections: what is wrong of its table beside that one's.

    """
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
    found = [*_review(table), *sections(table, _table(model))]
    return [
        DataError(file, _line(text, section, key), f"{section}.{key}".strip("."), why)
        for section, key, why in found
    ]


def read(source: Traversable) -> bytes | None:
    """Return a file as it is; None where it cannot be read."""
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


def _review(table: Mapping[str, object]) -> Faults:
    """Find a review of which nobody can say whose, or when."""
    said = [table.get(key) for key in REVIEW]
    for key, one in zip(REVIEW, said, strict=True):
        if not isinstance(one, str):
            yield Fault("", key, 'write it in quotation marks; "" where nobody has')
    by, on, _ = said
    if not isinstance(by, str) or not isinstance(on, str):
        return
    if bool(by.strip()) != bool(on.strip()):
        key = REVIEW[bool(by.strip())]
        yield Fault("", key, "a review takes both, who has read it and on which day")
    if on.strip():
        try:
            date.fromisoformat(on)
        except ValueError:
            yield Fault("", "reviewed_on", f"{on!r} is no date; write 2026-01-31")


def braced(names: frozenset[str] | set[str]) -> str:
    """Return facts as a file has them."""
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "nothing"


def characters(said: str) -> Iterator[str]:
    """Find what nobody sees on a page or a telephone."""
    for char in dict.fromkeys(said):
        kind, code = unicodedata.category(char), f"U+{ord(char):04X}"
        if kind in {"Cc", "Zl", "Zp"}:
            yield f"a control character ({code}); take it out"
        elif kind in {"Cf", "Co", "Cn", "Cs"}:
            yield f"a character that nobody sees ({code}); take it out"
        elif kind == "Zs" and char != " ":
            yield f"a space that is no plain one ({code}); write a plain one"

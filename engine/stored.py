"""Bodies of rows: dataclasses as JSON, read fast, and as forgivingly as ever.

Why two libraries: `docs/adr/0010-rows-by-msgspec.md`.

Msgspec writes and reads. It knows fewer spellings than pydantic, which wrote the rows
of older engines (a duration of a year and more as `P1Y`), so whatever it refuses goes
to pydantic, whose word is final.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec
from pydantic import TypeAdapter

T = TypeVar("T")

_WRITER = msgspec.json.Encoder()
_READER = msgspec.json.Decoder()
_making = threading.Lock()
"""One for all: while msgspec makes a reader of a dataclass, whoever makes one of it, or
of one within it, at that moment gets what is not filled in yet, and reads through a
null pointer, which ends the process."""


class Body(Generic[T]):
    """How one kind of dataclass stands in a row; safe for any thread."""

    def __init__(self, kind: type[T]) -> None:
        """Take the dataclass; made ready when it is first used."""
        self._kind = kind
        self._reader: msgspec.json.Decoder[T] | None = None
        self._forgiving: TypeAdapter[T] | None = None

    def write(self, value: T) -> bytes:
        """Return the body: an object of the dataclass's fields."""
        return _WRITER.encode(value)

    def read(self, body: bytes) -> T:
        """Return what a body says.

        Raises:
            ValueError: it is no such body (pydantic's `ValidationError` is one).

        """
        reader = self._reader
        if reader is None:
            reader = self._made_reader()
        try:
            return reader.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self._made_forgiving().validate_json(body)

    def _made_reader(self) -> msgspec.json.Decoder[T]:
        with _making:
            if self._reader is None:
                self._reader = msgspec.json.Decoder(self._kind)
            return self._reader

    def _made_forgiving(self) -> TypeAdapter[T]:
        with _making:
            if self._forgiving is None:
                self._forgiving = TypeAdapter(self._kind)
            return self._forgiving


def write_plain(body: Mapping[str, object]) -> bytes:
    """Return a body that is of no dataclass; each number in it is finite."""
    try:
        return _WRITER.encode(body)
    except (UnicodeEncodeError, OverflowError):
        # Half a character, of a far end's answer, is kept by its number.
        return json.dumps(body).encode()


def read_plain(body: bytes) -> Any:
    """Return what a body says that is of no dataclass.

    Raises:
        ValueError: it is no JSON.

    """
    try:
        return _READER.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return json.loads(body)

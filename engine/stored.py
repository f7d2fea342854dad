"""Bodies of rows: dataclasses as JSON, read fast, and as forgivingly as ever.

Why two libraries: `docs/adr/0010-rows-by-msgspec.md`.

Msgspec writes and reads. It knows fewer spellings than pydantic, which wrote the rows
of older engines (a duration of a year and more as `P1Y`), so whatever it refuses goes
to pydantic, whose word is final.
"""

from functools import cached_property
from typing import Generic, TypeVar

import msgspec
from pydantic import TypeAdapter

T = TypeVar("T")

_WRITER = msgspec.json.Encoder()


class Body(Generic[T]):
    """How one kind of dataclass stands in a row; safe for any thread."""

    def __init__(self, kind: type[T]) -> None:
        """Take the dataclass; made ready when it is first used."""
        self._kind = kind

    def write(self, value: T) -> bytes:
        """Return the body: an object of the dataclass's fields."""
        return _WRITER.encode(value)

    def read(self, body: bytes) -> T:
        """Return what a body says.

        Raises:
            ValueError: it is no such body (pydantic's `ValidationError` is one).

        """
        try:
            return self._reader.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self._forgiving.validate_json(body)

    @cached_property
    def _reader(self) -> msgspec.json.Decoder[T]:
        return msgspec.json.Decoder(self._kind)

    @cached_property
    def _forgiving(self) -> TypeAdapter[T]:
        return TypeAdapter(self._kind)

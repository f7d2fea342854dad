"""Bodies of rows: values as JSON, read fast, and as forgivingly as ever.

Why two libraries: `docs/adr/0010-rows-by-msgspec.md`.

Msgspec writes and reads. It knows fewer spellings than pydantic, which wrote the rows
of older engines (a duration of a year and more as `P1Y`), so whatever it refuses goes
to pydantic, whose word is final.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import field, make_dataclass
from functools import cache
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct, structs
from pydantic import GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema
from pydantic_core.core_schema import (
    no_info_after_validator_function,
    plain_serializer_function_ser_schema,
)

T = TypeVar("T")

_WRITER = msgspec.json.Encoder()
_READER = msgspec.json.Decoder()
_making = threading.Lock()
"""One for all: while msgspec makes a reader of a dataclass, whoever makes one of it, or
of one within it, at that moment gets what is not filled in yet, and reads through a
null pointer, which ends the process."""


class Body(Generic[T]):
    """How one kind of value stands in a row; safe for any thread."""

    def __init__(self, kind: type[T]) -> None:
        """Take the dataclass, or struct; made ready when it is first used."""
        self._kind = kind
        self._reader: msgspec.json.Decoder[T] | None = None
        self._forgiving: TypeAdapter[T] | None = None

    def write(self, value: T) -> bytes:
        """Return the body: an object of the value's fields."""
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


def schema_of(kind: type[Struct], handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return how pydantic reads and writes a struct: as a dataclass of its fields."""
    twin = _twin_of(kind)
    schema = handler.generate_schema(twin)
    names = kind.__struct_fields__
    return no_info_after_validator_function(
        _copier(kind, names),
        schema,
        serialization=plain_serializer_function_ser_schema(
            _copier(twin, names), return_schema=schema
        ),
    )


@cache
def _twin_of(kind: type[Struct]) -> type:
    hints = get_type_hints(kind)
    return make_dataclass(
        kind.__name__,
        [(one.name, hints[one.name], _field(one)) for one in structs.fields(kind)],
        kw_only=True,
        slots=True,
    )


def _field(of: structs.FieldInfo) -> Any:
    if of.default_factory is not NODEFAULT:
        return field(default_factory=of.default_factory)
    return field() if of.required else field(default=of.default)


def _copier(kind: type[T], names: tuple[str, ...]) -> Callable[[object], T]:
    return lambda value: kind(**{name: getattr(value, name) for name in names})

"""Values that are written in rows: structs of msgspec, which pydantic reads as well."""

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


class Written(Struct, frozen=True, gc=False):
    """Part of a row's JSON, which says the same to msgspec and to pydantic."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Return how pydantic reads and writes it."""
        from engine.stored import schema_of  # noqa: PLC0415 - few need pydantic: 50 ms

        return schema_of(cls, handler)

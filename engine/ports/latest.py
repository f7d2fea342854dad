"""What the journal keeps the latest of, and overwrites: no facts, and in no chain."""

from dataclasses import dataclass

from msgspec import Struct

from engine.values import Fix, Instant, PersonId, PlaceDoubt


class Seen(Struct, frozen=True, kw_only=True, gc=False):
    """When a device was heard last, and the battery (0 to 1) it last told of.

    `device` is a pseudonym: no device's number stands in a clear column.
    """

    device: str
    at: Instant
    battery_ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attend:
    """Overwrite when devices were heard, each unless what is kept is newer.

    Some hundreds of devices are one request: they share a statement.
    """

    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Overwrite a person's last position that is not believed; the newer one stays.

    It lies beside the last fix and is never one. Answered with `Placed`.
    """

    person: PersonId
    fix: Fix
    why: PlaceDoubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """Durable: each device's row, or the newer one that was there."""

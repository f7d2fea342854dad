"""Journals that older engines have left, as a medium on which an engine starts.

`tools.leftovers` has made them; the manifest says of which engine each is, and where
its day was when it was killed. The head that the older engine wrote down last is what
says that these are its rows: hashes are not kept, and are computed anew.
"""

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from engine.journal.chain import GENESIS, next_head, row_hash
from engine.journal.memory import Medium, Stream
from engine.ports.journal import (
    Code,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    InboundRow,
    Place,
    StoredEvent,
)
from engine.ports.latest import Doubt, Seen
from engine.values import CommandId, Fix, Instant, PersonId, PlaceDoubt, ReportKey

FOLDER = Path(__file__).with_name("leftovers")
Said = dict[str, Any]


class AlteredError(Exception):
    """The rows of a leftover are not those that the older engine wrote."""


@cache
def names() -> tuple[str, ...]:
    """Return which leftovers there are, oldest engine first."""
    return tuple(_whose())


def defender_of(name: str) -> str:
    """Return whose device was heard last."""
    return _whose()[name]


@cache
def _whose() -> dict[str, str]:
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return {entry["name"]: entry["who"] for entry in manifest}


def medium_of(name: str) -> Medium:
    """Return a leftover's rows, clear columns and what else outlived its process.

    Raises:
        AlteredError: the rows do not come to the head that stands beside them.

    """
    medium, head = Medium(), b""
    # A stream's rows stand before its clear columns.
    rows: dict[str, list[StoredEvent]] = {}
    for table, *said in _lines(name):
        match table:
            case "journal":
                medium.epoch, at_ms, written = said
                medium.at, head = Instant(at_ms), bytes.fromhex(written)
            case "row":
                _add(medium, rows, said)
            case "stream":
                stream, owner, epoch, columns = said
                own = rows.get(stream, [])
                commands: set[str] = {row.command_id for row in own}
                kept = Stream(owner, epoch, _head(columns), own, commands)
                medium.streams[stream] = kept
            case _:
                _TABLES[table](medium, said[0])
    if medium.head != head:
        raise AlteredError(name)
    return medium


@cache
def _lines(name: str) -> list[list[Any]]:
    packed = (FOLDER / f"{name}.jsonl.gz").read_bytes()
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


def _add(medium: Medium, rows: dict[str, list[StoredEvent]], said: list[Any]) -> None:
    stream, epoch, command_id, kind, version, at_ms, body = said
    before = rows.setdefault(stream, [])
    row = StoredEvent(
        position=len(medium.events) + 1,
        stream=stream,
        seq=len(before) + 1,
        epoch=epoch,
        command_id=CommandId(command_id),
        kind=kind,
        version=version,
        at=Instant(at_ms),
        body=body.encode(),
        hash=b"",
    )
    sealed = structs.replace(
        row, hash=row_hash(before[-1].hash if before else GENESIS, row)
    )
    before.append(sealed)
    medium.events.append(sealed)
    medium.head = next_head(medium.head, sealed.hash)


def _at(ms: int | None) -> Instant | None:
    return None if ms is None else Instant(ms)


def _head(said: Said) -> Head:
    return Head(**said | {"next_due": _at(said["next_due"])})


def _effect(medium: Medium, said: Said) -> None:
    read: Said = {
        "effect_class": EffectClass(said["effect_class"]),
        "state": EffectState(said["state"]),
        "planned_at": Instant(said["planned_at"]),
        "changed_at": _at(said["changed_at"]),
        "body": said["body"].encode(),
    }
    row = EffectRow(**said | read)
    medium.effects[row.effect_id] = row


def _code(medium: Medium, said: Said) -> None:
    medium.codes[said["code"]] = Code(**said)


def _inbound(medium: Medium, said: Said) -> None:
    read: Said = {
        "received_at": Instant(said["received_at"]),
        "body": said["body"].encode(),
    }
    medium.inbound[ReportKey(said["key"])] = InboundRow(**said | read)


def _fix(said: Said) -> Fix:
    return Fix(**said | {"at": Instant(said["at"])})


def _place(medium: Medium, said: Said) -> None:
    person = PersonId(said["person"])
    medium.places[person] = Place(person=person, fix=_fix(said["fix"]))


def _doubt(medium: Medium, said: Said) -> None:
    person, why = PersonId(said["person"]), PlaceDoubt(said["why"])
    medium.doubts[person] = Doubt(person=person, fix=_fix(said["fix"]), why=why)


def _seen(medium: Medium, said: Said) -> None:
    medium.attendance[said["device"]] = Seen(**said | {"at": Instant(said["at"])})


_TABLES: dict[str, Callable[[Medium, Said], None]] = {
    "effects": _effect,
    "codes": _code,
    "inbound": _inbound,
    "places": _place,
    "doubts": _doubt,
    "attendance": _seen,
}

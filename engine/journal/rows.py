"""Rows of the SQLite journal as the port's values."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import apsw

from engine.journal.schema import TYPES, Types
from engine.ports.journal import (
    TOLD,
    Begun,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    HeadRow,
    InboundRow,
    Place,
    StoredEvent,
)
from engine.ports.latest import Doubt, Seen
from engine.values import (
    CommandId,
    EffectId,
    Fix,
    Instant,
    PersonId,
    PlaceDoubt,
    ReportKey,
)

EVENTS: Final = (
    "SELECT position, stream, seq, epoch, command_id, kind, version, at, body, hash"
    " FROM event"
)
HEADS: Final = (
    "SELECT stream, owner, epoch, seq, status, is_open, next_due, subject FROM stream"
)
BEGAN: Final = (
    "SELECT stream.stream, stream.status, event.at, stream.subject FROM stream"
    " JOIN event ON event.stream = stream.stream AND event.seq = 1"
    " WHERE stream.is_open = 1 AND substr(stream.stream, 1, ?) = ?"
)
HEADLESS: Final = (
    "SELECT count(*) FROM (SELECT DISTINCT stream FROM event"
    " WHERE stream >= 'alarm/' AND stream < 'alarm0') AS told"
    " WHERE NOT EXISTS (SELECT 1 FROM stream WHERE stream.stream = told.stream)"
)
"""Alarms that have rows and no head: a changed bit has given it another name."""
UNLISTED: Final = (
    # The plus has the table read, not the index: an entry of it may be lost.
    (
        "SELECT (SELECT count(*) FROM stream WHERE +is_open = 1)"
        " - (SELECT count(owner) FROM stream WHERE is_open = 1)"
    ),
    # These tables are long. An entry that leads to no row makes a difference.
    (
        "SELECT (SELECT count(*) FROM inbound WHERE taken_by = '')"
        " - (SELECT count(source) FROM inbound WHERE taken_by = '')"
    ),
    (
        "SELECT (SELECT count(*) FROM effect WHERE state = 'planned')"
        " - (SELECT count(channel) FROM effect WHERE state = 'planned')"
    ),
    # Open streams, of which not each event is found as what it is: 1 to the head's seq.
    (
        "SELECT count(*) FROM stream WHERE is_open = 1 AND seq * (seq + 1) / 2 <>"
        " (SELECT total(own.seq)"
        " FROM event AS found INDEXED BY sqlite_autoindex_event_1"
        " CROSS JOIN event AS own NOT INDEXED ON own.position = found.position"
        " WHERE found.stream = stream.stream"
        " AND own.stream = found.stream AND own.seq = found.seq)"
    ),
)
"""How many rows that must be found their index does not lead to."""
_TOLD = ", ".join(f"'{state.value}'" for state in sorted(TOLD))
TOLD_OF: Final = (
    "SELECT stream FROM stream WHERE is_open = 1 AND substr(stream, 1, ?) = ?"  # noqa: S608 - constants
    f" AND EXISTS (SELECT 1 FROM effect WHERE alarm = stream AND state IN ({_TOLD}))"
)
"""Each by its own effects: of ten thousand with twenty, 50 ms; 160 where all failed."""
EFFECTS: Final = (
    "SELECT effect_id, alarm, class, channel, rank, planned_at, body,"
    " avoid_route, state, attempt, route, reference, changed_at FROM effect"
)
EFFECTS_IN_STATES: Final = (
    EFFECTS + " WHERE state IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
)
OPEN_CODES: Final = (
    "SELECT code.code, code.stream, code.person FROM code"
    " JOIN stream ON stream.stream = code.stream"
    " WHERE code.person = ? AND stream.is_open = 1 ORDER BY code.code"
)
INBOUND: Final = "SELECT key, source, received_at, body, taken_by FROM inbound"
PLACES: Final = "SELECT person, lat_deg, lon_deg, accuracy_m, at FROM place"
DOUBTS: Final = "SELECT person, lat_deg, lon_deg, accuracy_m, at, why FROM doubt"
ATTENDANCE: Final = "SELECT device, at, battery_ratio FROM attendance"


def _types(table: str, columns: str) -> Types:
    return tuple(TYPES[table][name] for name in columns.split())


_BEGAN_TYPES: Final = (*_types("stream", "stream status"), (int,), (str,))
_HEAD_TYPES: Final = _types(
    "stream", "stream owner epoch seq status is_open next_due subject"
)


def _ours(cursor: Iterable[Any], types: Iterable[tuple[type, ...]]) -> Iterator[Any]:
    """Yield rows; a changed bit in one makes bytes of a text, at which others end.

    Raises:
        TypeError: a value is of another type than its column.

    """
    types = tuple(types)
    for row in cursor:
        if not all(map(isinstance, row, types)):
            message = "a value is of another type than its column"
            raise TypeError(message)
        yield row


def begun(cursor: apsw.Cursor) -> dict[str, Begun]:
    """Read all of a result of `BEGAN`."""
    return {
        stream: (status, Instant(at), subject)
        for stream, status, at, subject in _ours(cursor, _BEGAN_TYPES)
    }


def events(cursor: Iterable[Any]) -> list[StoredEvent]:
    """Read all of a result with the columns of `EVENTS`."""
    return [
        StoredEvent(
            position=position,
            stream=stream,
            seq=seq,
            epoch=epoch,
            command_id=CommandId(command_id),
            kind=kind,
            version=version,
            at=Instant(at),
            body=body,
            hash=digest,
        )
        for (
            position,
            stream,
            seq,
            epoch,
            command_id,
            kind,
            version,
            at,
            body,
            digest,
        ) in cursor
    ]


def heads(cursor: apsw.Cursor) -> list[HeadRow]:
    """Read all of a result of `HEADS`."""
    return [
        HeadRow(
            stream=stream,
            owner=owner,
            epoch=epoch,
            seq=seq,
            head=Head(
                status=status,
                is_open=bool(is_open),
                next_due=_instant(due),
                subject=subject,
            ),
        )
        for stream, owner, epoch, seq, status, is_open, due, subject in _ours(
            cursor, _HEAD_TYPES
        )
    ]


def effects(cursor: apsw.Cursor) -> list[EffectRow]:
    """Read all of a result of `EFFECTS`."""
    return [
        EffectRow(
            effect_id=EffectId(effect_id),
            alarm=alarm,
            effect_class=EffectClass(effect_class),
            channel=channel,
            rank=rank,
            planned_at=Instant(planned_at),
            body=body,
            avoid_route=avoid_route,
            state=EffectState(state),
            attempt=attempt,
            route=route,
            reference=reference,
            changed_at=_instant(changed_at),
        )
        for (
            effect_id,
            alarm,
            effect_class,
            channel,
            rank,
            planned_at,
            body,
            avoid_route,
            state,
            attempt,
            route,
            reference,
            changed_at,
        ) in _ours(cursor, TYPES["effect"].values())
    ]


def inbound(cursor: apsw.Cursor) -> list[InboundRow]:
    """Read all of a result of `INBOUND`."""
    return [
        InboundRow(
            key=ReportKey(key),
            source=source,
            received_at=Instant(received_at),
            body=body,
            taken_by=taken_by,
        )
        for key, source, received_at, body, taken_by in _ours(
            cursor, TYPES["inbound"].values()
        )
    ]


def places(cursor: apsw.Cursor) -> list[Place]:
    """Read all of a result of `PLACES`."""
    return [
        Place(
            person=PersonId(person),
            fix=Fix(
                lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=accuracy_m, at=Instant(at)
            ),
        )
        for person, lat_deg, lon_deg, accuracy_m, at in _ours(
            cursor, TYPES["place"].values()
        )
    ]


def doubts(cursor: apsw.Cursor) -> list[Doubt]:
    """Read all of a result of `DOUBTS`."""
    return [
        Doubt(
            person=PersonId(person),
            fix=Fix(
                lat_deg=lat_deg, lon_deg=lon_deg, accuracy_m=accuracy_m, at=Instant(at)
            ),
            why=PlaceDoubt(why),
        )
        for person, lat_deg, lon_deg, accuracy_m, at, why in _ours(
            cursor, TYPES["doubt"].values()
        )
    ]


def attendance(cursor: apsw.Cursor) -> list[Seen]:
    """Read all of a result of `ATTENDANCE`."""
    return [
        Seen(device=device, at=Instant(at), battery_ratio=battery_ratio)
        for device, at, battery_ratio in _ours(cursor, TYPES["attendance"].values())
    ]


def _instant(ms: int | None) -> Instant | None:
    return None if ms is None else Instant(ms)

"""The rows of a damaged table: what can be read, and what others tell of the rest.

A stream's head comes of its events, and so do the effects that an alarm has planned and
the reply codes that it has given. Of a signal that nobody has taken up an index on
pages of its own still knows; it may be an SOS, so a row in its place says that there
was one.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import apsw

from engine.journal import rows
from engine.journal.chain import GENESIS
from engine.journal.columns import effect_columns
from engine.journal.mishap import is_damage
from engine.journal.rows import EVENTS, events
from engine.journal.schema import TYPES
from engine.ports.journal import (
    SOURCE_DAMAGED,
    Code,
    EffectRow,
    Head,
    StoredEvent,
)
from engine.values import Instant

Row = tuple[Any, ...]

Events = Sequence[StoredEvent]

HeadOf = Callable[[str, Events, Instant], Head]
"""Says what the clear columns of a stream are by all of its rows, as of a moment; with
none, its rows cannot be read. It raises nothing."""

EffectsOf = Callable[[str, Events, Callable[[str], Events | None]], Sequence[EffectRow]]
"""Says which effects a stream's rows have planned, and how those stand by the rows of
streams of their own: None where those cannot be read. It raises nothing."""

CodesOf = Callable[[str, Events], Sequence[Code]]
"""Says which reply codes a stream's rows have given to whom. It raises nothing."""

_BODY: Final = b"{}"


def _unread_head(_: str, __: Events, now: Instant) -> Head:
    return Head(status="unread", is_open=True, next_due=now)


def _no_effects(*_: object) -> Sequence[EffectRow]:
    return ()


def _no_codes(*_: object) -> Sequence[Code]:
    return ()


class Replay(NamedTuple):
    """Who knows what events come to; without them nothing comes back but its name."""

    head_of: HeadOf = _unread_head
    effects_of: EffectsOf = _no_effects
    codes_of: CodesOf = _no_codes


NOBODY: Final = Replay()


def readable(connection: apsw.Connection, table: str) -> tuple[list[Row], bool]:
    """Return each row that can be read, from either end up to the damage.

    And whether those are all: then an index alone is damaged.
    """
    found: dict[Any, Row] = {}
    is_all = True
    for order in ("ASC", "DESC"):
        wanted = f"SELECT * FROM {table} ORDER BY 1 {order}"  # noqa: S608 - our own names
        with PastDamage():
            for row in connection.execute(wanted):
                if fits(table, row):
                    found.setdefault(row[0], row)
                else:
                    is_all = False
            return list(found.values()), is_all
        is_all = False
    return list(found.values()), is_all


class PastDamage:
    """Leaves a block at a page or sector that is damaged, or at a wrong value."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> bool:
        """Say whether to go on behind the block."""
        is_value = isinstance(error, (ValueError, TypeError))
        return is_value or (isinstance(error, apsw.Error) and is_damage(error))


def fits(table: str, row: Row) -> bool:
    """Say whether the values of a row are ours; one that has others is as lost.

    A changed bit makes bytes of a text: no new table would take such a row.
    """
    if not all(map(isinstance, row, TYPES[table].values())):
        return False
    try:
        _VALUES[table]([row])
    except (ValueError, TypeError):
        return False
    return table != "stream" or row[6] in {0, 1}


_VALUES: Final[dict[str, Callable[[Any], object]]] = {
    "place": rows.places,
    "attendance": rows.attendance,
    "doubt": rows.doubts,
    "effect": rows.effects,
    "inbound": rows.inbound,
    "stream": list,
    "code": list,
}
"""What makes values of a table's rows; it raises where one is none of ours."""


def heads(connection: apsw.Connection, replay: Replay) -> Iterator[Row]:
    """Yield the heads that can be read, and for each other stream one of its events.

    Raises:
        apsw.Error, ValueError: not even which streams there are can be read.

    """
    kept, _ = readable(connection, "stream")
    yield from kept
    found = {row[0] for row in kept}
    names = "SELECT stream, max(seq) FROM event GROUP BY stream"
    now = _last_at(connection)
    ends = dict(connection.execute(names))
    for stream in _named(ends):
        if stream not in found:
            row = _row(connection, "stream", stream)
            seq = ends[stream]
            yield row or _head(connection, stream, seq, replay.head_of, now)


def effects(connection: apsw.Connection, replay: Replay) -> Iterator[Row]:
    """Yield the effects that can be read, and what events have planned beside those.

    Raises:
        apsw.Error, ValueError: not even which streams there are can be read.

    """
    kept, is_all = readable(connection, "effect")
    yield from kept
    found = {row[0] for row in kept}
    for owner in [] if is_all else _owners(connection, found):
        for effect in replay.effects_of(
            owner,
            _stream(connection, owner) or (),
            lambda stream: _stream(connection, stream),
        ):
            if effect.effect_id not in found:
                yield _row(connection, "effect", effect.effect_id) or effect_columns(
                    effect
                )


def _owners(connection: apsw.Connection, found: Collection[str]) -> list[str]:
    """Return whose effects are lost; all who may have some where no index says it."""
    wanted = "SELECT alarm, effect_id FROM effect ORDER BY alarm"
    with PastDamage():
        lost = [
            owner for owner, effect in connection.execute(wanted) if effect not in found
        ]
        if all(isinstance(owner, str) for owner in lost):
            return list(dict.fromkeys(lost))
    return _streams(connection)


def _streams(connection: apsw.Connection) -> list[str]:
    names = "SELECT DISTINCT stream FROM event"
    return _named(name for (name,) in connection.execute(names))


def _named(streams: Iterable[object]) -> list[str]:
    """Return them, if each is a text: a changed bit makes a number or nothing of one.

    Raises:
        ValueError: whose events those are nobody can tell.

    """
    names = list(streams)
    found = [name for name in names if isinstance(name, str)]
    if len(found) < len(names):
        message = "a stream has a name that is no text"
        raise ValueError(message)
    return found


def codes(connection: apsw.Connection, replay: Replay) -> Iterator[Row]:
    """Yield the codes that can be read, and what alarms have given beside those.

    A code that nobody knew of might be drawn for somebody else.

    Raises:
        apsw.Error, ValueError: not even which streams there are can be read.

    """
    kept, is_all = readable(connection, "code")
    yield from kept
    found = {row[0] for row in kept}
    for stream in [] if is_all else _streams(connection):
        if stream.startswith("alarm/"):
            for given in replay.codes_of(stream, _stream(connection, stream) or ()):
                if given.code not in found:
                    yield given.code, given.stream, given.person


def signals(connection: apsw.Connection) -> Iterator[Row]:
    """Yield the signals that can be read, and one in the place of each that was to be.

    Nobody has taken those up. They have keys of their own: the device's repeat of a
    lost one is no repeat then, and raises.
    """
    kept, is_all = readable(connection, "inbound")
    yield from kept
    found = {row[0] for row in kept}
    for key, received_ms in [] if is_all else _untaken(connection):
        if key not in found:
            row = _row(connection, "inbound", key)
            yield row or _lost(key, received_ms)


def _untaken(connection: apsw.Connection) -> list[tuple[str, int]]:
    """Return what nobody took up; where that cannot be read, one stands for them."""
    wanted = "SELECT key, received_at FROM inbound WHERE taken_by = ''"
    with PastDamage():
        return list(connection.execute(wanted))
    return [("unknown", _last_at(connection).ms)]


def _lost(key: str, received_ms: int) -> Row:
    own = hashlib.sha256(f"damaged/{key}/{received_ms}".encode()).hexdigest()[:32]
    return own, SOURCE_DAMAGED, received_ms, _BODY, ""


def _head(
    connection: apsw.Connection, stream: str, seq: int, head_of: HeadOf, now: Instant
) -> Row:
    head = head_of(stream, _stream(connection, stream) or (), now)
    epoch, digest = _end(connection, stream, seq)
    due = None if head.next_due is None else head.next_due.ms
    columns = head.status, int(head.is_open), due, head.subject
    return stream, "engine", epoch, seq, digest, *columns


def _stream(connection: apsw.Connection, stream: str) -> Events | None:
    """Return all rows of a stream; None where one of them cannot be read."""
    with PastDamage():
        wanted = f"{EVENTS} WHERE stream = ? ORDER BY seq"
        found = events(connection.execute(wanted, (stream,)))
        return found if not found or found[-1].seq == len(found) else None
    return None


def _end(connection: apsw.Connection, stream: str, seq: int) -> tuple[int, bytes]:
    """Return of whose epoch a stream's last row is, and its hash.

    `GENESIS` where it cannot be read, which is no row's: nothing is written behind it
    before that row has been read after all (`engine.journal.standing`).
    """
    with PastDamage():
        wanted = "SELECT epoch, hash FROM event WHERE stream = ? AND seq = ?"
        for epoch, digest in connection.execute(wanted, (stream, seq)):
            return epoch, digest
    return 0, GENESIS


def _row(connection: apsw.Connection, table: str, key: str) -> Any:
    """Return a row that lies between two damaged ones."""
    with PastDamage():
        wanted = f"SELECT * FROM {table} WHERE {_KEYS[table]} = ?"  # noqa: S608 - our own names
        row = connection.execute(wanted, (key,)).fetchone()
        return row if row and fits(table, row) else None
    return None


_KEYS: Final = {"stream": "stream", "inbound": "key", "effect": "effect_id"}


def _last_at(connection: apsw.Connection) -> Instant:
    """Return when the journal was written last."""
    for (at,) in connection.execute("SELECT at FROM journal"):
        return Instant(at or 0)
    return Instant(0)

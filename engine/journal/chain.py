"""The hash chains: each stream's own, and the head over all appends.

A row's hash is SHA-256 over the previous hash of its stream and every other
column in a canonical encoding: integers as 8 bytes big-endian, texts as UTF-8 and
bytes each behind its length in 8 bytes. No two rows share an encoding. The head
over all appends is SHA-256 over the previous head and the row's hash, in order of
position, so that cutting whole streams away shows as well.
"""

import hashlib
import struct
from typing import Final

from engine.ports.journal import Append, NewEvent, StoredEvent
from engine.values import Instant

GENESIS: Final = bytes(32)
_ROW_DOMAIN: Final = b"natalia/journal/row/1\x00"
_HEAD_DOMAIN: Final = b"natalia/journal/head/1\x00"
_INTEGERS: Final = struct.Struct(">qqqqq")
_LENGTH: Final = struct.Struct(">q")


def row_hash(previous: bytes, event: StoredEvent) -> bytes:
    """Return what `event.hash` must be behind `previous`, its stream's last hash.

    Raises:
        struct.error: an integer does not fit 64 bits.
        UnicodeEncodeError: a text holds a lone surrogate.

    """
    return _hash(
        previous,
        (event.position, event.seq, event.epoch, event.version, event.at.ms),
        (event.stream, event.command_id, event.kind),
        event.body,
    )


def next_head(head: bytes, row: bytes) -> bytes:
    """Return the head over all appends behind one more row with hash `row`."""
    return hashlib.sha256(_HEAD_DOMAIN + head + row).digest()


def sealed(
    previous: bytes,
    append: Append,
    new: NewEvent,
    *,
    position: int,
    seq: int,
    at: Instant,
) -> StoredEvent:
    """Return a new event as its row behind `previous`, the stream's last hash."""
    digest = _hash(
        previous,
        (position, seq, append.epoch, new.version, at.ms),
        (append.stream, append.command_id, new.kind),
        new.body,
    )
    return StoredEvent(
        position=position,
        stream=append.stream,
        seq=seq,
        epoch=append.epoch,
        command_id=append.command_id,
        kind=new.kind,
        version=new.version,
        at=at,
        body=new.body,
        hash=digest,
    )


def _hash(
    previous: bytes, integers: tuple[int, ...], texts: tuple[str, str, str], body: bytes
) -> bytes:
    length = _LENGTH.pack
    stream, command_id, kind = map(str.encode, texts)
    parts = (
        *(_ROW_DOMAIN, previous, _INTEGERS.pack(*integers)),
        *(length(len(stream)), stream),
        *(length(len(command_id)), command_id),
        *(length(len(kind)), kind),
        *(length(len(body)), body),
    )
    return hashlib.sha256(b"".join(parts)).digest()

"""The hash chains: each stream's own, and the head over all appends.

A row's hash is SHA-256 over the previous hash of its stream and every other
column in a canonical encoding: integers as 8 bytes big-endian, texts as UTF-8 and
bytes each behind its length in 8 bytes. No two rows share an encoding. The head
over all appends is SHA-256 over the previous head and the row's hash, in order of
position, so that cutting whole streams away shows as well.
"""

import hashlib
import struct
from dataclasses import replace
from typing import Final

from engine.ports.journal import StoredEvent

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
    digest = hashlib.sha256(_ROW_DOMAIN + previous)
    digest.update(
        _INTEGERS.pack(
            event.position, event.seq, event.epoch, event.version, event.at.ms
        )
    )
    for part in (
        event.stream.encode(),
        event.command_id.encode(),
        event.kind.encode(),
        event.body,
    ):
        digest.update(_LENGTH.pack(len(part)) + part)
    return digest.digest()


def next_head(head: bytes, row: bytes) -> bytes:
    """Return the head over all appends behind one more row with hash `row`."""
    return hashlib.sha256(_HEAD_DOMAIN + head + row).digest()


def sealed(previous: bytes, event: StoredEvent) -> StoredEvent:
    """Return the row with its hash behind `previous`, whatever hash it had."""
    return replace(event, hash=row_hash(previous, event))

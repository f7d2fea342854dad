"""Walking the whole journal: is every row where and what it was when written?

Pure: rows in order of position come in, a verdict goes out. What it cannot see: a
journal rewritten from some row to its end, hashes, heads and all. Against that an
auditor keeps an anchor (position and head) elsewhere and gives it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.journal.chain import GENESIS, next_head, row_hash
from engine.ports.journal import StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the journal says of itself: its head, and each stream's seq and hash."""

    position: int
    head: bytes
    streams: Mapping[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A head that somebody noted outside the journal when it stood at `position`."""

    position: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """The first row that is not as it was written; `stream` is "" where unknown."""

    position: int
    stream: str
    seq: int
    differs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How far the walk came; `bad` is None where every row is good."""

    position: int
    head: bytes
    streams: int
    bad: BadRow | None = None


@dataclass(slots=True)
class _Walk:
    anchor: Anchor | None
    position: int = 0
    head: bytes = GENESIS
    ends: dict[str, StoredEvent] = field(default_factory=dict)

    def step(self, row: StoredEvent) -> BadRow | None:
        differs = self._difference(row)
        if differs is not None:
            return _bad(row, differs)
        self.position = row.position
        self.head = next_head(self.head, row.hash)
        self.ends[row.stream] = row
        return self._unanchored()

    def _difference(self, row: StoredEvent) -> str | None:
        end = self.ends.get(row.stream)
        seq, epoch, previous = (0, 0, GENESIS) if end is None else _end(end)
        if row.position != self.position + 1:
            return f"position: {self.position + 1} is missing before it"
        if row.seq != seq + 1:
            return f"seq: {seq + 1} was due in its stream"
        if row.epoch < epoch:
            return f"epoch: {row.epoch} comes after {epoch}"
        try:
            fits = row_hash(previous, row) == row.hash
        except (TypeError, ValueError):
            fits = False
        return None if fits else "hash: this row or the one before it was changed"

    def _unanchored(self) -> BadRow | None:
        anchor = self.anchor
        if anchor is None or anchor.position != self.position:
            return None
        if anchor.head == self.head:
            return None
        differs = "anchor: the head noted here was another; rows up to it are rewritten"
        return BadRow(position=self.position, stream="", seq=0, differs=differs)


def verify(
    rows: Iterable[StoredEvent], kept: Kept, anchor: Anchor | None = None
) -> Verdict:
    """Walk all rows in order of position and compare with what the journal kept."""
    walk = _Walk(anchor)
    bad = next(filter(None, map(walk.step, rows)), None) or _unkept(walk, kept)
    if bad is None and anchor is not None and anchor.position > walk.position:
        differs = "anchor: rows up to the noted position are missing"
        bad = BadRow(position=walk.position + 1, stream="", seq=0, differs=differs)
    return Verdict(
        position=walk.position, head=walk.head, streams=len(walk.ends), bad=bad
    )


def _unkept(walk: _Walk, kept: Kept) -> BadRow | None:
    """Find rows cut off the end, and heads that do not belong to their rows."""
    for stream, (seq, digest) in sorted(kept.streams.items()):
        end = walk.ends.get(stream)
        last = 0 if end is None else end.seq
        if last < seq:
            differs = f"seq: {last + 1} to {seq} are missing at the stream's end"
            return BadRow(
                position=walk.position + 1, stream=stream, seq=last + 1, differs=differs
            )
        if end is not None and (end.seq, end.hash) != (seq, digest):
            return _bad(end, "stream head: it keeps another seq or hash")
    for stream, end in sorted(walk.ends.items()):
        if stream not in kept.streams:
            return _bad(end, "stream head: there is none")
    if kept.position > walk.position:
        differs = f"position: rows up to {kept.position} are missing"
        return BadRow(position=walk.position + 1, stream="", seq=0, differs=differs)
    if (kept.position, kept.head) != (walk.position, walk.head):
        differs = "journal head: it keeps another position or hash"
        return BadRow(position=walk.position, stream="", seq=0, differs=differs)
    return None


def _end(row: StoredEvent) -> tuple[int, int, bytes]:
    return row.seq, row.epoch, row.hash


def _bad(row: StoredEvent, differs: str) -> BadRow:
    return BadRow(
        position=row.position, stream=row.stream, seq=row.seq, differs=differs
    )

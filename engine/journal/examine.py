"""Verifying a journal's file: SQLite's own check, then the walk over all rows."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import JournalError
from engine.journal.reading import SqliteReader
from engine.journal.verify import Anchor, BadRow, Verdict, verify
from engine.ports.journal import StoredEvent

_BATCH_ROWS: Final = 1_000


@dataclass(slots=True)
class _Rows:
    """All rows in order, and how far reading has come."""

    reader: SqliteReader
    position: int = 0

    def __iter__(self) -> Iterator[StoredEvent]:
        while batch := self.reader.after(self.position, _BATCH_ROWS):
            for row in batch:
                self.position = row.position
                yield row


def examine(reader: SqliteReader, anchor: Anchor | None = None) -> Verdict:
    """Return how far the journal is good and the first row that is not.

    The engine may go on writing: everything is looked at as of one moment. A page
    that cannot be read makes the row after the last readable one the bad one.
    """
    with reader.snapshot():
        rows = _Rows(reader)
        try:
            verdict = verify(rows, reader.kept(), anchor)
        except JournalError as error:
            bad = BadRow(
                position=rows.position + 1, stream="", seq=0, differs=str(error)
            )
            return Verdict(position=rows.position, head=b"", streams=0, bad=bad)
        if verdict.bad is not None:
            return verdict
        fault = _page_fault(reader)
    if fault is None:
        return verdict
    bad = BadRow(position=0, stream="", seq=0, differs=f"file: {fault}")
    return replace(verdict, bad=bad)


def _page_fault(reader: SqliteReader) -> str | None:
    try:
        return next(iter(reader.page_faults()), None)
    except JournalError as error:
        return str(error)

"""Readers lent to whoever needs one for a moment: opening one costs a file handle."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from engine.ports.journal import JournalReader

KEPT = 24
"""Enough for every thread that decides or sends; each holds two file handles."""


class ReaderPool:
    """Lends read-only views; from any thread, each view to one at a time."""

    def __init__(self, open_reader: Callable[[], JournalReader]) -> None:
        """Open none yet; at most `KEPT` are kept open between loans."""
        self._open = open_reader
        # Its ends are atomic: many alarms at once borrow several times each, and a
        # queue's lock is where they would wait for each other.
        self._free: deque[JournalReader] = deque()

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        """Lend a view for the length of the block."""
        try:
            lent = self._free.pop()
        except IndexError:
            lent = self._open()
        try:
            yield lent
        except BaseException:
            lent.close()
            raise
        if len(self._free) < KEPT:
            self._free.append(lent)
        else:
            lent.close()

    def close(self) -> None:
        """Close what is kept; what is lent is closed by its last borrower."""
        with suppress(IndexError):
            while True:
                self._free.pop().close()

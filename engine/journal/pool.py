"""Readers lent to whoever needs one for a moment: opening one costs a file handle."""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.ports.journal import JournalReader

KEPT = 8


class ReaderPool:
    """Lends read-only views; from any thread, each view to one at a time."""

    def __init__(self, open_reader: Callable[[], JournalReader]) -> None:
        """Open none yet; at most `KEPT` are kept open between loans."""
        self._open = open_reader
        self._free: queue.LifoQueue[JournalReader] = queue.LifoQueue(KEPT)

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        """Lend a view for the length of the block."""
        try:
            lent = self._free.get_nowait()
        except queue.Empty:
            lent = self._open()
        try:
            yield lent
        except BaseException:
            lent.close()
            raise
        try:
            self._free.put_nowait(lent)
        except queue.Full:
            lent.close()

    def close(self) -> None:
        """Close what is kept; what is lent is closed by its last borrower."""
        while True:
            try:
                self._free.get_nowait().close()
            except queue.Empty:
                return

"""What an engine runs on whose journal is damaged, or gone, or takes no write.

One that did not start would hear no SOS until somebody restored a backup. On this it
hears each, acknowledges none, and HQ is told of it from memory. No new journal is begun
beside: in that no alarm would be open, and nobody would miss one. The file is not
touched any more; a start looks at it again, and while it runs nobody does.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import JournalDamagedError, JournalError, JournalUnopenedError
from engine.journal.connection import beside, size_of
from engine.journal.memory import MemoryStore
from engine.journal.pool import ReaderPool
from engine.ports.journal import Answer, JournalReader, Request
from engine.values import Instant


class LostStore:
    """Implements `engine.ports.journal.JournalStore`: takes nothing, from any thread.

    Args:
        path: the damaged file; only its size is asked.
        why: what a start found, with the cure.

    """

    def __init__(self, path: Path, why: JournalError) -> None:
        self._path, self._why = path, str(why)
        self.epoch = 0

    @property
    def position(self) -> int:
        """None is known."""
        return 0

    @property
    def size_bytes(self) -> int:
        """The file with its log; what cannot be asked counts as nothing."""
        return sum(map(size_of, (self._path, beside(self._path, "-wal"))))

    @property
    def begun_anew(self) -> Mapping[str, int]:
        """No table: none is touched."""
        return {}

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Refuse.

        Raises:
            JournalDamagedError: always; nothing was written.

        """
        del group, now
        raise JournalDamagedError(self._why)

    def tidy(self, *, is_hurried: bool = False) -> None:
        """Do nothing."""

    def reserve_lacks(self) -> str | None:
        """Return None: more room would help nobody."""
        return None

    def reader(self) -> JournalReader:
        """Refuse.

        Raises:
            JournalUnopenedError: always.

        """
        raise JournalUnopenedError(self._why)

    def close(self) -> None:
        """Do nothing: nothing is open."""


class NothingShown:
    """Lends no view: whoever shows something must not show an empty list for true."""

    def __init__(self, store: LostStore) -> None:
        self._store = store

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        """Refuse.

        Raises:
            JournalUnopenedError: always.

        """
        yield self._store.reader()


def no_rows() -> ReaderPool:
    """Return views in which there is nothing, for who takes up what waits at a start.

    Whatever would come of it needs a row of its own, and is refused: nothing is decided
    or sent by what they do not say.
    """
    return ReaderPool(MemoryStore().reader)

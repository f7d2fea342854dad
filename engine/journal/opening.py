"""What a start takes from the journal, while files are read beside it.

Most of it is SQLite's work, which needs no lock of the interpreter: the checkpoint of
what a killed engine left in its log, and since when each alarm is open. A roster of
hundreds takes as long to read.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

from engine.errors import (
    JournalDamagedError,
    JournalError,
    JournalFullError,
    JournalLostError,
)
from engine.journal.began import began, told
from engine.journal.connection import size_of
from engine.journal.lost import LostStore, NothingShown, no_rows
from engine.journal.mishap import hanging, is_full, unwritten, write_refused
from engine.journal.pool import ReaderPool
from engine.journal.reading import SqliteReader
from engine.journal.salvage import NOBODY, Replay
from engine.journal.sqlite import SqliteStore
from engine.journal.steps import steps_told
from engine.ports.journal import (
    Begun,
    EffectState,
    JournalReader,
    JournalStore,
    Place,
    ReaderLender,
)
from engine.ports.latest import Doubt, Seen
from engine.supervision.failure import Failure
from engine.values import Instant, PersonId

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Last(Protocol):
    """How a table of last things is read."""

    def __call__(self, read: Callable[[], Sequence[T]], /) -> Sequence[T]:
        """Return what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What stood in the journal before this process wrote anything."""

    last_at: Instant | None
    attendance: Sequence[Seen]
    places: Sequence[Place]
    doubts: Sequence[Doubt]
    open_alarms: Mapping[str, Begun]
    told: frozenset[str]
    """Of which open alarms somebody has been told."""


_AGAIN_S: Final = (0.3, 2.0)
"""A disk may fail for a moment; on a lost journal nobody is shown anything."""
HANGS_S: Final = 10.0
"""So long after one step a start waits for the next: an SOS waits for the start."""
ASKED_S: Final = 1.0

_NO_ROWS: Final = Rows(
    last_at=None,
    attendance=(),
    places=(),
    doubts=(),
    open_alarms={},
    told=frozenset(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The journal: who writes it, who lends views of it, and what they found.

    Of one that is `lost_by` something nothing can be read: there is no row for whoever
    acts by `readers`, and whoever shows what is there is refused one by `shown`.
    """

    store: JournalStore
    readers: ReaderPool
    shown: ReaderLender
    rows: Rows
    lost_by: JournalError | None = None
    under_way: "Future[Opened] | None" = None
    """The opening itself, where the disk hangs in it."""

    def close(self) -> None:
        """Give it all back."""
        self.readers.close()
        self.store.close()


def opened_beside(
    path: Path,
    load: Callable[[], T],
    *,
    replay: Replay = NOBODY,
    vfs: str | None = None,
    gets_on: Callable[[], None] = lambda: None,
) -> tuple[Opened, T]:
    """Open the journal in threads of its own while `load` runs in this one.

    What `load` raises goes before what is wrong with the journal. One that is damaged
    beyond mending is opened as lost: an engine that did not start would hear no SOS.

    Args:
        path: the journal's file; its folder must be there.
        load: reads everything else that a start needs.
        replay: says what a stream's events come to where clear columns are lost.
        vfs: SQLite's name of another file layer for the writer, for fault injection.
        gets_on: called at each step; from any thread, must not block or raise.

    Raises:
        JournalError: the journal cannot be used, and is not damaged; what is in its
            way a person has to set right.

    """
    threads = ThreadPoolExecutor(2, "opening")
    with steps_told(gets_on) as steps:
        opening = threads.submit(_opened_or_lost, path, threads, replay, vfs)
        opening.add_done_callback(lambda _: threads.shutdown(wait=False))
        try:
            loaded = load()
        except BaseException:
            if steps.are_made_until(opening, HANGS_S) and opening.exception() is None:
                opening.result().close()
            raise
        if steps.are_made_until(opening, HANGS_S):
            return opening.result(), loaded
    return replace(_lost(path, hanging(path)), under_way=opening), loaded


class Reopening:
    """Opens a journal that was lost, again and again, as a start does.

    In a thread of its own, since the disk may hang: who asks waits a moment at most.
    """

    def __init__(
        self, path: Path, replay: Replay, under_way: Future[Opened] | None = None
    ) -> None:
        """Take the opening that a start has not waited for, if there is one."""
        self._path, self._replay, self._under_way = path, replay, under_way

    def __call__(self) -> JournalStore:
        """Return the store.

        Raises:
            JournalError: it cannot be used yet.

        """
        opening = self._under_way or self._begin()
        self._under_way = opening
        try:
            opened = opening.result(timeout=ASKED_S)
        except TimeoutError as error:
            raise hanging(self._path) from error
        except BaseException:
            self._under_way = None
            raise
        self._under_way = None
        opened.readers.close()
        if opened.lost_by is not None:
            raise opened.lost_by
        return opened.store

    def _begin(self) -> Future[Opened]:
        threads = ThreadPoolExecutor(2, "opening")
        opening = threads.submit(_opened, self._path, threads, self._replay, None)
        opening.add_done_callback(lambda _: threads.shutdown(wait=False))
        return opening


def _opened_or_lost(
    path: Path, threads: ThreadPoolExecutor, replay: Replay, vfs: str | None
) -> Opened:
    for wait_s in (*_AGAIN_S, 0.0):
        try:
            return _opened(path, threads, replay, vfs)
        except JournalError as error:
            why = _lost_by(path, error)
        threading.Event().wait(wait_s)
    return _lost(path, why)


def _lost(path: Path, why: JournalError) -> Opened:
    logger.critical("nothing can be recorded or read: %s", why)
    store = LostStore(path, why)
    return Opened(
        store=store,
        readers=no_rows(),
        shown=NothingShown(store),
        rows=_NO_ROWS,
        lost_by=why,
    )


def _lost_by(path: Path, error: JournalError) -> JournalError:
    """Return why nothing can begin on a journal that was one.

    Raises:
        JournalError: as it was; a person has to set it right, who is there.

    """
    if isinstance(error, JournalLostError):
        return error
    if size_of(path):
        if isinstance(error, JournalFullError):
            return error
        refused = write_refused(path.parent)
        if refused is not None:
            return unwritten(path, str(error), is_full=is_full(refused))
    raise error


def _opened(
    path: Path, threads: ThreadPoolExecutor, replay: Replay, vfs: str | None
) -> Opened:
    readers = ReaderPool(partial(SqliteReader, path))
    reading: list[Future[Rows]] = []

    def sound() -> None:
        reading.append(threads.submit(_checked_rows, readers, path))

    def has_read() -> None:
        for each in reading:
            each.exception()

    with ExitStack() as undo:
        undo.callback(readers.close)
        undo.callback(has_read)
        store = SqliteStore(path, vfs=vfs, sound=sound, replay=replay)
        undo.callback(store.close)
        rows = _read(reading[0], store, readers)
        opened = Opened(store=store, readers=readers, shown=readers, rows=rows)
        undo.pop_all()
    return opened


def _read(reading: Future[Rows], store: SqliteStore, readers: ReaderPool) -> Rows:
    try:
        return reading.result()
    except JournalError:
        with suppress(JournalFullError, JournalDamagedError):
            store.mend()
    with readers.reader() as reader:
        _check_needed(reader)
    return _rows(readers, _legible)


def _check_needed(reader: JournalReader) -> None:
    """Read what whoever starts cannot do without, once no more can be mended.

    Else they end by it, one after another, and the engine with them, at each start.
    """
    reader.position()
    reader.heads("", open_only=False)
    reader.inbound(untaken_only=True)


def _checked_rows(readers: ReaderPool, path: Path) -> Rows:
    """Read as well what every start needs, of what is mended where it is damaged.

    Nobody may be paged with a code before all codes could be read.
    """
    with closing(SqliteReader(path)) as own:
        own.check_found()
    with readers.reader() as reader:
        reader.heads("", open_only=True)
        reader.inbound(untaken_only=True)
        reader.effects(frozenset({EffectState.PLANNED, EffectState.ATTEMPTING}))
        reader.told("alarm/")
        reader.codes_of(PersonId(""))  # no index: it reads all of them
    return _rows(readers)


def _rows(readers: ReaderPool, last: Last = lambda read: read()) -> Rows:
    with readers.reader() as reader:
        return Rows(
            last_at=reader.last_at(),
            attendance=last(reader.attendance),
            places=last(reader.places),
            doubts=last(reader.doubts),
            open_alarms=began(reader),
            told=told(reader),
        )


def _legible(read: Callable[[], Sequence[T]]) -> Sequence[T]:
    """Return last things; none where a value among them is not what it was written.

    All of it is said again soon. Without last fixes those who are near are found by
    declared places, and an engine that does not start finds nobody.
    """
    try:
        return read()
    except JournalError as error:
        logger.error("last things cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        return ()

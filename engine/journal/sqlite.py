"""The default journal: one SQLite file beside its write-ahead log."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import apsw

from engine.errors import JournalDamagedError, JournalError, JournalFullError
from engine.journal.apart import apart
from engine.journal.aside import set_aside
from engine.journal.ballast import BALLAST_BYTES, Ballast
from engine.journal.connection import BALLAST_SUFFIX, beside, open_writer, size_of
from engine.journal.indices import built_anew
from engine.journal.mishap import explained, is_damage, is_full
from engine.journal.reading import SqliteReader
from engine.journal.rules import OVERWRITTEN
from engine.journal.salvage import NOBODY, Replay
from engine.journal.tail import check_goes_on, found_position
from engine.journal.writing import answers_of
from engine.ports.journal import Answer, JournalReader, Request, Unknown
from engine.values import Instant

T = TypeVar("T")

JOURNAL_FILE: Final = "journal.db"
"""The journal's name in a state folder."""

CHECKPOINT_PAGES: Final = 1_000
"""Log pages (4 KiB) that a checkpoint is worth."""

LOG_PAGES_MAX: Final = 4_000
"""Pages of the log alone at which a checkpoint waits for no calm: the ballast has room
for them, so that a log which met a full disk can still be copied. A checkpoint takes
two fsyncs and the log's new beginning a third, and everybody who asks waits for them.
Where a thousand alarms at once are told of within two seconds, 6,000 pages are written,
and 15,000 where the disk is fast."""

CLOSING_MS: Final = 300
"""How long a stop, which has three seconds, waits for somebody who reads."""

_SCARCE: Final = "the disk is nearly full: last fixes wait for room"
_UNREADABLE: Final = "a page of last fixes is damaged: they begin anew"


class SqliteStore:
    """Implements `engine.ports.journal.JournalStore` (WAL, synchronous=FULL).

    Opening it takes the next epoch, durably. On a disk so full that not even that fits,
    the first commit that finds room does it: until then each is refused, so that HQ is
    told from memory. So is each while no event can follow, since a page cannot be read.
    Made in any thread, then used from the journal's alone; `reader` from any.

    Args:
        path: the file; its folder must be there.
        vfs: SQLite's name of another file layer, for fault injection.
        ballast_bytes: space held back for a full disk, in a file beside.
        sound: called in this thread once the file has turned out to be a journal
            that can be read, before its log is copied into it.
        replay: says what a stream's events come to where clear columns are lost.

    Raises:
        JournalError: the file cannot serve; names what, why and the cure.

    """

    def __init__(
        self,
        path: Path,
        *,
        vfs: str | None = None,
        ballast_bytes: int = BALLAST_BYTES,
        sound: Callable[[], None] | None = None,
        replay: Replay = NOBODY,
    ) -> None:
        self._path, self._vfs, self._replay = path, vfs, replay
        self._ballast = Ballast(beside(path, BALLAST_SUFFIX), ballast_bytes)
        self._failure: JournalError | None = None
        self._damage: Exception | None = None
        self._begun_anew: dict[str, int] = {}
        self._has_begun = self._is_closed = self._is_past_mending = False
        self._log_pages = self._copied_pages = 0
        self._checkpoint_at = CHECKPOINT_PAGES
        # Its log's index alone, which a start makes anew, takes space.
        self._connection = self._with_room(partial(open_writer, path, vfs))
        try:
            found = partial(found_position, path, self._connection, self._begun_anew)
            self._position, self._is_at_damage = self._with_room(found)
            if sound is not None:
                sound()
            self._connection.set_wal_hook(self._on_commit)
            self.epoch = int(
                self._connection.execute("SELECT epoch + 1 FROM journal").get
            )
            with suppress(JournalFullError):
                self._begin("open")
        except (apsw.Error, JournalError) as error:
            self._abandon()
            if isinstance(error, JournalError):
                raise
            raise explained(path, "open", error) from error
        self._ballast.restore()

    @property
    def position(self) -> int:
        """The last durable journal position."""
        return self._position

    @property
    def size_bytes(self) -> int:
        """The file with its log; what cannot be asked counts as nothing."""
        return sum(map(size_of, (self._path, beside(self._path, "-wal"))))

    @property
    def begun_anew(self) -> Mapping[str, int]:
        """Tables and indices that were damaged in this life, with the rows left."""
        return self._begun_anew

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Make a group durable in one commit and answer each request in order.

        On a full disk the ballast is freed, the log made free to begin anew, and
        the group tried once more, without its last fixes: they are answered with
        `Unknown` until the ballast lies again. So are they where a page of them is
        damaged, until `tidy` has begun their table anew. A page of heads, signals or
        codes, or of an index of the events, has theirs begun anew at once. Where that
        cannot be, who meets it alone is answered with `Unknown`.

        Raises:
            JournalFullError: no space; nothing was written, the store stays usable.
            JournalDamagedError: a page cannot be read; as with no space.
            JournalError: the medium failed; this and every later call.

        """
        if self._failure is not None:
            raise self._failure
        self._begin("write")
        if self._is_at_damage:
            self._look_again()
        spares = _SCARCE if self._ballast.is_freed else ""
        spares = _UNREADABLE if self._damage is not None else spares
        try:
            try:
                return self._with_ballast(group, now, spares)
            except (apsw.Error, OSError) as error:
                if not is_damage(error):
                    raise
                self._damage = error
            return self._past_damage(group, now)
        except JournalDamagedError as error:
            return self._apart(group, now, error)
        except (apsw.Error, OSError) as error:
            return self._apart(group, now, self._refusal(error, "write"))

    def tidy(self, *, is_hurried: bool = False) -> None:
        """Checkpoint (PASSIVE) once the log is long, and lay the ballast again.

        Before that, what a commit has found damaged is set aside.

        Raises:
            JournalError: the medium failed; this and every later call.

        """
        if self._failure is not None:
            raise self._failure
        if self._damage is not None:
            self._mend_last_fixes(self._damage)
        later = self._copied_pages + LOG_PAGES_MAX if is_hurried else 0
        if self._log_pages >= max(self._checkpoint_at, later):
            try:
                self._checkpoint()
            except (apsw.Error, OSError) as error:
                # The log still holds every row: a full disk is no loss here.
                if not is_full(error):
                    raise self._broken(error, "checkpoint") from error
        if self._ballast.is_freed:
            self._ballast.restore()

    def reserve_lacks(self) -> str | None:
        """Lay the ballast where it does not lie; say why it could not be."""
        return self._ballast.restore()

    def mend(self) -> bool:
        """Begin damaged tables and indices anew, of those that can be; say if any were.

        On a full disk the ballast is given for it.

        Raises:
            JournalFullError: no space; nothing was done.
            JournalDamagedError: what is damaged cannot be; nothing was done.
            JournalError: the medium failed; this and every later call.

        """
        return self._with_room(self._mend)

    def _mend(self) -> bool:
        self._begin("write")
        try:
            # First: what is lost of the tables comes back by what the events say.
            self._begun_anew |= (built := built_anew(self._connection))
            found = set_aside(self._connection, self._replay)
        except (apsw.Error, OSError, ValueError) as error:
            raise self._refusal(error, "begin a damaged table anew") from error
        self._begun_anew |= found
        return bool(built or found)

    def reader(self) -> JournalReader:
        """Open another read-only view; from any thread."""
        return SqliteReader(self._path, vfs=self._vfs)

    def close(self) -> None:
        """Checkpoint and close; safe to call twice, never raises.

        After a failure nothing is written any more: what the disk holds is what
        the next opening must start from.
        """
        if self._is_closed:
            return
        if self._failure is not None:
            self._abandon()
            return
        # SQLite takes the log away with the last connection alone, and the service's
        # readers and the auditor have theirs longer: the log is emptied before.
        try:
            self._connection.set_busy_timeout(CLOSING_MS)
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except (apsw.BusyError, apsw.LockedError):
            pass  # somebody reads just now; the log stays and has every row
        except (apsw.Error, OSError):
            self._abandon()
            return
        self._is_closed = True
        with suppress(apsw.Error, OSError):
            self._connection.close()

    def _with_ballast(
        self, group: Sequence[Request], now: Instant, spares: str
    ) -> list[Answer]:
        """Write a group; on a full disk give the ballast, and try once more."""
        try:
            return self._transact(group, now, spares)
        except (apsw.Error, OSError) as error:
            if not is_full(error):
                raise
            self._make_room()
        return self._transact(group, now, spares or _SCARCE)

    def _transact(
        self, group: Sequence[Request], now: Instant, spares: str
    ) -> list[Answer]:
        """Write a group; `spares` says why last fixes are left out, if they are."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            wanted = [
                request
                for request in group
                if not (spares and isinstance(request, OVERWRITTEN))
            ]
            found, position = answers_of(self._connection, wanted, now)
            self._connection.execute("COMMIT")
        except BaseException:
            # Some errors roll back by themselves.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._position = position
        answers = iter(found)
        return [
            Unknown(reason=spares, is_full=spares == _SCARCE)
            if spares and isinstance(request, OVERWRITTEN)
            else next(answers)
            for request in group
        ]

    def _past_damage(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Write a group that met damage: without last fixes, or once that is mended."""
        try:
            return self._with_ballast(group, now, _UNREADABLE)
        except (apsw.Error, OSError) as error:
            if not is_damage(error) or not self.mend():
                raise
            self._damage = None
        spares = _SCARCE if self._ballast.is_freed else ""
        return self._with_ballast(group, now, spares)

    def _apart(
        self, group: Sequence[Request], now: Instant, refusal: JournalError
    ) -> Sequence[Answer]:
        """Write what of a group a page that stays unread does not concern, if any."""
        if len(group) == 1 or not isinstance(refusal, JournalDamagedError):
            raise refusal
        self._look_again()
        spares = _SCARCE if self._ballast.is_freed else ""
        try:
            return apart(group, lambda it: self._with_ballast(it, now, spares), refusal)
        except (apsw.Error, OSError) as error:
            raise self._broken(error, "write") from error

    def _mend_last_fixes(self, damage: Exception) -> None:
        try:
            is_mended = self._mend()
        except (JournalFullError, JournalDamagedError):
            return  # the next commit makes room or refuses; last fixes wait until then
        if not is_mended:
            self._refusal(damage, "write")
        self._damage = None

    def _look_again(self) -> None:
        """Refuse before anything is tried: a signal alone would be answered for."""
        try:
            check_goes_on(self._path, self._connection, self._mend_once)
        except apsw.Error as error:
            raise self._refusal(error, "write") from error
        self._is_at_damage = self._is_past_mending = False

    def _mend_once(self) -> bool:
        """Read all of the journal no second time where that was in vain."""
        with suppress(JournalDamagedError):
            if not self._is_past_mending and self.mend():
                return True
        self._is_past_mending = True
        return False

    def _with_room(self, act: Callable[[], T]) -> T:
        """Do what a start cannot do without; on a full disk give the ballast for it."""
        try:
            return act()
        except (apsw.Error, JournalError) as error:
            is_for_room = isinstance(error, JournalFullError) or is_full(error)
            if not (is_for_room and self._ballast.free()):
                raise
        return act()

    def _begin(self, act: str) -> None:
        """Copy the log and make the epoch durable, once, before all that is written."""
        if self._has_begun:
            return
        try:
            self._with_room(self._checkpoint)
            taken = "UPDATE journal SET epoch = ?1 WHERE epoch < ?1 RETURNING epoch"
            is_ours = self._with_room(
                lambda: self._connection.execute(taken, (self.epoch,)).fetchall()
            )
            if not is_ours:
                # Whoever came since has the same epoch, or a larger one.
                raise apsw.BusyError
        except (apsw.Error, OSError) as error:
            raise self._broken(error, act) from error
        self._has_begun = True

    def _make_room(self) -> None:
        self._ballast.free()
        try:
            self._checkpoint()
        except (apsw.Error, OSError) as error:
            if not is_full(error):
                raise

    def _checkpoint(self) -> None:
        """Copy the log into the file as far as readers allow.

        At opening this also cures a log whose fsync failed in the last life: what
        the page cache still shows is written and synced anew, elsewhere.
        """
        try:
            pages, self._copied_pages = self._connection.wal_checkpoint(
                mode=apsw.SQLITE_CHECKPOINT_PASSIVE
            )
        except (apsw.BusyError, apsw.LockedError):
            pages = self._log_pages  # somebody reads the log just now
        self._log_pages, self._checkpoint_at = pages, pages + CHECKPOINT_PAGES

    def _on_commit(
        self, _connection: apsw.Connection, _database: str, pages: int
    ) -> int:
        if pages < self._log_pages:
            # The log began anew.
            self._checkpoint_at, self._copied_pages = CHECKPOINT_PAGES, 0
        self._log_pages = pages
        return apsw.SQLITE_OK

    def _refusal(self, error: Exception, act: str) -> JournalError:
        """Return why nothing was written; a page that cannot be read ends nothing."""
        if not (is_damage(error) or isinstance(error, ValueError)):  # a wrong value
            return self._broken(error, act)
        self._is_at_damage, self._damage = True, None
        return JournalDamagedError(str(explained(self._path, act, error)))

    def _broken(self, error: Exception, act: str) -> JournalError:
        failure = explained(self._path, act, error)
        if not is_full(error):
            self._failure = failure
        return failure

    def _abandon(self) -> None:
        self._is_closed = True
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self._connection.close(force=True)

"""Opening SQLite as a journal needs it, with every setting read back.

One writing connection that alone checkpoints; readers are `mode=ro`. Between
SQLite 3.7.0 and 3.51.2 two connections that write or checkpoint in the same moment
may corrupt the file (the WAL-reset bug), so those versions are refused.
"""

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote

import apsw

from engine.errors import JournalError, JournalUnmadeError
from engine.journal.mishap import explained, lost, stated
from engine.journal.schema import APPLICATION_ID, VERSIONS

SQLITE_VERSION_MIN: Final = (3, 51, 3)
BUSY_TIMEOUT_MS: Final = 2_000
STATEMENTS_KEPT: Final = 256
"""There is one for each number of rows up to sixteen, of each table."""
BALLAST_SUFFIX: Final = "-ballast"
_LOST_CURE: Final = "restore a backup"
_TABLES: Final = "SELECT count(*) FROM sqlite_schema"
_MAGIC: Final = b"SQLite format 3\x00"
_NUMBER_MAX: Final = 999
"""No engine has ever numbered its tables so far, nor below nought: a changed bit."""
_FORMATS: Final = slice(18, 20)
_FORMAT_MAX: Final = 2
"""Where the header has the formats to write and to read it by. One that SQLite does not
know is a changed bit: it takes such a file for one that may only be read."""

Setting = tuple[str, str, str | int]

_SHARED_SETTINGS: Final[tuple[Setting, ...]] = (
    ("mmap_size", "0", 0),
    ("trusted_schema", "OFF", 0),
    ("cell_size_check", "ON", 1),
    # What is put in order needs no file of its own: its disk may be full as well.
    ("temp_store", "MEMORY", 2),
)
WRITER_SETTINGS: Final[tuple[Setting, ...]] = (
    *_SHARED_SETTINGS,
    ("journal_mode", "wal", "wal"),
    ("synchronous", "FULL", 2),
    ("wal_autocheckpoint", "0", 0),
    ("recursive_triggers", "ON", 1),
    # The last fix of a person is overwritten on disk, not merely unlinked.
    ("secure_delete", "ON", 1),
)
READER_SETTINGS: Final[tuple[Setting, ...]] = (
    *_SHARED_SETTINGS,
    ("query_only", "ON", 1),
)
"""Name, value to set, value that must be read back."""


def open_writer(path: Path, vfs: str | None = None) -> apsw.Connection:
    """Open the one writing connection; make the file and its tables if new.

    Raises:
        JournalError: names the file, why it cannot serve, and the cure.

    """
    check_begins(path)
    try:
        if not path.exists():
            _make_file(path)
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_URI
        connection = apsw.Connection(
            _uri(path, "rw"),
            flags=flags,
            vfs=vfs,
            statementcachesize=STATEMENTS_KEPT,
        )
    except (apsw.Error, OSError) as error:
        raise explained(path, "open", error) from error
    try:
        if connection.readonly("main"):
            raise explained(path, "write", apsw.ReadOnlyError())
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        _check_owner(path, connection)
        _set(path, connection, WRITER_SETTINGS)
        _migrate(connection)
    except (apsw.Error, JournalError) as error:
        _abandon(connection)
        if isinstance(error, JournalError):
            raise
        raise explained(path, "open", error) from error
    return connection


def check_begins(path: Path) -> None:
    """Look at what stands in the way of a start before anything is opened or made.

    Raises:
        JournalError: names the file, why it cannot be used, and the cure.
        OSError: the folder cannot be looked into.

    """
    _check_version(path)
    _check_file(path)
    _check_is_new(path)


def open_reader(path: Path, vfs: str | None = None) -> apsw.Connection:
    """Open a read-only connection, also to the tables of an older engine.

    What they lack nobody reads beside an engine: when a device was heard, say. So a
    backup, or a journal whose new engine does not start, can be verified and shown.

    Raises:
        JournalUnmadeError: the file has no tables yet.
        JournalError: names the file, why it cannot be read, and the cure.

    """
    _check_version(path)
    try:
        _check_file(path)
        if not path.exists():
            raise stated(path, "is not there", "name the folder that holds it")
        if not _has_content(path):
            raise stated(path, "is empty", _LOST_CURE)
    except PermissionError as error:
        # It holds names and places: not a right to be given to whoever asks.
        cure = "read it as the engine's own user, or with sudo"
        raise stated(path, "this user may not read it", cure) from error
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        connection = apsw.Connection(_uri(path, "ro"), flags=flags, vfs=vfs)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        _check_owner(path, connection)
        _set(path, connection, READER_SETTINGS)
        tables = _number(connection, _TABLES)  # before: an engine may be making them
        known = _number(connection, "PRAGMA user_version")
    except apsw.Error as error:
        raise explained(path, "read", error) from error
    if known:
        return connection
    connection.close()
    if tables:  # the number of their version is gone, and with it who may go on
        raise lost(path, "its tables have lost their version")
    cure = "start the engine once: it makes them"
    message = f"{path}: has no tables yet; {cure}"
    raise JournalUnmadeError(message)


def beside(path: Path, suffix: str) -> Path:
    """Return the file that SQLite keeps beside another (`-wal`, `-journal`)."""
    return path.with_name(path.name + suffix)


def size_of(path: Path) -> int:
    """Return a file's bytes; what cannot be asked counts as nothing."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _check_version(path: Path) -> None:
    version = tuple(map(int, apsw.sqlite_lib_version().split(".")))
    if version < SQLITE_VERSION_MIN:
        raise stated(
            path,
            f"SQLite {apsw.sqlite_lib_version()} may corrupt it (WAL-reset bug)",
            "install the apsw that this version asks for",
        )


def _check_file(path: Path) -> None:
    """Look at what SQLite would misread: it takes an empty file for a new one.

    A header that a power cut tore while the tables were made is mended by SQLite
    from the rollback journal that lies beside it then.
    """
    if path.is_dir():
        raise stated(path, "is a folder", "name a file, or move the folder away")
    if path.exists() and not path.is_file():
        raise stated(path, "is a pipe or a device", "move it away, restore a backup")
    try:
        with path.open("rb") as file:
            begins = file.read(_FORMATS.stop)
    except FileNotFoundError:
        begins = b""
    except OSError as error:
        raise explained(path, "read", error) from error
    formats = begins[_FORMATS]
    is_torn = not begins.startswith(_MAGIC) or max(formats, default=0) > _FORMAT_MAX
    if begins and is_torn and not _has_content(beside(path, "-journal")):
        raise lost(path, "is not a journal: its header is damaged")
    log = beside(path, "-wal")
    if not begins and _has_content(log):
        raise lost(
            path,
            f"is missing or empty, and its {log.name} is not",
            "restore the file that belongs to it, or a backup",
        )


def _check_is_new(path: Path) -> None:
    """Begin with nothing only where nothing was before.

    The ballast is laid down after the first commit: beside it an empty file is a
    journal that was lost, and with it the alarms that are still open.
    """
    if not _has_content(path) and _has_content(beside(path, BALLAST_SUFFIX)):
        raise lost(
            path,
            f"is missing or empty, and {beside(path, BALLAST_SUFFIX).name} says that"
            " it was a journal",
            f"{_LOST_CURE}; to begin with nothing, take the ballast away",
        )


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _check_owner(path: Path, connection: apsw.Connection) -> None:
    # In this order: an engine that makes them meanwhile writes all three at once.
    tables = _number(connection, _TABLES)
    version = _number(connection, "PRAGMA user_version")
    application = _number(connection, "PRAGMA application_id")
    if application != APPLICATION_ID and (application or version or tables):
        raise stated(path, "is a database of another program", "name another file")
    if not 0 <= version <= _NUMBER_MAX:
        raise lost(path, "its tables have lost their version")
    if version > len(VERSIONS):
        raise stated(
            path,
            f"has tables of version {version}, this engine knows {len(VERSIONS)}",
            "start the newer engine that wrote it",
        )


def _set(
    path: Path, connection: apsw.Connection, settings: tuple[Setting, ...]
) -> None:
    for name, value, expected in settings:
        connection.execute(f"PRAGMA {name}={value}").fetchall()
        found = connection.execute(f"PRAGMA {name}").get
        if found != expected:
            raise stated(
                path,
                f"SQLite keeps {name} at {found!r}, not {expected!r}",
                "put it on a local file system",
            )


def _migrate(connection: apsw.Connection) -> None:
    """Bring the tables up in one transaction; half a version is never seen."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number in range(_number(connection, "PRAGMA user_version"), len(VERSIONS)):
            for statement in VERSIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={number + 1}")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _make_file(path: Path) -> None:
    """Make it for this user alone, and make the folder remember it."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _abandon(connection: apsw.Connection) -> None:
    """Close without the checkpoint that a last connection makes by default."""
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.close(force=True)


def _number(connection: apsw.Connection, statement: str) -> int:
    number = connection.execute(statement).get
    return number if isinstance(number, int) else 0


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"

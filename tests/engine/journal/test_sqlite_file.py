"""The file itself: what it refuses to open, and what it keeps."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from engine.errors import JournalError
from engine.journal import connection, schema
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import Appended, EffectState, StoredEvent
from engine.values import Instant
from tests.contracts.journal.requests import append, place, plan, record

NOW = Instant(1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a journal of one row, closed in good order."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append(kinds=("A", "B"))], NOW)
    store.close()
    return path


@pytest.fixture
def raw(path: Path) -> Iterator[apsw.Connection]:
    """Open the file past the store, as somebody with a shell would."""
    raw = apsw.Connection(str(path))
    yield raw
    raw.close()


def refusal(path: Path) -> str:
    """Return what opening says; it must name the file."""
    with pytest.raises(JournalError) as caught:
        SqliteStore(path, ballast_bytes=0)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).mkdir()

    text = refusal(tmp_path / JOURNAL_FILE)

    assert "is a folder" in text
    assert "move the folder away" in text


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    text = refusal(tmp_path / "none" / JOURNAL_FILE)

    assert "make the folder" in text


def test_a_damaged_header_is_named(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:16] = b"XXXXXXXXXXXXXXXX"
    path.write_bytes(content)

    text = refusal(path)

    assert "header is damaged" in text
    assert "restore a backup" in text


def test_a_damage_behind_the_magic_is_named(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[16:100] = bytes(84)
    path.write_bytes(content)

    text = refusal(path)

    assert "restore a backup" in text


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_never_opens_as_a_shorter_journal(
    path: Path, share: float
) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    try:
        store = SqliteStore(path, ballast_bytes=0)
    except JournalError:
        return
    # Only pages of other tables are gone: every row is there, and the check finds it.
    reader = SqliteReader(path)
    assert store.position == len(reader.after(0, 9)) == 2
    assert reader.page_faults()


def test_a_journal_cut_to_nothing_beside_its_log_is_named(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append()], NOW)
    path.write_bytes(b"")

    text = refusal(path)

    assert "is missing or empty" in text


def test_a_journal_without_its_last_rows_is_refused(
    path: Path, raw: apsw.Connection
) -> None:
    raw.execute("UPDATE journal SET position = 3")
    raw.close()

    text = refusal(path)

    assert "its last row is 2 and 3 were written" in text


def test_a_journal_of_a_newer_engine_is_refused(
    path: Path, raw: apsw.Connection
) -> None:
    raw.execute("PRAGMA user_version = 99")
    raw.close()

    text = refusal(path)

    assert "version 99" in text
    assert "newer engine" in text


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE other(x)")
    other.close()

    assert "another program" in refusal(path)


def test_a_locked_journal_is_named(path: Path, raw: apsw.Connection) -> None:
    raw.execute("BEGIN IMMEDIATE")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "BUSY_TIMEOUT_MS", 1)
        text = refusal(path)

    assert "another program writes to it" in text


def test_a_sqlite_that_may_corrupt_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SQLITE_VERSION_MIN", (99, 0, 0))

    assert "WAL-reset bug" in refusal(path)


def test_a_setting_that_does_not_stick_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (("synchronous", "FULL", 3),)
    monkeypatch.setattr(connection, "WRITER_SETTINGS", settings)

    assert "SQLite keeps synchronous at 2, not 3" in refusal(path)


def test_a_missing_journal_is_not_made_by_a_reader(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="is not there"):
        SqliteReader(tmp_path / JOURNAL_FILE)

    assert list(tmp_path.iterdir()) == []


_AS_NOBODY = """
import os
import sys
from pathlib import Path
from engine.errors import JournalError
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import SqliteStore
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
opens = {"read": SqliteReader, "write": SqliteStore}
try:
    opens[sys.argv[1]](Path(sys.argv[2]))
except JournalError as error:
    print(error)
"""


@pytest.fixture
def _another_may_look(tmp_path: Path) -> None:
    """Let another user read the folder, and do no more."""
    if os.geteuid() != 0:
        pytest.skip("becoming another user needs root")
    folders = (tmp_path, *tmp_path.parents)
    for folder in folders[: folders.index(Path(tempfile.gettempdir()))]:
        folder.chmod(0o755)


def as_nobody(act: str, path: Path) -> str:
    """Open the journal as another user; return what it said."""
    run = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, act, str(path)],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return run.stdout


@pytest.mark.usefixtures("_another_may_look")
@pytest.mark.parametrize("act", ["read", "write"])
def test_a_file_without_permission_is_named(act: str, path: Path) -> None:
    text = as_nobody(act, path)

    assert "no permission" in text
    assert "chown --reference=FOLDER FILE" in text


@pytest.mark.usefixtures("_another_may_look")
def test_a_file_that_may_only_be_read_is_no_failed_disk(path: Path) -> None:
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("other")], NOW)
    for file in path.parent.iterdir():  # the log of an engine that was killed as well
        os.chown(file, 65534, 65534)
    path.chmod(0o400)
    path.parent.chmod(0o777)

    text = as_nobody("write", path)
    store.close()

    assert "the file or its folder is read-only" in text
    assert "let this user write it and its folder" in text


@pytest.mark.usefixtures("_another_may_look")
def test_a_log_in_a_folder_that_is_read_only_is_named(path: Path) -> None:
    path.chmod(0o644)

    text = as_nobody("read", path)

    assert "copy it together with its -wal" in text
    assert "read-only" in as_nobody("write", path)


def test_the_file_and_its_log_are_for_this_user_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE)
    store.commit([append()], NOW)

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

    assert len(modes) == 4
    assert set(modes.values()) == {0o600}
    store.close()


def test_a_clean_close_leaves_one_file(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == [JOURNAL_FILE]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET body = x'00' WHERE position = 1",
        "DELETE FROM event WHERE position = 2",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE position = 1",
        """INSERT OR REPLACE INTO event SELECT position + 7, stream, seq, epoch,
        command_id, kind, version, at, body, hash FROM event""",
    ],
)
def test_no_statement_changes_a_row(raw: apsw.Connection, statement: str) -> None:
    with pytest.raises(apsw.ConstraintError, match="append-only"):
        raw.execute(statement)


def test_a_reader_cannot_write(path: Path) -> None:
    reader = SqliteReader(path)

    with pytest.raises(apsw.ReadOnlyError):
        reader._connection.execute("UPDATE journal SET epoch = 9")


def test_the_tables_are_strict(raw: apsw.Connection) -> None:
    tables = raw.execute(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
        " AND name NOT LIKE 'sqlite_%'"
    ).fetchall()

    assert len(tables) == 9
    assert all(strict for _, strict in tables)


def test_a_failed_migration_leaves_the_old_version(
    path: Path, raw: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = (*schema.VERSIONS, ("CREATE TABLE more(x) STRICT",))
    monkeypatch.setattr(connection, "VERSIONS", newer)

    refusal(path)  # STRICT wants a type

    assert raw.execute("PRAGMA user_version").get == len(schema.VERSIONS)
    monkeypatch.undo()
    SqliteStore(path, ballast_bytes=0).close()


def test_a_torn_log_loses_its_end_and_nothing_before(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    log = path.with_name(path.name + "-wal")
    sizes = []
    for seq in range(6):
        store.commit([append(expected_seq=seq)], NOW)
        sizes.append(log.stat().st_size)
    content, whole = path.read_bytes(), log.read_bytes()

    for cut in range(sizes[2], sizes[5], 1111):
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / JOURNAL_FILE).write_bytes(content)
        (folder / log.name).write_bytes(whole[:cut])
        copy = SqliteStore(folder / JOURNAL_FILE, ballast_bytes=0)
        assert copy.position == sum(size <= cut for size in sizes)
        copy.close()
    store.close()


def test_rows_of_one_epoch_are_told_from_the_next(path: Path) -> None:
    store = SqliteStore(path, ballast_bytes=0)

    (answer,) = store.commit([append(expected_seq=2, epoch=store.epoch)], NOW)

    assert isinstance(answer, Appended)
    row: StoredEvent = answer.events[0]
    assert (row.epoch, row.seq, row.position) == (2, 3, 3)
    store.close()


def _planned(reader: SqliteReader) -> object:
    return reader.effects(frozenset({EffectState.PLANNED}))


def _untaken(reader: SqliteReader) -> object:
    return reader.inbound(untaken_only=True)


def _heads(reader: SqliteReader) -> object:
    return reader.heads("alarm/", open_only=True)


@pytest.mark.parametrize(
    ("change", "read"),
    [
        ("UPDATE effect SET class = 'T'", _planned),
        ("UPDATE inbound SET source = CAST(x'f4ff' AS TEXT)", _untaken),
        ("UPDATE stream SET subject = CAST(x'f4ff' AS TEXT)", _heads),
        ("UPDATE place SET person = CAST(x'f4ff' AS TEXT)", SqliteReader.places),
    ],
)
def test_a_value_that_a_bit_has_changed_is_damage_bug_no_engine_started(
    tmp_path: Path, change: str, read: Callable[[SqliteReader], object]
) -> None:
    """Pages have no sum: SQLite gives what is there, and nobody took it for damage."""
    path = tmp_path / JOURNAL_FILE
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([append("alarm/a", plans=(plan(),)), record("r"), place()], NOW)
    store.close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA ignore_check_constraints=ON").fetchall()
    connection.execute(change)
    connection.close()
    reader = SqliteReader(path)

    with pytest.raises(JournalError) as raised:
        read(reader)

    assert str(raised.value) == (
        f"{path}: a row in it is damaged; restore a backup, and keep the damaged file"
    )
    assert raised.value.__context__ is None
    reader.close()

"""`natalia journal backup`: a copy of a journal in use, whole or not there."""

import errno
import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.errors import JournalError
from engine.journal.backup import ENGINES_ROOM_BYTES, back_up
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import append
from tests.engine.journal.test_command_line import Natalia, natalia, state

__all__ = ["natalia", "state"]


def test_a_backup_of_a_journal_in_use_is_whole_and_alone(
    natalia: Natalia, state: Path, tmp_path: Path
) -> None:
    store = SqliteStore(state / JOURNAL_FILE, ballast_bytes=0)
    store.commit([append("alarm/in-the-log")], Instant(3_000))
    target = tmp_path / "usb" / "copy.db"
    target.parent.mkdir()

    code, text, _ = natalia("backup", target, "--state", state)

    assert code == 0
    assert "good: 5 rows" in text
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    assert target.stat().st_mode & 0o777 == 0o600
    store.commit([append("alarm/in-the-log", 1)], Instant(4_000))
    store.close()
    restored = SqliteStore(target, ballast_bytes=0)
    assert restored.position == 5
    restored.close()


def test_a_backup_never_takes_the_place_of_a_file(
    natalia: Natalia, state: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")

    code, _, errors = natalia("backup", target, "--state", state)

    assert code == 3
    assert "is there already" in errors
    assert target.read_text() == "precious"


def test_a_backup_that_the_engine_writes_into_ends_all_the_same(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.journal.backup.PAGES_PER_STEP", 2)
    store = SqliteStore(state / JOURNAL_FILE, ballast_bytes=0)
    steps: list[tuple[int, int]] = []

    def write_more(copied: int, pages: int) -> None:
        steps.append((copied, pages))
        store.commit([append(f"alarm/{len(steps)}")], Instant(5_000))

    back_up(state / JOURNAL_FILE, tmp_path / "copy.db", write_more)

    assert len(steps) > 5
    assert steps[-1][0] == steps[-1][1]
    copy = SqliteReader(tmp_path / "copy.db")
    assert copy.position() == 4
    copy.close()
    store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_backup_that_is_ended_leaves_nothing_bug_half_of_it_stayed(
    natalia: Natalia,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    monkeypatch.setattr("engine.journal.backup.PAGES_PER_STEP", 2)
    monkeypatch.setattr(
        "engine.cli.journal._progress", lambda *_: signal.raise_signal(number)
    )
    before = signal.signal(number, signal.SIG_DFL)
    try:
        code, text, _ = natalia("backup", tmp_path / "copy.db", "--state", state)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert (code, text) == (128 + number, "")
    assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_a_backup_that_would_fill_the_engines_disk_is_not_begun_bug_it_filled_it(
    natalia: Natalia, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = (state / JOURNAL_FILE).stat().st_size + ENGINES_ROOM_BYTES
    room, blocks = needed - 1, 1

    def statvfs(_: object) -> SimpleNamespace:
        return SimpleNamespace(f_blocks=blocks, f_bavail=room, f_frsize=1)

    monkeypatch.setattr(os, "statvfs", statvfs)
    code, _, errors = natalia("backup", tmp_path / "copy.db", "--state", state)
    assert code == 3
    assert "copy.db: it takes 65 MiB, and its disk has less: it is the engin" in errors
    assert [file.name for file in tmp_path.iterdir()] == ["state"]
    room = needed
    assert natalia("backup", tmp_path / "copy.db", "--state", state)[0] == 0
    room = blocks = 0
    assert natalia("backup", tmp_path / "unsaid.db", "--state", state)[0] == 0


def test_a_backup_into_no_folder_leaves_nothing(state: Path, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="make the folder"):
        back_up(state / JOURNAL_FILE, tmp_path / "none" / "copy.db", lambda *_: None)

    assert [file.name for file in tmp_path.iterdir()] == ["state"]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "its file system is read-only; mount it for writing"),
        (errno.EACCES, "no permission; run this as the engine's user, or with sudo"),
    ],
)
def test_a_backup_to_where_nothing_may_be_written_says_why_bug_a_traceback(
    natalia: Natalia,
    state: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    said: str,
) -> None:
    """Linux refuses what clears up as well: a stick that is mounted read-only."""
    unlink = Path.unlink

    def refused(path: Path, *, missing_ok: bool = False) -> None:
        if path.parent == tmp_path:
            raise OSError(number, os.strerror(number), str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    code, _, errors = natalia("backup", tmp_path / "copy.db", "--state", state)
    assert (code, said in errors) == (3, True)


def test_a_backup_below_a_file_or_a_folder_that_is_shut_says_so(
    natalia: Natalia, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    code, _, errors = natalia("backup", tmp_path / "file" / "c", "--state", state)
    assert (code, "its folder is a file; name a folder" in errors) == (3, True)
    stat = Path.stat

    def denied(path: Path, *, follow_symlinks: bool = True) -> object:
        if path.name == "copy.db":
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "stat", denied)
    code, _, errors = natalia("backup", tmp_path / "copy.db", "--state", state)
    assert (code, "no permission" in errors) == (3, True)

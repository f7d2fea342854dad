"""Restoring a backup, line by line as docs/journal.md has it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from engine.journal.backup import back_up
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import row

DOCUMENT = Path(__file__).parents[3] / "docs" / "journal.md"
BLOCK = re.compile(r"## Restoring a backup\n.*?```sh\n(.*?)```", re.DOTALL)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    return state


def journal(path: Path, alarm: str) -> Path:
    """Write a journal in which one alarm was raised."""
    store = SqliteStore(path, ballast_bytes=0)
    store.commit([row(f"alarm/{alarm}", "AlarmRaised", b"{}")], Instant(1_000))
    store.close()
    return path


def alarms(path: Path) -> list[str]:
    reader = SqliteReader(path)
    try:
        return [head.stream for head in reader.heads("alarm/", open_only=False)]
    finally:
        reader.close()


def restore(state: Path, backup: Path) -> None:
    """Type the documented lines, on a machine whose services are of no matter."""
    found = BLOCK.search(DOCUMENT.read_text(encoding="utf-8"))
    assert found
    programs = state.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("systemctl", "natalia"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    places = {"S": str(state), "B": str(backup), "PATH": path}
    subprocess.run(
        ["bash", "-c", found[1]],
        env={**os.environ, **places},
        check=True,
        capture_output=True,
    )


def test_a_second_restore_keeps_what_the_first_put_aside_bug_it_was_overwritten(
    state: Path, tmp_path: Path
) -> None:
    """The first backup was bad as well: with it went all that was journalled since."""
    journal(state / JOURNAL_FILE, "since-the-backup")
    bad = journal(tmp_path / "bad.db", "bad")
    good = tmp_path / "good.db"
    back_up(journal(tmp_path / "source.db", "good"), good, lambda *_: None)
    restore(state, bad)
    restore(state, good)
    assert alarms(state / JOURNAL_FILE) == ["alarm/good"]
    aside = sorted(alarms(one)[0] for one in state.glob(f"old*/{JOURNAL_FILE}"))
    assert aside == ["alarm/bad", "alarm/since-the-backup"]


def test_what_cannot_be_put_aside_is_not_written_over_bug_the_backup_was_copied_on_it(
    state: Path, tmp_path: Path
) -> None:
    journal(state / JOURNAL_FILE, "since-the-backup")
    backup = journal(tmp_path / "backup.db", "backup")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mkdir", "mktemp"):  # as on a full disk
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
        (programs / name).chmod(0o755)
    restore(state, backup)
    assert alarms(state / JOURNAL_FILE) == ["alarm/since-the-backup"]

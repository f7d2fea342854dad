"""A demo's folder goes with it, and what a killed one has left with the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.demo.folder import PREFIX, ThrowAwayFolder

HOLDS = """
import sys
from pathlib import Path
from adapters.demo.folder import ThrowAwayFolder
held = ThrowAwayFolder(Path(sys.argv[1]))
(held.path / "state").mkdir()
(held.path / "state" / "secret").write_text("x")
print(held.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path: Path) -> "tuple[subprocess.Popen[str], Path]":
    """Start a process that holds a folder of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def end(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_only_its_owner_may_look_into_it_and_it_goes_with_all_that_is_in_it(
    tmp_path: Path,
) -> None:
    made = ThrowAwayFolder(tmp_path)
    assert made.path.stat().st_mode & 0o777 == 0o700
    (made.path / "state").mkdir()
    (made.path / "link").symlink_to(tmp_path)
    made.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_one_has_left_goes_with_the_next_one(
    tmp_path: Path, other: "tuple[subprocess.Popen[str], Path]"
) -> None:
    process, left = other
    end(process)
    assert (left / "state" / "secret").exists()
    made = ThrowAwayFolder(tmp_path)
    assert list(tmp_path.iterdir()) == [made.path]
    made.remove()


def test_one_that_runs_keeps_its_folder(
    tmp_path: Path, other: "tuple[subprocess.Popen[str], Path]"
) -> None:
    process, theirs = other
    made = ThrowAwayFolder(tmp_path)
    assert (theirs / "state" / "secret").exists()
    made.remove()
    end(process)


def test_a_folder_without_a_lock_yet_is_left_alone(tmp_path: Path) -> None:
    begun = tmp_path / f"{PREFIX}begun"
    begun.mkdir()
    ThrowAwayFolder(tmp_path).remove()
    assert begun.exists()


def test_a_link_in_its_place_leads_nowhere(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "lock").touch()
    (tmp_path / f"{PREFIX}link").symlink_to(mine)
    begun = tmp_path / f"{PREFIX}begun"
    begun.mkdir()
    (begun / "lock").symlink_to(mine / "lock")
    ThrowAwayFolder(tmp_path).remove()
    assert (mine / "lock").exists()
    assert begun.exists()


def test_somebody_elses_folder_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / f"{PREFIX}theirs"
    theirs.mkdir()
    (theirs / "lock").touch()
    somebody_else = os.getuid() + 1
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: somebody_else)
        ThrowAwayFolder(tmp_path).remove()
    assert theirs.exists()
    ThrowAwayFolder(tmp_path).remove()
    assert not theirs.exists()

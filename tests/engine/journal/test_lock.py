"""One engine for one state folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ConfigError, StateHeldError
from engine.journal.lock import LOCK_FILE, StateLock
from tests.fakes import START

_HOLD = """
import sys, signal
from pathlib import Path
from engine.journal.lock import StateLock
from engine.values import Instant
lock = StateLock(Path(sys.argv[1]), now=Instant(0))
print("held", flush=True)
signal.pause()
"""


def test_a_second_engine_is_refused_and_the_first_named(tmp_path: Path) -> None:
    with (
        StateLock(tmp_path, now=START),
        pytest.raises(StateHeldError) as caught,
    ):
        StateLock(tmp_path, now=START)

    assert f"process {os.getpid()}, started 2026-11-25T03:00:00.000Z" in str(
        caught.value
    )


def test_a_released_folder_can_be_held_again(tmp_path: Path) -> None:
    first = StateLock(tmp_path, now=START)
    first.release()
    first.release()

    StateLock(tmp_path, now=START).release()


def test_the_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var" / "state"

    with StateLock(folder, now=START):
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / LOCK_FILE).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="state: expected a folder"):
        StateLock(tmp_path / "file" / "state", now=START)


def test_a_killed_holder_holds_no_longer(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StateHeldError, match=f"process {holder.pid}, started 1970"):
        StateLock(tmp_path, now=START)

    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()

    StateLock(tmp_path, now=START).release()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": null}'])
def test_a_holder_that_has_not_said_who_it_is_is_still_respected(
    tmp_path: Path, text: str
) -> None:
    with StateLock(tmp_path, now=START):
        (tmp_path / LOCK_FILE).write_text(text)

        with pytest.raises(StateHeldError, match="not yet written who it is"):
            StateLock(tmp_path, now=START)


def _make_folder(path: Path) -> None:
    path.mkdir()


def _make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_make_folder, "a folder"),
        (os.mkfifo, "a pipe"),
        (_make_socket, "a socket"),
        (lambda path: path.symlink_to("/dev/null"), "a device"),
    ],
)
def test_what_is_no_file_in_the_locks_place_is_named_bug_it_was_no_word_of_ours(
    tmp_path: Path, make: Callable[[Path], object], what: str
) -> None:
    make(tmp_path / LOCK_FILE)
    with pytest.raises(ConfigError, match=f"{LOCK_FILE} is {what}, .*move it away"):
        StateLock(tmp_path, now=START)


_HOLD_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from engine.journal.lock import StateLock
from engine.values import Instant
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
StateLock(Path(sys.argv[1]), now=Instant(0))
print("held")
"""


def test_a_folder_on_a_full_disk_is_held_bug_the_engine_did_not_start(
    tmp_path: Path,
) -> None:
    """What room was held back for that is freed once the folder is held."""
    done = subprocess.run(
        [sys.executable, "-c", _HOLD_ON_A_FULL_DISK, str(tmp_path)],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == "held\n", done.stderr


_AS_NOBODY = """
import os, sys
from pathlib import Path
from engine.errors import ConfigError
from engine.journal.lock import StateLock
from engine.values import Instant
os.setgid(65534)
os.setuid(65534)
try:
    StateLock(Path(sys.argv[1]), now=Instant(0))
except ConfigError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_files_that_are_roots_are_named_with_the_cure_bug_another_folder_was_advised(
    tmp_path: Path,
) -> None:
    """As a start by hand leaves them: another folder would know of no open alarm."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    StateLock(state, now=START).release()
    os.chown(state, 65534, 65534)
    folders = (tmp_path, *tmp_path.parents)
    for folder in folders[: folders.index(Path(tempfile.gettempdir()))]:
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(state)],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert f"{state / LOCK_FILE}: Permission denied" in done.stdout
    assert f"chown --reference={state}/ {state}/*" in done.stdout
    assert "another" not in done.stdout

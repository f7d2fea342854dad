"""One engine for one state folder."""

import os
import signal
import subprocess
import sys
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

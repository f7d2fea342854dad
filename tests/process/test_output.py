"""Both services go on where nobody takes what they say: a log disk that is full."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.engine.cli.test_audit import state_with
from tests.rig import eventually
from tests.systemd import Systemd

pytestmark = pytest.mark.process

MINIMAL = 'state = "state"\n[console]\nport = 0\n[metrics]\nport = 0\n'
WITHIN_S = 30


@contextmanager
def unheard(folder: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a service whose output and log stand on a disk that is full."""
    environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
    with Path("/dev/full").open("wb") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", *words],
            stdout=full,
            stderr=full,
            env=environment,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    "words", [("--help",), ("--version",), ("alarm", "--help"), ("check-config",)]
)
def test_a_command_whose_output_finds_no_room_says_so_in_a_line_bug_it_was_pythons(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    config = tmp_path / "natalia.toml"
    config.write_text(MINIMAL)
    last = (str(config),) if words == ("check-config",) else ()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "engine", *words, *last],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("natalia: the output cannot be written: No space left")
    assert "make room or print elsewhere" in line


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path / "notify")
    yield made
    made.close()


def test_the_engine_starts_and_ends_well_bug_its_own_word_ready_ended_it(
    tmp_path: Path, systemd: Systemd
) -> None:
    config = tmp_path / "natalia.toml"
    config.write_text(MINIMAL)
    with unheard(tmp_path, "serve", "--config", str(config)) as process:
        eventually(lambda: b"READY=1" in systemd.told or process.poll() is not None)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0


def test_the_auditor_goes_on_looking_bug_each_finding_ended_it_and_was_told_anew(
    tmp_path: Path, systemd: Systemd
) -> None:
    config = state_with(tmp_path, is_open=True)
    port = config.read_text().rpartition("port = ")[2].strip(" }\n")
    with unheard(tmp_path, "audit", "--config", str(config)) as process:
        eventually(lambda: b"READY=1" in systemd.told)

        def looks() -> float:
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                said = re.search(rb"looks_total ([\d.]+)", answer.read())
            return float(said[1]) if said else 0.0

        eventually(lambda: process.poll() is not None or looks() >= 3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0

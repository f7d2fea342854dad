"""Who reads the log, or has started the service, may hang or be gone: it goes on."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.rig import Rig, eventually
from tests.systemd import Systemd

pytestmark = pytest.mark.process

MINIMAL = 'state = "state"\n[console]\nport = 0\n[metrics]\nport = 0\n'
WITHIN_S = 30
LIVES_S = 3.0
WITHOUT_PATIENCE = """
from engine.cli import main, serve
serve.READY_WITHIN_S = 0.0
main.main()
"""
WITHOUT_NULL = """
import os
os.devnull = "/of/no/such/folder"
from engine.cli import main
main.main()
"""


class Collector:
    """Whoever takes the log by a pipe, and hangs when it is told to."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, 16384)
        self.said = b""

    def read(self) -> bytes:
        """Take what lies there; return all that was said."""
        with suppress(BlockingIOError):
            while True:
                self.said += os.read(self._pipe, 4096)
        return self.said

    def hang(self) -> None:
        """Have no room for another octet."""
        for octets in (512, 1):
            with suppress(BlockingIOError):
                while True:
                    os.write(self._pipe, b"\n" * octets)

    def close(self) -> None:
        os.close(self._pipe)


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    made = Collector(tmp_path / "log")
    yield made
    made.close()


@pytest.fixture
def rig(tmp_path: Path, collector: Collector) -> Iterator[Rig]:
    assert collector
    with Rig(folder=tmp_path) as made:
        yield made


def test_an_outage_ends_while_nobody_reads_the_log_bug_who_had_told_of_it_stood_still(
    rig: Rig, collector: Collector
) -> None:
    """Whoever says that a modem is gone has to open it again as well."""
    collector.hang()
    for modem in rig.modems:
        modem.unplug()
    up = [f'natalia_modem_up{{modem="modem-{n}"}}' for n in (1, 2)]
    assert eventually(lambda: [rig.metric(one) for one in up] == [0.0, 0.0])
    for modem in rig.modems:
        modem.replug()
    assert eventually(lambda: [rig.metric(one) for one in up] == [1.0, 1.0])
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("lapwing") is not None
    collector.read()
    rig.modems[0].unplug()
    assert eventually(lambda: b"lines of the log were lost" in collector.read())


@pytest.mark.parametrize("is_gone", [True, False])
def test_an_engine_lives_on_whose_keeper_hears_nothing_bug_its_next_word_ended_it(
    tmp_path: Path, *, is_gone: bool
) -> None:
    """It ended without a word; where the keeper hangs, SIGTERM ended it no more."""
    config, path = tmp_path / "natalia.toml", tmp_path / "notify"
    config.write_text(MINIMAL)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.bind(str(path))
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--config", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(path)},
        )
        try:
            keeper.settimeout(WITHIN_S)
            while keeper.recv(64) != b"READY=1\n":
                pass
            if is_gone:
                keeper.close()
            else:
                fill(path)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(LIVES_S)
            process.send_signal(signal.SIGTERM)
            assert process.wait(WITHIN_S) == 0
        finally:
            process.kill()
            process.wait()


def fill(path: Path) -> None:
    """Say so much to whoever does not listen that they can be told nothing more."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                other.sendto(b"STATUS=\n", str(path))


def test_a_keeper_that_did_not_hear_that_it_is_ready_is_told_again(
    tmp_path: Path,
) -> None:
    config, path = tmp_path / "natalia.toml", tmp_path / "notify"
    config.write_text(MINIMAL)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as keeper:
        keeper.bind(str(path))
        fill(path)
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(path)},
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(LIVES_S)
            keeper.settimeout(WITHIN_S)
            while keeper.recv(64) != b"READY=1\n":
                pass
        finally:
            process.kill()
            process.communicate()


def test_why_a_service_cannot_go_on_is_said_bug_it_ended_without_a_word(
    tmp_path: Path,
) -> None:
    config = tmp_path / "natalia.toml"
    config.write_text(MINIMAL)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PATIENCE, "serve", "--config", str(config)],
        capture_output=True,
        check=False,
        timeout=WITHIN_S,
    )
    assert done.returncode == 1
    assert b"the service cannot go on" in done.stderr
    assert b"NotReadyError" in done.stderr


@pytest.mark.parametrize("numbers", [(2,), (1,), (0, 1, 2)])
def test_an_engine_runs_without_its_standard_streams_bug_its_first_line_ended_it(
    tmp_path: Path, systemd: Systemd, numbers: tuple[int, ...]
) -> None:
    config = tmp_path / "natalia.toml"
    config.write_text(MINIMAL)
    words = f"{sys.executable} -m engine serve --config {config}"
    closed = " ".join(f"{number}>&-" for number in numbers)
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {words} {closed}"],
        env={**os.environ, "NOTIFY_SOCKET": str(systemd.path)},
    )
    try:
        eventually(lambda: b"READY=1" in systemd.told or process.poll() is not None)
        assert process.poll() is None
        for number in numbers:
            leads_to = Path(f"/proc/{process.pid}/fd/{number}").resolve()
            assert leads_to == Path("/dev/null")
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0
    finally:
        process.kill()
        process.wait()


def test_a_null_device_that_is_gone_ends_no_command_bug_none_began() -> None:
    """Whoever cleans up as root leaves a file there that nobody else may write to."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_NULL, "--version"],
        stdin=subprocess.PIPE,
        capture_output=True,
        check=False,
        timeout=WITHIN_S,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"natalia ")

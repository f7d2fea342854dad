"""`natalia audit`: one look from the command line, and as a process that listens."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from engine.cli.audit import watch_of
from engine.clock import SystemClock
from engine.config import parse_config
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.loading import load_modems
from engine.ports.journal import Append, Head, NewEvent
from engine.start import metrics_of
from engine.values import CommandId, Instant
from tests.engine.cli.services import natalia
from tests.fakes import ManualClock

OWN_MAIL = """
[[auditor.channel]]
name = "own"
kind = "email"
[auditor.channel.options]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "auditor@hq.example"
[[auditor.hq]]
channel = "own"
address = "duty@hq.example"
"""
Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def quiet(patch: Patch) -> None:
    """Leave the log of this process alone: one look writes its own."""
    patch.setattr("engine.log.configure", lambda _: None)


def state_with(folder: Path, *, is_open: bool, at: Instant | None = None) -> Path:
    """Write a journal with one alarm for which nothing falls due; return the file."""
    state = folder / "state"
    state.mkdir()
    store = SqliteStore(state / JOURNAL_FILE, ballast_bytes=0)
    append = Append(
        stream="alarm/a",
        expected_seq=0,
        epoch=store.epoch,
        command_id=CommandId("1"),
        events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
        head=Head(status="notifying", is_open=is_open),
    )
    store.commit([append], at or SystemClock().now())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "natalia.toml"
    metrics = f"[auditor]\nevery_s = 1\nmetrics = {{ port = {port} }}\n"
    config.write_text(f'state = "{state}"\n{metrics}')
    return config


def test_what_its_modem_owes_is_in_no_file_of_the_engines_modem_of_that_name(
    tmp_path: Path,
) -> None:
    """Else the engine would read after a kill what another SIM owes, and no more."""
    modem = {"name": "modem-1", "port": "/dev/ttyUSB8"}
    own = {
        "modem": [modem | {"port": "/dev/ttyUSB9"}],
        "hq": [{"channel": "sms", "address": "+46701740617"}],
    }
    told: dict[str, object] = {"state": str(tmp_path), "modem": [modem], "auditor": own}
    config = parse_config(told, tmp_path)
    clock = ManualClock()
    load_modems(config, clock, metrics_of(config))
    watch_of(config)
    owed = sorted(path.name for path in tmp_path.glob("owed-*"))
    assert owed == ["owed-auditor.modem-1", "owed-modem-1"]


def test_an_alarm_that_stands_still_ends_one_look_with_4(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    config = state_with(tmp_path, is_open=True)
    assert natalia(patch, "audit", "--config", str(config), "--once", "--json") == 4
    (finding,) = json.loads(out.readouterr().out)
    assert finding == {"ground": "nothing_due", "what": "alarm/a", "since": None}


def test_what_cannot_be_read_is_named_with_what_to_look_at(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """*Journal unreadable* said neither which nor why."""
    config = state_with(tmp_path, is_open=False)
    journal = tmp_path / "state" / JOURNAL_FILE
    journal.unlink()
    assert natalia(patch, "audit", "--config", str(config), "--once") == 4
    said = f"journal unreadable: {journal}: is it there, and may this user read it?\n"
    assert out.readouterr().out == said


def test_what_stands_still_says_since_when(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    ended = Instant(SystemClock().now().ms - 3_600_000)
    config = state_with(tmp_path, is_open=False, at=ended)
    assert natalia(patch, "audit", "--config", str(config), "--once") == 4
    assert out.readouterr().out == f"engine silent, since {ended}\n"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (
            '[[auditor.channel]]\nname = "own"\nkind = "email"\n',
            "auditor.channel.own.options.host",
        ),
        (
            '[[auditor.modem]]\nname = "own"\nport = "/dev/x"\ndriver = "telex"\n',
            "auditor.modem[0].driver",
        ),
    ],
)
def test_what_is_wrong_with_a_way_of_its_own_is_said_of_the_auditor(
    patch: Patch, out: Output, tmp_path: Path, table: str, key: str
) -> None:
    """Its channel was told of as if it were the engine's, where there is none."""
    config = state_with(tmp_path, is_open=False)
    config.write_text(config.read_text() + table)
    assert natalia(patch, "audit", "--config", str(config), "--once") == 3
    assert key in out.readouterr().err


def test_one_look_needs_no_secret_bug_it_ended_with_3_while_the_service_was_down(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    config = state_with(tmp_path, is_open=True)
    secret = tmp_path / "natalia-auditor.service" / "secret_hook"
    options = f'{{ url = "https://hq.example", secret_file = "{secret}" }}'
    table = (
        f'[[auditor.channel]]\nname = "own"\nkind = "webhook"\noptions = {options}\n'
    )
    config.write_text(config.read_text() + table)
    assert natalia(patch, "audit", "--config", str(config), "--once") == 4
    said = out.readouterr()
    assert "nothing due alarm/a" in said.out
    assert "auditor.channel.own.options.secret_file" in said.err


def test_nothing_open_ends_one_look_with_0(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    config = state_with(tmp_path, is_open=False)
    assert natalia(patch, "audit", "--config", str(config), "--once") == 0
    assert out.readouterr().out == "every alarm gets on\n"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1", "port: expected a free port, but {port} is taken"),
        ("192.0.2.1", "host: expected an address of this host"),
    ],
)
def test_where_its_metrics_cannot_be_it_says_so_bug_it_ended_with_a_traceback(
    patch: Patch, out: Output, tmp_path: Path, host: str, said: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        config = tmp_path / "natalia.toml"
        metrics = f'metrics = {{ host = "{host}", port = {port} }}'
        config.write_text(f'state = "state"\n[auditor]\n{metrics}\n')
        assert natalia(patch, "audit", "--config", str(config)) == 3
    assert f"auditor.metrics.{said.format(port=port)}" in out.readouterr().err


@pytest.mark.process
def test_as_a_process_it_is_scraped_and_ends_at_sigterm(tmp_path: Path) -> None:
    config = state_with(tmp_path, is_open=True)
    port = config.read_text().rpartition("port = ")[2].strip(" }\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", "audit", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )
    try:
        assert process.stdout is not None
        assert "nothing due alarm/a" in process.stdout.readline()
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            said = answer.read().decode()
        assert 'natalia_auditor_findings{ground="nothing_due"} 1.0' in said
        began_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began_s < 3
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.process
def test_a_way_that_hangs_keeps_what_was_found_from_nobody_bug_it_was_told_first(
    tmp_path: Path,
) -> None:
    config = state_with(tmp_path, is_open=True)
    port = config.read_text().rpartition("port = ")[2].strip(" }\n")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail = OWN_MAIL.format(port=silent.getsockname()[1])
        config.write_text(config.read_text() + mail)
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "audit", "--config", str(config)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert "nothing due alarm/a" in process.stdout.readline()
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                said = answer.read().decode()
            assert 'natalia_auditor_findings{ground="nothing_due"} 1.0' in said
            assert "natalia_auditor_looks_total 1.0" in said
            line, _ = silent.accept()  # and only then is anybody told
            line.close()
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.mark.process
def test_one_look_names_the_way_that_told_nobody_bug_it_said_nothing(
    tmp_path: Path,
) -> None:
    config = state_with(tmp_path, is_open=True)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        mail = OWN_MAIL.format(port=nobody.getsockname()[1])
    config.write_text(config.read_text() + mail)
    words = [sys.executable, "-m", "engine", "audit", "--config", str(config), "--once"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (4, "nothing due alarm/a\n")
    assert "own told nobody: own: not sent: ConnectionRefusedError" in done.stderr
    assert "duty@hq.example" not in done.stderr

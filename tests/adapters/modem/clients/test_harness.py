"""The harness itself: whatever fails on a bench prints what client and modem said."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.modem.clients import harness
from tests.adapters.modem.clients.harness import Bench, bench

ROOT = Path(__file__).parents[4]
FAILING = """
from tests.adapters.modem.clients.harness import bench

def test_it(tmp_path):
    with bench(tmp_path) as b:
        b.log("daemon.log").write_text("the daemon " + "said")
        b.dialogue.append("<- AT+" + "ASKED")
        assert not b.run("echo", "the client", "said")
"""
HANGS = ("sh", "-c", "echo on its output; echo on its errors >&2; exec sleep 60")


def _report(folder: Path, fails: Callable[[Bench], object], *, match: str) -> str:
    """Return what is noted on the failure of a bench."""

    def on_a_bench() -> None:
        with bench(folder) as b:
            fails(b)

    with pytest.raises(BaseException, match=match) as failed:
        on_a_bench()
    return "\n".join(failed.value.__notes__)


def test_a_bare_assert_prints_log_client_and_dialogue(tmp_path: Path) -> None:
    test = tmp_path / "test_failing.py"
    test.write_text(FAILING)
    done = subprocess.run(
        (
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--basetemp=of",
            test,
        ),
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        timeout=harness.LIMIT_S,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    printed = {line.removeprefix("E").strip() for line in done.stdout.splitlines()}
    assert {"--- daemon.log", "the daemon said"} <= printed
    assert {"--- echo the client said", "the client said"} <= printed
    assert {"--- dialogue", "<- AT+ASKED"} <= printed


def test_an_assert_is_noted_with_the_log_of_a_running_daemon(tmp_path: Path) -> None:
    def fails(b: Bench) -> None:
        with b.running("sh", "-c", "echo up; exec sleep 60", log="daemon.out"):
            b.until("up", (tmp_path / "daemon.out").read_text)
            assert b.sent, "nothing sent"

    assert "--- daemon.out\nup\n" in _report(tmp_path, fails, match="nothing sent")


def test_a_client_that_hangs_is_noted_with_what_it_had_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harness, "LIMIT_S", 1.0)
    runs = _report(tmp_path, lambda b: b.run(*HANGS), match="sh hangs")
    assert "\non its output\non its errors\n" in runs
    asks = _report(tmp_path, lambda b: b.asks(*HANGS, env={}), match="sh hangs")
    assert "\non its output\non its errors\n" in asks


def test_a_client_that_fails_is_noted_with_what_it_had_said(tmp_path: Path) -> None:
    failing = ("sh", "-c", "echo on its errors >&2; exit 3")
    report = _report(tmp_path, lambda b: b.run(*failing), match="sh: 3")
    assert "\non its errors\n" in report


def test_what_never_holds_is_noted_with_the_dialogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(b: Bench) -> None:
        b.dialogue.append("<- AT")
        b.until("sent", lambda: b.sent)

    monkeypatch.setattr(harness, "LIMIT_S", 0.1)
    report = _report(tmp_path, fails, match="not within")
    assert "--- dialogue\n<- AT\n" in report

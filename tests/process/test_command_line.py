"""A case run from the command line alone, beside the running service."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.demo.scenario import CODE
from engine.cli.main import EXIT_CONFIG, EXIT_DEGRADED, EXIT_FAILURE
from engine.console.operators import first_password_path
from engine.values import OperatorId
from tests.rig import WAIT_S, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

USAGE = 2
Done = subprocess.CompletedProcess[str]


def run(rig: Rig, *words: str, code: int = 0) -> str:
    """Run a command on the rig's state; hold its exit code; return what it said."""
    done: Done = rig.natalia(*words, "--state", str(rig.state))
    assert done.returncode == code, (words, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    if code == EXIT_FAILURE:
        assert done.stdout == ""
        assert done.stderr.startswith("natalia: ")
        assert done.stderr.count("\n") == 1
    return done.stdout + done.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_case_can_be_run_to_its_end_without_a_browser(
    rig: Rig, tmp_path: Path
) -> None:
    assert "alder may sign in" in run(rig, "operator", "add", "alder")
    assert "rowan may sign in" in run(rig, "operator", "add", "rowan")
    run(rig, "operator", "add", "alder", code=EXIT_FAILURE)
    assert json.loads(run(rig, "operator", "list", "--json")) == ["alder", "rowan"]
    assert mode(first_password_path(rig.state, OperatorId("alder"))) == 0o600
    assert mode(rig.state / "control.sock") == 0o600
    assert mode(rig.state) == 0o700
    with rig.device() as device:
        assert device.sos()
    sms = rig.sms_to("lapwing")
    assert sms is not None
    (row,) = json.loads(run(rig, "alarm", "list", "--json"))
    alarm = str(row["id"])
    assert f"{alarm}  20" in run(rig, "alarm", "list")

    shown = run(rig, "alarm", "show", alarm)
    assert sms.number not in shown
    assert "41.3115" not in shown
    refused = ("alarm", "close", alarm, "--by", "alder", "--reason", "whim")
    run(rig, *refused, code=EXIT_FAILURE)
    run(rig, "alarm", "acknowledge", alarm, "--by", "nobody", code=EXIT_FAILURE)
    run(rig, "alarm", "acknowledge", "0" * 12, "--by", "alder", code=EXIT_FAILURE)
    by = ("--by", "alder")
    assert run(rig, "alarm", "acknowledge", alarm, *by) == "acknowledge: done\n"
    run(rig, "alarm", "verify", alarm, *by, code=EXIT_FAILURE)
    close = ("alarm", "close", alarm, *by, "--reason", "safe")
    assert "closing waits for 2 more: an operator" in run(rig, *close, code=1)
    for colleague in ("lapwing", "cormorant"):
        told = rig.sms_to(colleague)
        assert told is not None
        code = CODE.search(told.text)
        assert code is not None
        rig.modems[0].inject(told.number, f"{code[1]} 6")
    voices = "Safe, say 2 of 2 whom an all-clear takes: colleague"
    assert eventually(lambda: voices in run(rig, "alarm", "show", alarm))
    assert run(rig, *close) == "close: done\n"
    theirs = {sms.number}
    assert rig.messages.wait_for(
        lambda one: one.number in theirs and one.text != sms.text, WAIT_S
    )

    copy = tmp_path / "copy.db"
    run(rig, "journal", "backup", str(copy))
    run(rig, "journal", "backup", str(copy), code=EXIT_CONFIG)
    assert "alder" in run(rig, "journal", "show", alarm)
    for path in (rig.state, copy):
        verified = rig.natalia("journal", "verify", str(path), "--json")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert json.loads(verified.stdout)


def test_status_says_ready_and_degraded_by_its_exit_code(rig: Rig) -> None:
    # Nobody watches the console of a rig: that alone is said.
    with rig.operator("alder") as alder, alder._client.stream("GET", "/events"):
        eventually(lambda: _code(rig) == 0, timeout_s=30)
        rig.modems[0].unplug()
        eventually(lambda: _code(rig) == EXIT_DEGRADED, timeout_s=30)
        assert "modem down: modem-1" in run(rig, "status", code=EXIT_DEGRADED)


def _code(rig: Rig) -> int:
    return rig.natalia("status", "--state", str(rig.state)).returncode


def test_without_a_service_each_command_says_that_none_runs(rig: Rig) -> None:
    rig.kill()
    for words in (("alarm", "list"), ("operator", "list"), ("status",)):
        said = run(rig, *words, code=EXIT_FAILURE)
        assert f"no engine runs on {rig.state}" in said
    assert "natalia serve --config" in run(rig, "alarm", "list", code=EXIT_FAILURE)
    assert rig.natalia("journal", "verify", str(rig.state)).returncode == 0


@pytest.mark.parametrize(
    "words", [("nonsense",), ("alarm", "nonsense"), ("serve",), ("alarm", "show")]
)
def test_wrong_usage_is_said_with_the_way_to_help(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert "Traceback" not in done.stderr
    assert "--help" in done.stderr

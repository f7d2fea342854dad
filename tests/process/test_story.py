"""One real alarm, end to end, through real sockets, a serial modem and a process."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest
from typer.testing import CliRunner

from adapters.demo import cli, scenario
from adapters.demo.farends.shelf import Mode
from adapters.demo.scenario import Scenario
from adapters.demo.stage import READY_WITHIN_S, Stage
from engine.journal.lock import LOCK_FILE
from tests.rig import WAIT_S, Rig, eventually

pytestmark = pytest.mark.process

SMS_TO_SEND = (
    "SELECT 1 FROM effect WHERE channel = 'sms' AND state IN ('planned', 'attempting')"
)


def test_the_demo_sees_every_step_at_its_far_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "demo", "--once"],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every step was seen at its far end." in done.stdout
    times = [int(ms) for ms in re.findall(r"^ *(\d+) ms  ", done.stdout, re.MULTILINE)]
    assert len(times) > 10
    assert times == sorted(times)


def test_nothing_of_the_demo_goes_to_a_proxy_bug_it_got_the_passwords(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there was one it ended at the first sign-in, or with a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0)
        host, port = proxy.getsockname()
        monkeypatch.setenv("http_proxy", f"http://{host}:{port}")
        monkeypatch.setenv("all_proxy", f"socks5://{host}:{port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        done = subprocess.run(
            [sys.executable, "-m", "engine", "demo", "--once", "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_the_time_line_as_json_is_one_object_and_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "engine", "demo", "--once", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert (told["complete"], told["missing"], told["error"]) == (True, None, None)
    steps = told["steps"]
    assert len(steps) > 10
    assert all(set(step) == {"after_ms", "what", "where"} for step in steps)
    times = [step["after_ms"] for step in steps]
    assert times == sorted(times)
    assert any(step["what"].startswith("SOS packet acknowledged") for step in steps)
    assert any(step["what"].startswith("SMS to Lapwing") for step in steps)


def test_a_demo_that_does_not_come_up_says_so_in_json_as_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["demo", "--once", "--json", "--port", str(port)]
        done = subprocess.run(
            [sys.executable, "-m", "engine", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["complete"], told["missing"], told["steps"]) == (False, None, [])
    assert f"{port} is taken by another program" in told["error"]


def test_json_of_a_demo_that_has_no_end_is_refused() -> None:
    done = CliRunner().invoke(cli.app, ["--json"])
    assert done.exit_code == 2
    assert "only together with --once" in done.output


def test_a_demo_whose_port_is_taken_says_so_at_once_bug_it_waited_20_s() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "engine", "demo", "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1
    assert time.monotonic() - began < READY_WITHIN_S
    assert f"{port} is taken by another program" in done.stderr
    assert "free ports: natalia demo --port 0" in done.stderr


def test_after_its_story_a_person_can_press_and_answer_bug_nothing_was_open() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "engine", "demo", "--port", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert demo.stdin is not None
    assert demo.stdout is not None
    said = iter(demo.stdout)

    def heard(pattern: str) -> re.Match[str]:
        found = (re.search(pattern, line) for line in said)
        return next(one for one in found if one)

    def typed(line: str) -> None:
        assert demo.stdin is not None
        demo.stdin.write(line + "\n")
        demo.stdin.flush()

    state = heard(r"password in (/\S+)/first-password")[1]
    assert heard(r"curl 'http://127\.0\.0\.1:\d+/\?id=q4t7-avoc&alarm=sos'")
    typed("")
    code = heard(r"^  SMS to Lapwing: SOS (\w{4}) Heron")[1]
    typed("nobody 1")
    assert heard(r"^  \? Enter, or WHO TEXT")
    typed(f"lapwing {code} 1")

    def coming() -> bool:
        words = ["alarm", "list", "--json", "--state", state]
        program = [sys.executable, "-m", "engine", *words]
        rows = json.loads(subprocess.check_output(program))
        return [row["coming"] for row in rows if row["open"]] == [1]

    try:
        assert eventually(coming)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=WAIT_S)
    assert demo.returncode == 0


def _refuse(far_end: str) -> Callable[[Stage], None]:
    def refuse(stage: Stage) -> None:
        getattr(stage, far_end).switch.turn(Mode.REFUSE)

    return refuse


def _deaf(stage: Stage) -> None:
    for modem in stage.modems:
        modem.faults.hang = True


def _without_credit(stage: Stage) -> None:
    for modem in stage.modems:
        modem.faults.no_credit = True


def _ring_nowhere(stage: Stage) -> None:
    for modem in stage.modems:
        modem._calls._on_call = None


BROKEN = {
    "mail": (_refuse("mail"), "HQ gets an e-mail"),
    "hook": (_refuse("hook"), "HQ gets a signed webhook"),
    "mastodon": (_refuse("mastodon"), "the post appears in public"),
    "deaf modems": (_deaf, "Lapwing gets an SMS"),
    "no credit": (_without_credit, "Lapwing gets an SMS"),
    "telephones that do not ring": (
        _ring_nowhere,
        "the telephone of Alder, on duty, rings",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_demo_names_the_step_that_a_far_end_has_not_seen(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    breaks, step = BROKEN[name]

    class Broken(Stage):
        def __enter__(self) -> Self:
            breaks(self)
            return super().__enter__()

    monkeypatch.setattr(cli, "Stage", Broken)
    monkeypatch.setattr(cli, "ENDS", ())
    monkeypatch.setattr(scenario, "WAIT_S", 5.0)
    done = CliRunner().invoke(cli.app, ["--once", "--json"])
    assert done.exit_code == 1
    assert f"MISSING: {step}" in done.stderr
    told = json.loads(done.stdout)
    assert (told["complete"], told["missing"], told["error"]) == (False, step, None)
    # Each far end notes for itself what it has seen: a busy machine may turn two round.
    seen = [one["what"] for one in told["steps"]]
    assert any(one.startswith("SOS packet acknowledged") for one in seen)


DIES_BEFORE = {
    "_press": "the device's SOS is acknowledged",
    "_at_hq": "the console shows the alarm of Heron",
    "_phone": "the telephone's SOS is acknowledged",
    "_end": "close",
}


@pytest.mark.parametrize(
    ("act", "words"),
    [("_phone", ["--once"]), *((act, ["--once", "--json"]) for act in DIES_BEFORE)],
)
def test_an_engine_that_dies_in_the_story_is_the_step_under_way_bug_a_traceback(
    monkeypatch: pytest.MonkeyPatch, act: str, words: list[str]
) -> None:
    played = getattr(Scenario, act)

    def dies(self: Scenario, *rest: object) -> object:
        service = self._stage._service
        assert service is not None
        service.kill()
        service.wait(timeout=10)
        return played(self, *rest)

    monkeypatch.setattr(Scenario, act, dies)
    monkeypatch.setattr(cli, "ENDS", ())
    done = CliRunner().invoke(cli.app, words)
    assert isinstance(done.exception, SystemExit)
    assert done.exit_code == 1
    (missing,) = [line for line in done.stderr.splitlines() if "MISSING" in line]
    assert missing.startswith(f"MISSING: {DIES_BEFORE[act]} (")
    assert "Traceback" not in done.output
    if "--json" in words:
        told = json.loads(done.stdout)
        assert (told["complete"], told["error"]) == (False, None)
        assert f"MISSING: {told['missing']}" == missing
    else:
        assert "Every step was seen" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_demo_that_is_ended_in_its_story_leaves_no_engine_behind(number: int) -> None:
    """The engine went on without it, and kept the port."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "engine", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if "it is on disk" in line:
            break
    demo.send_signal(number)
    rest, errors = demo.communicate(timeout=WAIT_S)
    assert "Every step" not in rest
    assert demo.returncode == 128 + number, errors
    (folder,) = set(re.findall(r"in (/\S+/natalia-demo-\w+)/", said))
    assert not Path(folder).exists()
    port = re.search(r"console  http://127\.0\.0\.1:(\d+)/", said)
    assert port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port[1])))


def test_a_demo_killed_outright_leaves_no_engine_behind_bug_it_kept_running() -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "engine", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if "it is on disk" in line:
            break
    (folder,) = set(re.findall(r"in (/\S+/natalia-demo-\w+)/", said))
    holder = json.loads((Path(folder) / "state" / LOCK_FILE).read_text())
    engine = Path(f"/proc/{holder['pid']}")
    assert engine.exists()
    try:
        demo.kill()
        demo.communicate(timeout=WAIT_S)
        assert eventually(lambda: not engine.exists(), timeout_s=5)
    finally:
        if engine.exists():
            os.kill(holder["pid"], signal.SIGKILL)
        # Another demo that begins just now takes away what this one has left.
        shutil.rmtree(folder, ignore_errors=True)


def test_the_nearest_five_of_the_circle_and_nobody_else_get_the_position(
    rig: Rig,
) -> None:
    with rig.device() as device:
        assert device.sos()[:4] == b"\x78\x78\x05\x16"
    assert rig.sms_to("tinamou")
    # Of two modems either may be the slower one with its last message.
    assert eventually(lambda: rig.rows(SMS_TO_SEND) == [])
    colleagues = [one for one in rig.told() if one != "alder"]
    assert sorted(colleagues) == sorted(
        ["lapwing", "cormorant", "owlet", "quelea", "tinamou"]
    )
    assert all(
        "41.3115" in sms.text or "Heron" in sms.text for sms in rig.messages.items()
    )


def test_an_answer_shows_who_is_coming(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    sms = rig.sms_to("lapwing")
    assert sms is not None
    code = sms.text.split()[1]
    rig.modems[1].inject(sms.number, f"{code.lower()} 1")

    def coming() -> bool:
        return any(row["coming"] == 1 for row in rig.alarms())

    assert eventually(coming)


def test_an_answer_without_its_code_is_read_in_its_case_and_counts_for_nothing(
    rig: Rig,
) -> None:
    with rig.device() as device:
        device.sos()
    sms = rig.sms_to("lapwing")
    assert sms is not None
    rig.modems[0].inject(sms.number, "1 I am on my way")
    noted = "SELECT 1 FROM event WHERE kind = 'NoteAdded'"
    assert eventually(lambda: rig.rows(noted))
    (case,) = rig.alarms()
    assert (case["kind"], case["coming"]) == ("real", 0)


def test_sigterm_ends_the_service_within_three_seconds(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
        assert rig.stop() < 3.0

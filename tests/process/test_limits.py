"""What the service may take: time to start and to stop, memory, connections."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

# Promised on an idle machine. One that runs tests shares its cores, so elapsed times
# get room. The processor time of a start is compared with that of loading the libraries
# alone, in the same minute: a machine that changes its speed changes both.
READY_S, HELP_S = 1.0, 0.3
SHARED = 4.0
READY_TO_LIBRARIES = 3.0
LIBRARIES = (
    "import asyncio, jinja2, msgspec, phonenumbers, prometheus_client, pykka, ssl, "
    "pydantic_settings, starlette.applications, structlog, typer, uvicorn"
)
IDLE_BYTES, CHECKING_BYTES = 150 << 20, 220 << 20
STOP_S = 3.0
NATALIA = str(Path(sys.executable).with_name("natalia"))


def _status_bytes(pid: int, name: str) -> int:
    """Return a figure of /proc/PID/status (kB there)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(name)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _libraries_cpu_s() -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    after = os.times()
    return (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )


def _pid(rig: Rig) -> int:
    assert rig.process is not None
    return rig.process.pid


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path, program=(NATALIA,)) as made:
        yield made


def test_ready_is_a_second_away(rig: Rig) -> None:
    took: list[tuple[float, float, float]] = []
    for _ in range(3):
        rig.stop()
        began = time.monotonic()
        rig.start()
        elapsed_s = time.monotonic() - began
        took.append((elapsed_s, _cpu_s(_pid(rig)), _libraries_cpu_s()))
    elapsed_s, cpu_s, libraries_s = (min(each) for each in zip(*took, strict=True))
    print(
        f"ready after {elapsed_s:.2f} s, {cpu_s:.2f} s of processor time, "
        f"{cpu_s / libraries_s:.2f} times that of the libraries"
    )
    assert cpu_s < READY_TO_LIBRARIES * libraries_s
    assert elapsed_s < READY_S * SHARED


def test_the_command_line_is_there_without_the_log() -> None:
    program = "import sys, engine.cli.main; assert 'structlog' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_log_is_loaded_without_what_it_does_not_use() -> None:
    program = (
        "import sys, engine.cli.main, engine.log\n"
        "assert 'rich' not in sys.modules; import rich"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_help_is_there_at_once() -> None:
    took: list[tuple[float, float]] = []
    for _ in range(5):
        before, began = os.times(), time.monotonic()
        done = subprocess.run([NATALIA, "--help"], capture_output=True, check=True)
        after = os.times()
        cpu_s = after.children_user + after.children_system
        cpu_s -= before.children_user + before.children_system
        took.append((time.monotonic() - began, cpu_s))
        assert b"check-config" in done.stdout
    elapsed_s, cpu_s = (min(each) for each in zip(*took, strict=True))
    print(f"help after {elapsed_s:.2f} s, {cpu_s:.2f} s of processor time")
    assert cpu_s < HELP_S
    assert elapsed_s < HELP_S * SHARED


def test_memory_idle_and_while_passwords_are_checked(rig: Rig) -> None:
    eventually(rig.is_ready)
    idle = _status_bytes(_pid(rig), "VmRSS")
    print(f"idle {idle / 2**20:.0f} MB")
    assert idle < IDLE_BYTES
    rig.operator("alder").__exit__()
    host, port = rig.ports["console"]
    form = {"operator": "alder", "password": "not the one"}
    url = f"http://{host}:{port}/sign-in"
    tries = [
        threading.Thread(target=lambda: httpx2.post(url, data=form, timeout=30))
        for _ in range(6)
    ]
    for one in tries:
        one.start()
    for one in tries:
        one.join()
    peak = _status_bytes(_pid(rig), "VmHWM")
    print(f"at most {peak / 2**20:.0f} MB")
    assert peak < CHECKING_BYTES


def test_a_thousand_idle_devices_delay_no_sos_and_sigterm_ends_all(rig: Rig) -> None:
    with ExitStack() as stack:
        for number in range(1_000):
            imei = f"{359_339_075_100_000 + number}"
            stack.enter_context(rig.device(imei))
        connections = 'natalia_device_connections{protocol="gt06"}'
        eventually(lambda: rig.metric(connections) == 1_000.0)
        with rig.device() as device:
            began = time.monotonic()
            assert device.sos()
            took_s = time.monotonic() - began
        assert rig.sms_to("tinamou")
        resident = _status_bytes(_pid(rig), "VmRSS")
        print(f"answered in {took_s * 1000:.0f} ms, {resident / 2**20:.0f} MB")
        assert took_s < 0.5
        assert resident < CHECKING_BYTES
        for name in ("alder", "rowan"):
            browser = stack.enter_context(rig.operator(name))
            stack.enter_context(browser._client.stream("GET", "/events"))
        eventually(lambda: rig.metric("natalia_console_streams") == 2.0)
        stop_s = rig.stop()
        print(f"gone {stop_s:.2f} s after SIGTERM")
        assert stop_s < STOP_S

"""From the command to a service that is ready, to a page of help; and the memory.

The real service as a process, with two modems, a journal of the last run and HQ's
channels. Ready is what `/-/ready` says: a round trip through inbox, journal and timer.
"""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.rig import Rig

ROUNDS = 9
CHECKS = 12


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Start the service, so that a state is there, and let it go."""
    with Rig(folder=tmp_path) as made:
        yield made


def _until_ready(rig: Rig) -> None:
    rig.start()
    host, port = rig.ports["metrics"]
    while httpx2.get(f"http://{host}:{port}/-/ready").status_code != 200:
        time.sleep(0.005)  # noqa: TID251 - another process is waited for


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _resident_mib(pid: int, name: str = "VmRSS") -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    message = f"no {name}"
    raise AssertionError(message)


def test_start_until_ready(benchmark: BenchmarkFixture, rig: Rig) -> None:
    """Start on a state that a killed process left; then memory, idle and at work."""
    used_s: list[float] = []

    def start() -> None:
        _until_ready(rig)
        assert rig.process is not None
        used_s.append(_cpu_s(rig.process.pid))

    benchmark.pedantic(start, setup=rig.kill, rounds=ROUNDS, warmup_rounds=1)
    assert rig.process is not None
    pid = rig.process.pid
    time.sleep(2.0)  # noqa: TID251 - let it settle
    idle_mib = _resident_mib(pid)
    rig.operator("alder").__exit__()
    console = "http://{}:{}".format(*rig.ports["console"])
    for number in range(CHECKS):
        form = {"operator": f"nobody-{number}", "password": "wrong"}
        httpx2.post(f"{console}/sign-in", data=form)
    print(f"\nuntil ready: processor time, median {statistics.median(used_s):.2f} s")
    print(
        f"resident: {idle_mib:.0f} MiB idle, at most {_resident_mib(pid, 'VmHWM'):.0f}"
    )
    print("  with an operator signed in and passwords checked")


def test_help(benchmark: BenchmarkFixture) -> None:
    """Print the page of help."""
    command = [sys.executable, "-m", "engine", "--help"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    def ask() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    benchmark.pedantic(ask, rounds=ROUNDS, warmup_rounds=1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n--help: processor time {used_s / (ROUNDS + 1):.2f} s")

"""Devices: frames decoded, reports made durable, connections held, an SOS among them.

The service is a process with real sockets and a real disk, the devices are another
one. Beside them, in the same run and on the same machine, the floors: a bare asyncio
echo of the same frames on as many sockets, and the disk's fsyncs. Before a figure is
printed it is asserted that what was counted is true: every report was read, every
answer is the right one, every SOS is durable.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.fleet.handsets import device_name
from adapters.fleet.roster import roster_of
from tests.adapters.devices.mutation import targets
from tests.gt06_device import Gt06Device
from tests.rig import Rig

MIXED = ("gt06", "h02", "laipac", "minifinder2", "gl200", "teltonika")
DRIVEN_S = 5.0
DECODED_S = 0.4
LOADS: dict[str, tuple[int, dict[str, str]]] = {
    "5,000 reports/s": (5_000, {}),
    "2,000 reports/s, a busy thread": (2_000, {"NATALIA_BENCH_BUSY": "1"}),
}
SOS_P99_S = 0.050
PRESSES = PRESSERS = 200
HELD = 10_000


@pytest.mark.parametrize("name", sorted(targets()))
def test_frames_decoded(name: str) -> None:
    """Whole captured frames, one connection for each, on one core."""
    target = targets()[name]
    frames = reports = size = 0
    begun_s = time.process_time()
    while (took_s := time.process_time() - begun_s) < DECODED_S:
        for seed in target.seeds:
            reports += target.fire([seed])
            size += len(seed)
        frames += len(target.seeds)
    assert reports >= frames * 0.5
    print(
        f"\n{name:14} {frames / took_s:9,.0f} frames/s  {size / took_s / 1e6:6.1f} MB/s"
    )


@contextmanager
def echo() -> Iterator[int]:
    """Start the echo floor; gives its port."""
    floor = subprocess.Popen(
        [sys.executable, "-m", "bench.floor_echo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert floor.stdout is not None
    assert floor.stdin is not None
    try:
        yield int(floor.stdout.readline())
    finally:
        floor.stdin.close()
        floor.wait(10)
        floor.stdout.close()


def drive(name: str, port: int, devices: int, *rest: str) -> dict[str, float]:
    """Run the driver; return its figures."""
    where = (name, "127.0.0.1", str(port), str(devices), str(DRIVEN_S), *rest)
    done = subprocess.run(
        [sys.executable, "-m", "bench.device_driver", *where],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, float] = json.loads(done.stdout)
    return told


def fsyncs_s(folder: Path) -> float:
    """Return how often a second a page is written and synced on this disk."""
    page, count = os.urandom(4096), 0
    with (folder / "floor").open("wb", buffering=0) as file:
        begun_s = time.perf_counter()
        while (took_s := time.perf_counter() - begun_s) < 1:
            file.write(page)
            os.fsync(file.fileno())
            count += 1
    return count / took_s


@pytest.mark.parametrize("devices", [1, 16, 256, 1024])
def test_reports_end_to_end(tmp_path: Path, devices: int) -> None:
    """Places of known devices, each answered once its last-fix row is on disk."""
    with Rig(
        folder=tmp_path,
        roster_text=roster_of(devices, ["gt06"]),
        gateways=("gt06",),
        modems_wanted=0,
    ) as rig:
        told = drive("gt06", rig.ports["gt06"][1], devices)
        assert rig.rows("SELECT count(*) FROM place") == [(devices,)]
        commits = "natalia_journal_commit_seconds_count"
        grouped = rig.metric(commits)
    with echo() as port:
        floor = drive("gt06", port, devices, "echo")
    print(
        f"\n{devices} devices, one report under way each, fsync before each answer:"
        f"\n  end to end  {told['reports_s']:8,.0f} reports/s"
        f"  p50 {told['p50_ms']:.2f} ms  p99 {told['p99_ms']:.2f} ms"
        f"\n  floor, echo {floor['reports_s']:8,.0f} frames/s"
        f"  p50 {floor['p50_ms']:.2f} ms  p99 {floor['p99_ms']:.2f} ms"
        f"  {floor['bytes_s'] / 1e6:.1f} MB/s"
        f"\n  floor, disk {fsyncs_s(tmp_path):8,.0f} fsyncs/s;"
        f" the journal has committed {grouped or 0:,.0f} times"
    )


@contextmanager
def fleet(
    rig: Rig, names: tuple[str, ...], devices: int, every_s: float, seconds: float
) -> Iterator[list[dict[str, Any]]]:
    """Run a fleet beside; its figures are there afterwards."""
    ports = [f"--port={name}={rig.ports[name][1]}" for name in names]
    options = [f"--protocol={name}" for name in names]
    told: list[dict[str, Any]] = []
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "engine", "device", "simulate", "--json"),
            *(f"--fleet={devices}", f"--every={every_s}", f"--for={seconds}"),
            *ports,
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield told
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        told.append(json.loads(out))
    finally:
        process.kill()
        process.communicate()


def connected(rig: Rig) -> int:
    """Return how many devices the service holds."""
    rows = [r for r in rig.metrics().splitlines() if "device_connections{" in r]
    return int(sum(float(row.rpartition(" ")[2]) for row in rows))


def wait_for_all(rig: Rig, devices: int) -> None:
    deadline_s = time.monotonic() + 60
    while connected(rig) < devices:
        assert time.monotonic() < deadline_s, "not all connected"
        time.sleep(0.1)  # noqa: TID251 - another process is waited for


@pytest.mark.timeout(300)
@pytest.mark.parametrize("load", LOADS)
def test_an_sos_among_reports(tmp_path: Path, load: str) -> None:
    """Two hundred presses, each by another device, while a thousand others report.

    Each raises an alarm of its own: twenty alarms a second are opened meanwhile.
    """
    rate, environment = LOADS[load]
    others, seconds = 1_000, 5 + PRESSES * 0.05 + 5
    roster = roster_of(others + PRESSERS, ["gt06"])
    for number in range(others):
        name = MIXED[number % len(MIXED)]
        mark = f'id = "{device_name(number)}"\nwire_protocol = '
        roster = roster.replace(f'{mark}"gt06"', f'{mark}"{name}"')
    program = (sys.executable, str(Path(__file__).parent / "loaded_engine.py"))
    with Rig(
        folder=tmp_path,
        roster_text=roster,
        gateways=MIXED,
        modems_wanted=0,
        environment=environment,
        program=program,
    ) as rig:
        devices = [
            rig.device(device_name(number))
            for number in range(others, others + PRESSERS)
        ]
        with fleet(rig, MIXED, others, others / rate, seconds) as told:
            wait_for_all(rig, others + PRESSERS)
            time.sleep(others / rate + 1)  # noqa: TID251 - until all of them report
            took = sorted(press(devices[n % PRESSERS]) for n in range(PRESSES))
        whole = told[0]["all"]
        pressed = rig.rows("SELECT count(*) FROM inbound WHERE source = 'device'")
        assert pressed == [(PRESSES,)]
        for device in devices:
            device.socket.close()
    p99_s = took[int(len(took) * 0.99) - 1]
    print(
        f"\nan SOS among {load}: answered p50 {statistics.median(took) * 1e3:.1f} ms,"
        f" p99 {p99_s * 1e3:.1f} ms, at most {took[-1] * 1e3:.1f} ms, n {len(took)}"
        f"\n  the others: {whole['sent'] / seconds:,.0f} reports/s sent,"
        f" {whole['acknowledged']} of {whole['due']} answered,"
        f" p99 {whole['report_latency']['p99_ms']} ms"
    )
    assert whole["lost"] == whole["strange"] == 0
    assert whole["acknowledged"] == whole["due"]
    assert p99_s < SOS_P99_S


def press(device: Gt06Device) -> float:
    """Press, and return how long the answer took; the answer is after the disk."""
    time.sleep(0.05)  # noqa: TID251 - presses come singly
    begun_s = time.perf_counter()
    answer = device.sos()
    took_s = time.perf_counter() - begun_s
    assert answer[3] == 0x16
    return took_s


@pytest.mark.timeout(300)
def test_memory_of_a_connection(tmp_path: Path) -> None:
    """Ten thousand devices of mixed wire protocols that have logged in.

    Nobody is in the roster: what reading ten thousand people has left free would be
    filled first, and hide what a connection takes.
    """
    with Rig(
        folder=tmp_path,
        roster_text=roster_of(1, list(MIXED)),
        gateways=MIXED,
        modems_wanted=0,
    ) as rig:
        assert rig.process is not None
        before = resident(rig.process.pid)
        with fleet(rig, MIXED, HELD, 100_000.0, 5.0) as told:
            wait_for_all(rig, HELD)
            after = resident(rig.process.pid)
        assert told[0]["all"]["lost"] == 0
    print(
        f"\n{HELD} connections: {(after - before) / HELD / 1024:.1f} KiB each,"
        f" {before / 2**20:.0f} MB without and {after / 2**20:.0f} MB with them"
    )


@pytest.mark.timeout(300)
def test_connections_held(tmp_path: Path) -> None:
    """Ten thousand known devices, each of which reports every half minute."""
    with Rig(
        folder=tmp_path,
        roster_text=roster_of(HELD, list(MIXED)),
        gateways=MIXED,
        modems_wanted=0,
    ) as rig:
        assert rig.process is not None
        with fleet(rig, MIXED, HELD, 30.0, 30.0) as told:
            wait_for_all(rig, HELD)
            before_s = processor_s(rig.process.pid)
            time.sleep(28)  # noqa: TID251 - each has reported once by then
            cpu_s = processor_s(rig.process.pid) - before_s
            held = resident(rig.process.pid)
        whole = told[0]["all"]
    print(
        f"\n{HELD} devices, each reports every 30 s: {held / 2**20:.0f} MB,"
        f" {cpu_s / 28:.0%} of a core; {whole['acknowledged']} of {whole['due']}"
        f" reports answered, p99 {whole['report_latency']['p99_ms']} ms"
    )
    assert whole["lost"] == whole["strange"] == 0
    assert whole["acknowledged"] == whole["due"] >= HELD * 0.99


def resident(pid: int) -> int:
    """Return the bytes that a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(pid)


def processor_s(pid: int) -> float:
    """Return the processor time that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

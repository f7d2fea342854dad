"""From a frame's last byte to its acknowledgement and to the first SMS's Ctrl-Z.

The real service as a process, real sockets, a modem behind a real pty. Beside it
the floors, in the same run: a bare asyncio handler, a process as well, that commits
as many bytes through apsw and answers, and a bare pyserial round trip over a pty.
Prints medians and 99th percentiles; asserts what must be true before any time means
anything: every press is durable, every first SMS goes to the nearest colleague.
"""

import asyncio
import os
import pty
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import serial
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.devices import gt06_encode
from engine.dispatch.actor import RUNG_EVERY_S
from engine.roster.sample import sample_roster, sample_text
from tests.crowd import alias_of, crowd, ringers
from tests.rig import Rig
from tools import deployed

IDLE_PRESSES = 40
AT_ONCE = 1_000
RUNG_PRESSES = 200
EVERY_S = 1.0
WAIT_S = 10.0
ALIAS = re.compile(r"\bC[a-j]{3}\b")
OFFICERS = frozenset(sample_roster().rota.duty)
FIRST_SMS_P50_S, FIRST_SMS_P99_S = 0.060, 0.300


def percentiles(samples_s: list[float]) -> str:
    """Return median and 99th percentile in milliseconds."""
    ordered = sorted(samples_s)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    p50 = statistics.median(ordered)
    return f"p50 {p50 * 1e3:7.2f} ms  p99 {p99 * 1e3:7.2f} ms  n {len(ordered)}"


class Floor:
    """Asks the floor's process, at once or in the rhythm of whoever calls."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "floor_commit.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        port = int(self.process.stdout.readline())
        self.device = socket.create_connection(("127.0.0.1", port))
        self.at_once = [self._ask() for _ in range(200)]
        self.in_rhythm: list[float] = []

    def ask(self) -> None:
        """Take one sample now: a process that has slept is not a busy one."""
        self.in_rhythm.append(self._ask())

    def close(self) -> None:
        """End the process."""
        self.device.close()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self) -> float:
        began = time.perf_counter()
        self.device.sendall(b"x" * 40)
        assert self.device.recv(16)
        return time.perf_counter() - began


def _floor_pty() -> list[float]:
    """Write a line and read its answer through pyserial over a pty."""
    master, slave = pty.openpty()
    name = os.ttyname(slave)

    def answer() -> None:
        while True:
            try:
                if not os.read(master, 256):
                    return
                os.write(master, b"\r\nOK\r\n")
            except OSError:
                return

    threading.Thread(target=answer, daemon=True).start()
    samples: list[float] = []
    with serial.Serial(name, timeout=1) as port:
        for _ in range(200):
            began = time.perf_counter()
            port.write(b"AT\r")
            port.read_until(b"OK\r\n")
            samples.append(time.perf_counter() - began)
    os.close(slave)
    os.close(master)
    return samples


@pytest.fixture
def floor() -> Iterator[Floor]:
    """Start the floor's process."""
    floor = Floor()
    yield floor
    floor.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Start the service with the sample roster: its officers are rung."""
    folder = tmp_path / "rig"
    folder.mkdir()
    with Rig(folder=folder, environment=deployed.environment()) as made:
        time.sleep(1.0)  # noqa: TID251 - let the start-up's own work settle
        yield made


def test_idle(benchmark: BenchmarkFixture, rig: Rig, floor: Floor) -> None:
    """One press at a time: acknowledgement, and the first SMS on the pty.

    The floor is asked before each press, after the same silence: caches are cold
    then, and a processor that has slept is slow to wake.
    """
    acks: list[float] = []
    first_sms: list[float] = []
    operator, second = rig.operator("alder"), rig.operator("rowan")
    # One connection: with a new one the serial would begin again, and two presses of
    # one second would be the same frame, which is one report.
    device = rig.device()

    def press() -> None:
        seen = len(rig.messages.items())
        frame = device.sos_frame()
        began = time.perf_counter()
        device.socket.sendall(frame)
        assert device.socket.recv(64), "not acknowledged"
        acks.append(time.perf_counter() - began)
        while len(rig.messages.items()) < seen + 5:
            time.sleep(0.001)  # noqa: TID251 - another process is waited for
        # Two modems pull at once, and the other one may be done with two messages
        # before the first is with the nearest's.
        first, *others = rig.messages.items()[seen : seen + 3]
        assert "lapwing" in {rig.numbers()[sms.number] for sms in (first, *others)}
        first_sms.append(first.seen_s - began)

    def clear() -> None:
        for row in operator.cases():
            if row["open"]:
                alarm = str(row["id"])
                operator.act(alarm, "acknowledge")
                operator.act(alarm, "safe")
                assert second.act(alarm, "close", reason="safe") is None
        # The stop messages go out, and would otherwise count as the next press's.
        seen = -1
        while seen < len(rig.messages.items()):
            seen = len(rig.messages.items())
            time.sleep(0.3)  # noqa: TID251 - another process is waited for
        floor.ask()

    benchmark.pedantic(press, setup=clear, rounds=IDLE_PRESSES, warmup_rounds=3)
    acks, first_sms, slow = acks[3:], first_sms[3:], floor.in_rhythm[3:]
    ratio = statistics.median(acks) / statistics.median(slow)
    print(f"\nacknowledgement            {percentiles(acks)}  {ratio:.1f} x floor")
    print(f"  floor, before each press {percentiles(slow)}")
    print(f"  floor, one after another {percentiles(floor.at_once)}")
    print(f"first SMS, Ctrl-Z          {percentiles(first_sms)}")
    print(f"  floor, pty round trip    {percentiles(_floor_pty())}")
    device.socket.close()
    operator.__exit__()
    second.__exit__()


@dataclass(frozen=True, slots=True)
class Press:
    """One press: how many modems rang a telephone then, and when its SMS went out."""

    ringing: int
    first_s: float
    colleague_s: float


@pytest.mark.parametrize("modems", [2, 1])
@pytest.mark.parametrize("rings", ["officers", "all"])
def test_presses_beside_telephones_that_ring(
    tmp_path: Path, rings: str, modems: int
) -> None:
    """A press a second, each somebody else's; nobody takes a case or a telephone.

    Every telephone rings until its modem hangs up. With `officers` those of the rota
    ring as the service rings them, at most once a minute each; with `all` each press
    finds every modem ringing, by others who press half a second before. The moment is
    that of the Ctrl-Z at the pty, in this process.
    """
    people, devices = crowd(RUNG_PRESSES)
    count = RUNG_PRESSES * modems if rings == "all" else 0
    others, theirs, config = ringers(count, tmp_path / "protocols")
    folder = tmp_path / "rig"
    folder.mkdir()
    before = os.getloadavg()[0]
    with Rig(
        folder=folder,
        roster_text=sample_text() + people + others,
        modems_wanted=modems,
        extra_config=config,
        environment=deployed.environment(),
    ) as rig:
        time.sleep(1.0)  # noqa: TID251 - let the start-up's own work settle
        calls: list[tuple[float, str]] = []
        rig.calls.listen(lambda number: calls.append((time.perf_counter(), number)))
        presses = _a_second_apart(rig, devices, theirs)
        officers = {n for n, person in rig.numbers().items() if person in OFFICERS}
    load = f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    print(f"\n{RUNG_PRESSES} presses, {rings} rung by {modems} modems, {load}")
    rung = [(at_s, number) for at_s, number in calls if number in officers]
    apart_s = sorted(_apart_s(rung))
    shortest = f", of one at least {apart_s[0]:.1f} s apart" if apart_s else ""
    print(f"{len(calls)} calls, {len(rung)} of officers{shortest}")
    first = [press.first_s for press in presses]
    for name, samples in {
        "first SMS, Ctrl-Z": first,
        "  to a colleague": [press.colleague_s for press in presses],
        **{
            f"  {count} ringing": [p.first_s for p in presses if p.ringing == count]
            for count in range(modems + 1)
        },
    }.items():
        print(f"{name:26} {percentiles(samples) if samples else 'n 0'}")
    assert all(seconds >= RUNG_EVERY_S - 1 for seconds in apart_s)
    assert any(press.ringing for press in presses), "no telephone rang at any press"
    ordered = sorted(first)
    assert statistics.median(ordered) <= FIRST_SMS_P50_S
    assert ordered[int(len(ordered) * 0.99)] <= FIRST_SMS_P99_S


def _apart_s(calls: list[tuple[float, str]]) -> Iterator[float]:
    """Yield the times between two calls of one telephone."""
    last_s: dict[str, float] = {}
    for at_s, number in calls:
        if number in last_s:
            yield at_s - last_s[number]
        last_s[number] = at_s


def _a_second_apart(rig: Rig, devices: list[str], ringers: list[str]) -> list[Press]:
    """Press one after the other; the messages are looked through afterwards."""
    pressed: list[tuple[int, float]] = []
    due_s = time.perf_counter()
    each = len(ringers) // len(devices)
    for number, imei in enumerate(devices):
        for other in ringers[number * each : (number + 1) * each]:
            with rig.device(other) as device:
                assert device.sos(), "not acknowledged"
        with rig.device(imei) as device:
            due_s += EVERY_S
            left_s = max(0.0, due_s - time.perf_counter())
            time.sleep(left_s)  # noqa: TID251 - the presses' pace
            ringing = sum(bool(modem.state.call) for modem in rig.modems)
            pressed.append((ringing, time.perf_counter()))
            assert device.sos(), "not acknowledged"
        time.sleep(EVERY_S / 2)  # noqa: TID251 - its messages go out
    time.sleep(WAIT_S)  # noqa: TID251 - the last one's messages
    seen_s: dict[str, float] = {}
    colleague_s: dict[str, float] = {}
    numbers = rig.numbers()
    for sms in rig.messages.items():
        for alias in ALIAS.findall(sms.text):
            seen_s.setdefault(alias, sms.seen_s)
            if numbers[sms.number] not in OFFICERS:
                colleague_s.setdefault(alias, sms.seen_s)
    aliases = [alias_of(number) for number in range(len(pressed))]
    return [
        Press(ringing, seen_s[alias] - began_s, colleague_s[alias] - began_s)
        for alias, (ringing, began_s) in zip(aliases, pressed, strict=True)
    ]


LOADS = {
    "as it is": {},
    "an fsync that takes 5 ms longer": {"NATALIA_BENCH_SYNC_MS": "5"},
    "an fsync that takes 25 ms longer": {"NATALIA_BENCH_SYNC_MS": "25"},
    "a busy Python thread": {"NATALIA_BENCH_BUSY": "1"},
}


@pytest.mark.parametrize("load", LOADS)
def test_a_thousand_at_once(
    benchmark: BenchmarkFixture, tmp_path: Path, load: str
) -> None:
    """A thousand devices press in the same moment."""
    people, devices = crowd(AT_ONCE)
    folder = tmp_path / "rig"
    folder.mkdir()
    program = (sys.executable, str(Path(__file__).parent / "loaded_engine.py"))
    with Rig(
        folder=folder,
        roster_text=sample_text() + people,
        environment=deployed.environment() | LOADS[load],
        program=program,
    ) as rig:
        acks = benchmark.pedantic(
            _press_all, args=(rig, devices), rounds=1, iterations=1
        )
        began = min(start for start, _ in acks)
        durable_s = max(end for _, end in acks) - began
        sql = (
            "SELECT count(DISTINCT alarm) FROM effect"
            " WHERE state NOT IN ('planned', 'withdrawn')"
        )
        while rig.rows(sql) != [(AT_ONCE,)]:
            time.sleep(0.02)  # noqa: TID251 - another process is waited for
            assert time.perf_counter() - began < 60
        handed_s = time.perf_counter() - began
    samples = [end - start for start, end in acks]
    print(f"\n{AT_ONCE} at once, {load}: all durable after {durable_s:.2f} s,")
    print(f"  each with a first notification handed over after {handed_s:.2f} s")
    print(f"  acknowledgement {percentiles(samples)}")


def _press_all(rig: Rig, devices: list[str]) -> list[tuple[float, float]]:
    async def one(imei: str, gate: asyncio.Event) -> tuple[float, float]:
        host, port = rig.ports["gt06"]
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(gt06_encode.log_in(imei, serial=1))
        assert await reader.read(64)
        gps = gt06_encode.Gps(
            lat_deg=41.3,
            lon_deg=69.3,
            at=rig.clock.now(),
            valid=True,
            satellites=7,
            speed_kmh=0,
            course_deg=0,
        )
        cell = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)
        frame = gt06_encode.alarm(gps, cell, serial=2)
        await gate.wait()
        began = time.perf_counter()
        writer.write(frame)
        assert await reader.read(64), "not acknowledged"
        ended = time.perf_counter()
        writer.close()
        return began, ended

    async def all_of_them() -> list[tuple[float, float]]:
        gate = asyncio.Event()
        presses = [asyncio.ensure_future(one(imei, gate)) for imei in devices]
        await asyncio.sleep(2.0)
        gate.set()
        return await asyncio.gather(*presses)

    return asyncio.run(all_of_them())

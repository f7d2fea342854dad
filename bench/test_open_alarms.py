"""A start after `kill -9` with ten thousand open alarms, and a thousand busy ones.

The real start of the real tree, without far ends, on a journal that a killed process
has left: how soon every deadline is armed, every attempt is unknown, the first overdue
step is under way. In another process the fold of all; in this one decisions a second
and memory for each alarm. Beside it the floor: reading the same rows and nothing else.
"""

import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.open_alarms import EVENTS, OVERDUE_EACH
from engine.app import Adapters
from engine.config import parse_config
from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE
from engine.ports.journal import EffectState, JournalReader
from engine.roster.sample import sample_text
from engine.start import RunningEngine, start
from tests.engine.alarm.scene import Scene

ALARMS = 10_000
ATTEMPTING = 10
BUSY = 1_000
STEPS = 10
WAIT_S = 60.0


def left_behind(folder: Path) -> None:
    """Have a process write the journal and kill itself."""
    command = ("-m", "bench.open_alarms", "fill")
    sizes = (str(ALARMS), str(ATTEMPTING))
    done = subprocess.run(
        [sys.executable, *command, str(folder), *sizes],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == -9, done.stderr


def seconds_until(look: Callable[[], bool], began_s: float) -> float:
    while not look():
        assert time.perf_counter() - began_s < WAIT_S
        time.sleep(0.002)  # noqa: TID251 - a real start is watched
    return time.perf_counter() - began_s


def armed(running: RunningEngine) -> int:
    """Return how many deadlines the timers hold."""
    ref = running.engine.parts.tree.names.lookup("timers")
    if ref is None:
        return 0
    timers: Any = ref._actor_weakref()
    return len(timers._deadlines)


@pytest.mark.timeout(300)
def test_ten_thousand_open_alarms_after_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    left_behind(state)
    (tmp_path / "roster.toml").write_text(sample_text())
    table: dict[str, object] = {
        "state": str(state),
        "roster": "roster.toml",
        "console": {"port": 0},
        "metrics": {"port": 0},
    }
    config = parse_config(table, tmp_path)
    reader = SqliteReader(state / JOURNAL_FILE)
    before = reader.position()
    nobody = Adapters(channels={}, modems={}, streams={}, https={})
    gc.freeze()  # as `serve` does; here what the test runner holds goes with it
    began_s, cpu_s = time.perf_counter(), time.process_time()
    running = start(config, adapters=nobody)
    try:
        built_s = time.perf_counter() - began_s
        attempting = frozenset({EffectState.ATTEMPTING})
        unknown_s = seconds_until(lambda: not reader.effects(attempting), began_s)
        armed_s = seconds_until(lambda: armed(running) >= ALARMS, began_s)
        overdue_s = seconds_until(lambda: _has_acted(reader, before), began_s)
        overdue = ALARMS // OVERDUE_EACH
        acting_cpu_s = time.process_time() - cpu_s
        all_s = seconds_until(lambda: _acted(reader, before) >= overdue, began_s)
    finally:
        running.stop()
        reader.close()
    print(
        f"\n{ALARMS} open alarms of {EVENTS} events, {ATTEMPTING} attempts under way:"
        f"\n  start() returns           {built_s:6.2f} s"
        f"\n  every attempt unknown     {unknown_s:6.2f} s   (promised 0.5 s)"
        f"\n  every deadline armed      {armed_s:6.2f} s   (promised 0.5 s)"
        f"\n  first overdue step acts   {overdue_s:6.2f} s   (promised 1 s)"
        f"\n  all {overdue} overdue ones acted {all_s:6.2f} s"
        f"\n  CPU until the first acted  {acting_cpu_s:6.2f} s, watching included"
    )


def _acted(reader: JournalReader, before: int) -> int:
    rows = reader.after(before, 100_000)
    return len({row.stream for row in rows if row.stream.startswith("alarm/")})


def _has_acted(reader: JournalReader, before: int) -> bool:
    return _acted(reader, before) > 0


@pytest.mark.timeout(300)
def test_all_of_them_are_folded_in_another_process(tmp_path: Path) -> None:
    left_behind(tmp_path)
    reader = SqliteReader(tmp_path / JOURNAL_FILE)
    began_s = time.perf_counter()
    floor = sum(
        len(reader.stream(head.stream))
        for head in reader.heads("alarm/", open_only=True)
    )
    floor_s = time.perf_counter() - began_s
    reader.close()
    done = subprocess.run(
        [sys.executable, "-m", "bench.open_alarms", "fold", str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    alarms, rows, took_s, cpu_s = done.stdout.split()
    assert (int(alarms), int(rows), floor) == (ALARMS, ALARMS * EVENTS, int(rows))
    print(
        f"\nfold of {alarms} alarms, {rows} events: {float(took_s):.1f} s,"
        f" {float(cpu_s):.1f} s of CPU (promised 10 s); reading alone {floor_s:.1f} s"
    )


def test_a_thousand_open_alarms_decide(tmp_path: Path) -> None:
    del tmp_path
    gc.collect()
    tracemalloc.start()
    scenes = [Scene().raised() for _ in range(BUSY)]
    held = tracemalloc.get_traced_memory()[0]
    alarms_only = [scene.state() for scene in scenes]
    tracemalloc.stop()
    decided, began_s = 0, time.perf_counter()
    for _ in range(STEPS):
        for scene in scenes:
            scene.now = scene.now.plus(timedelta(seconds=60))
            scene.tick()
            decided += 1
    took_s = time.perf_counter() - began_s
    assert all(len(alarm.effects) > 0 for alarm in alarms_only)
    print(
        f"\n{BUSY} alarms, {STEPS} steps each: {decided / took_s:,.0f} decisions/s,"
        " each with its facts encoded, decoded and folded;"
        f" {held / BUSY / 1024:.0f} KiB an alarm with its rows"
    )

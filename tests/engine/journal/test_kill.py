"""`kill -9` of a real process: what it had acknowledged is there, whole."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.journal.reading import SqliteReader
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.journal.verify import verify

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 30

_GROUPS = """
import json, os, sys
from pathlib import Path
from engine.journal.actor import JournalActor
from engine.journal.handle import Journal
from engine.journal.sqlite import SqliteStore
from engine.supervision.child import spawn_thread
from engine.supervision.tree import alone
from tests.contracts.journal.requests import append, place, plan, record
from tests.fakes import ManualClock

class Silent:
    count = gauge = observe = lambda *_, **__: None

def acknowledge(answer):
    for row in getattr(answer, "events", ()):
        line = json.dumps([row.stream, row.seq, row.position, row.hash.hex()])
        os.write(1, line.encode() + b"\\n")

store = SqliteStore(Path(sys.argv[1]), ballast_bytes=0)
ref = spawn_thread(JournalActor, link=alone(ManualClock()), store=store,
                   telemetry=Silent(), on_not_recorded=print)
journal = Journal(lambda: ref, store, print)
number = 0
while True:
    for number in range(number + 1, number + 40):
        name = f"alarm/{number}"
        journal.submit(record(f"k{number}"), lambda _: None)
        journal.submit(append(name, kinds=("A", "B"), plans=(plan(name),)), acknowledge)
        journal.submit(place("heron", at_ms=number), lambda _: None)
    journal.ask(append(f"last/{number}"), 10)
"""

_ACTS = """
import os, signal, sys
from pathlib import Path
from engine.journal.sqlite import SqliteStore
from engine.values import Instant
from tests.contracts.journal.requests import append
from tests.faults_vfs import FaultsVfs

class KillingVfs(FaultsVfs):
    def count(self, act):
        if self.total == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().count(act)

vfs = KillingVfs()
store = SqliteStore(Path(sys.argv[1]), vfs=vfs.name, ballast_bytes=0)
for seq in range(3):
    store.commit([append(expected_seq=2 * seq, kinds=("A", "B"))], Instant(1))
    os.write(1, b"acknowledged\\n")
store.close()
"""


def start(script: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a process that writes one line for each acknowledged append."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("lines", [1, 7, 60, 400])
def test_what_was_acknowledged_before_a_kill_is_there(
    tmp_path: Path, lines: int
) -> None:
    path = tmp_path / JOURNAL_FILE
    process = start(_GROUPS, path)
    assert process.stdout is not None
    seen = [process.stdout.readline() for _ in range(lines)]

    process.send_signal(signal.SIGKILL)

    seen += process.stdout.readlines()
    process.stdout.close()
    assert process.wait(TIMEOUT_S) == -signal.SIGKILL
    SqliteStore(path, ballast_bytes=0).close()
    reader = SqliteReader(path)
    rows = reader.after(0, 1_000_000)
    assert verify(rows, reader.kept()).bad is None
    there = {(row.stream, row.seq, row.position, row.hash.hex()) for row in rows}
    told = {tuple(json.loads(line)) for line in seen if line.endswith("\n")}
    assert told <= there
    assert len(told) >= lines
    reader.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "step", [pytest.param(1, marks=pytest.mark.slow, id="every"), 29]
)
def test_a_kill_at_every_write_and_sync_tears_nothing(
    tmp_path: Path, step: int
) -> None:
    number, was_killed = 0, True
    while was_killed:
        path = tmp_path / f"{number}.db"
        process = start(_ACTS, path, number)
        output, _ = process.communicate(timeout=TIMEOUT_S)
        was_killed = process.returncode == -signal.SIGKILL

        store = SqliteStore(path, ballast_bytes=0)
        acknowledged = output.count("acknowledged")
        assert store.position in (2 * acknowledged, 2 * acknowledged + 2)
        store.close()
        number += step
    assert number > 60

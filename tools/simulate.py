"""The long run of the simulator: seed after seed, stopped and taken up at will.

    python -m tools.simulate --seeds 1000              a thousand more days
    python -m tools.simulate --minutes 60 --jobs 2     as many as an hour holds
    python -m tools.simulate --show 71                 one day, told item by item
    python -m tools.simulate --table                   write docs/simulation.md's table

Ctrl-C or SIGTERM stops it. What has been run stands in a file (`--record`), so that
every run adds to the ones before it. A seed that fails is shrunk and kept in
`tests/simulation/kept.jsonl`, where the tests run it from then on. Exit codes: 0 no
violation, 1 a violation.
"""

import argparse
import gc
import json
import multiprocessing
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.simulation.day import Outcome, run
from tests.simulation.kept import KEPT, keep
from tests.simulation.plan import plan_of
from tests.simulation.shrink import shrunk
from tools import deployed
from tools.simulate_table import written

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "simulation.json"
PAGE = ROOT / "docs" / "simulation.md"
CHUNK = 50


@dataclass(slots=True)
class Sum:
    """What all runs of one commit came to; `*_ms` count by milliseconds.

    `committed_at` is the commit's own time (ISO 8601).
    """

    committed_at: str = ""
    seeds: int = 0
    violations: int = 0
    cpu_s: float = 0.0
    lives: int = 0
    commits: int = 0
    contacts: int = 0
    alarms: int = 0
    switches: int = 0
    duplicates_max: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    recovery_ms: dict[str, int] = field(default_factory=dict)
    cpu_ms: dict[str, int] = field(default_factory=dict)
    failing: list[int] = field(default_factory=list)

    def add(self, other: "Sum") -> None:
        """Add another sum to this one."""
        for name in ("seeds", "violations", "lives", "commits", "contacts", "alarms"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.cpu_s += other.cpu_s
        self.switches += other.switches
        self.duplicates_max = max(self.duplicates_max, other.duplicates_max)
        self.faults = dict(Counter(self.faults) + Counter(other.faults))
        self.recovery_ms = dict(Counter(self.recovery_ms) + Counter(other.recovery_ms))
        self.cpu_ms = dict(Counter(self.cpu_ms) + Counter(other.cpu_ms))
        self.failing += other.failing


@dataclass(slots=True)
class Record:
    """Every run so far: the next seed, and a sum for each commit."""

    next_seed: int = 0
    commits: dict[str, Sum] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Record":
        """Read what earlier runs have left; empty where there were none."""
        if not path.exists():
            return cls()
        table = json.loads(path.read_text(encoding="utf-8"))
        sums = {commit: Sum(**one) for commit, one in table["commits"].items()}
        return cls(table["next_seed"], sums)

    def write(self, path: Path) -> None:
        """Write it whole, by way of a file beside it."""
        beside = path.with_suffix(".new")
        beside.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        beside.replace(path)


def days(seeds: Sequence[int]) -> Sum:
    """Run some days; in a process of their own."""
    total = Sum()
    cpu_ms = Counter[str]()
    # What was there before the first day is there after the last. Once for a process:
    # what a day has left and nothing leads to any more would stay for good.
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
    # Nearly all that a day makes is gone without a search for cycles.
    gc.set_threshold(20_000, 5, 5)
    for seed in seeds:
        began_s = time.process_time()
        try:
            outcome = run(plan_of(seed))
        except Exception:  # noqa: BLE001 - a day that cannot be run is a finding too
            outcome = Outcome(seed)
            total.failing.append(seed)
        if outcome.violation is not None:
            total.failing.append(seed)
        total.seeds += 1
        took_s = time.process_time() - began_s
        total.cpu_s += took_s
        cpu_ms[str(round(took_s * 1000))] += 1
        total.lives += outcome.lives
        total.commits += outcome.commits
        total.contacts += outcome.contacts
        total.alarms += outcome.alarms
        total.switches += outcome.switches
        total.duplicates_max = max(total.duplicates_max, outcome.duplicates_max)
        total.faults = dict(Counter(total.faults) + outcome.faults)
        recovery = Counter(str(round(s * 1000)) for s in outcome.recovery_s)
        total.recovery_ms = dict(Counter(total.recovery_ms) + recovery)
    total.cpu_ms = dict(cpu_ms)
    total.violations = len(total.failing)
    return total


def chunks(first: int, seeds: int | None, ends_s: float) -> Iterator[list[int]]:
    """Yield runs of seeds until there are enough of them, or the time is over."""
    last = None if seeds is None else first + seeds
    while last is None or first < last:
        if time.monotonic() >= ends_s:
            return
        size = CHUNK if last is None else min(CHUNK, last - first)
        yield list(range(first, first + size))
        first += size


def commit_id() -> str:
    """Return the commit that is checked out, with `+` where the tree differs."""
    return _git("describe", "--always", "--dirty=+") or "unknown"


def _git(*arguments: str) -> str:
    said = subprocess.run(  # noqa: S603 - our own words
        ["git", *arguments],  # noqa: S607 - from PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()


def long_run(arguments: argparse.Namespace) -> int:
    """Run until told to stop; write down each chunk."""
    path: Path = arguments.record
    record, commit = Record.read(path), commit_id()
    at = _git("show", "-s", "--format=%cI")
    ends_s = time.monotonic() + arguments.minutes * 60
    seeds = None if arguments.minutes and not arguments.seeds else arguments.seeds
    if not arguments.minutes:
        ends_s = float("inf")
    failing: list[int] = []
    # A shell that starts it in the background has SIGINT ignored.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, signal.default_int_handler)
    with ProcessPoolExecutor(arguments.jobs, initializer=_leave_stopping) as pool:
        waiting = chunks(record.next_seed, seeds, ends_s)
        try:
            for done in _in_order(pool, waiting, arguments.jobs):
                record.commits.setdefault(commit, Sum(committed_at=at)).add(done)
                record.next_seed += done.seeds
                record.write(path)
                failing += done.failing
                _say(record.commits[commit], record.next_seed)
        except KeyboardInterrupt:
            # What is under way is run again: the next seed is that of its chunk.
            for worker in multiprocessing.active_children():
                worker.terminate()
            pool.shutdown(cancel_futures=True)
    for seed in failing:
        plan = shrunk(plan_of(seed))
        keep(plan)
        sys.stdout.write(f"\nseed {seed} fails; kept in {KEPT}: {plan.to_json()}\n")
    return 1 if failing else 0


def _leave_stopping() -> None:
    """A terminal's Ctrl-C reaches every process; the one that adds up decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _in_order(
    pool: ProcessPoolExecutor, waiting: Iterator[list[int]], jobs: int
) -> Iterator[Sum]:
    """Keep every process busy; hand back in the order of the seeds."""
    running = [pool.submit(days, chunk) for chunk in _some(waiting, jobs + 1)]
    while running:
        yield running.pop(0).result()
        running += [pool.submit(days, chunk) for chunk in _some(waiting, 1)]


def _some(waiting: Iterator[list[int]], number: int) -> Iterator[list[int]]:
    for _ in range(number):
        chunk = next(waiting, None)
        if chunk is None:
            return
        yield chunk


def _say(total: Sum, next_seed: int) -> None:
    mean_ms = total.cpu_s / total.seeds * 1000
    median_ms = sorted(Counter(total.cpu_ms).elements(), key=int)[total.seeds // 2]
    sys.stdout.write(
        f"\r{total.seeds} seeds of this commit, next is {next_seed};"
        f" {total.violations} violations; CPU of a day: median {median_ms} ms,"
        f" mean {mean_ms:.0f} ms   "
    )
    sys.stdout.flush()


def show(seed: int) -> int:
    """Tell one day: its plan, its outcome."""
    plan = plan_of(seed)
    for item in plan.items:
        sys.stdout.write(f"{item}\n")
    outcome = run(plan)
    sys.stdout.write(f"{outcome}\n")
    return 0 if outcome.violation is None else 1


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=0, help="how many more days")
    parser.add_argument("--minutes", type=float, default=0.0, help="or for how long")
    parser.add_argument("--jobs", type=int, default=1, help="processes at once")
    parser.add_argument("--record", type=Path, default=RECORD, help="where it adds up")
    parser.add_argument("--show", type=int, help="tell one seed's day instead")
    parser.add_argument("--table", action="store_true", help="write the page's table")
    arguments = parser.parse_args()
    if arguments.show is not None:
        return show(arguments.show)
    if arguments.table:
        table = written(json.loads(arguments.record.read_text(encoding="utf-8")))
        head, mark, _ = PAGE.read_text(encoding="utf-8").partition("<!-- table -->\n")
        PAGE.write_text(head + mark + table, encoding="utf-8")
        return 0
    deployed.run_so()
    return long_run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())

"""The long run: `python -m tests.adapters.devices.fuzz --frames 10000000`.

It may be stopped at any moment (Ctrl-C) and taken up again: what has been done adds up
over runs in `withstood.json` and in the table of `docs/devices.md`. A batch is the same
frames every time for the same number. A frame that makes a decoder raise, take longer
than its limit or keep more than a frame ends the run and is printed.
"""

import argparse
import faulthandler
import os
import random
import resource
import signal
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import FrameType

from tests.adapters.devices import withstood
from tests.adapters.devices.mutation import (
    FuzzedDecoder,
    mistakes_raise,
    mutated,
    targets,
)
from tests.adapters.devices.vectors import FOLDER
from tests.adapters.devices.withstood import Tally

BATCH = 20_000
TIMED_TOGETHER = 100
SLOWEST_S_MAX = 0.25
HANGS_S = 60.0
SAVED_EVERY_S = 5.0


class DecoderError(Exception):
    """A decoder raised, was too slow or kept too much; says by which frames."""


def run_batch(target: FuzzedDecoder, number: int, *, frames: int = BATCH) -> Tally:
    """Fire one batch, the same every time for the same number.

    Raises:
        DecoderError: a decoder raised, or one connection took too long.

    """
    rng = random.Random(f"{target.name}/{number}")
    size = reports = 0
    cpu_s = slowest_s = 0.0
    segments: list[bytes] = []
    try:
        with mistakes_raise():
            for first in range(0, frames, TIMED_TOGETHER):
                together = range(first, min(first + TIMED_TOGETHER, frames))
                connections = [mutated(target.seeds, rng) for _ in together]
                begun_s = time.thread_time()
                for segments in connections:
                    fired_s = time.perf_counter()
                    reports += target.fire(segments)
                    if time.perf_counter() - fired_s > slowest_s:
                        slowest_s = max(slowest_s, _cpu_s_of(target, segments))
                        assert slowest_s <= SLOWEST_S_MAX, f"{slowest_s:.3f} s"
                cpu_s += time.thread_time() - begun_s
                size += sum(len(part) for parts in connections for part in parts)
    except Exception as fault:
        shown = [segment.hex() for segment in segments]
        message = f"{target.name}, batch {number}: {fault!r}: {shown}"
        raise DecoderError(message) from fault
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Tally(
        source=withstood.source_of(target.module),
        frames=frames,
        frames_now=frames,
        bytes=size,
        reports=reports,
        batches=1,
        cpu_s_now=cpu_s,
        slowest_ms=slowest_s * 1000,
        peak_mb=peak_kb / 1024,
    )


def _cpu_s_of(target: FuzzedDecoder, segments: list[bytes]) -> float:
    """Fire once more, by the thread's own clock: a thread that waited is not slow.

    That clock is a system call, as dear as a short frame: it is asked only for
    what may be the slowest so far.
    """
    begun_s = time.thread_time()
    target.fire(segments)
    return time.thread_time() - begun_s


class Run:
    """Keeps every core busy; at most one batch of each decoder is under way."""

    def __init__(self, tallies: dict[str, Tally], frames: int, only: set[str]) -> None:
        """Take up `tallies`; go on until each of `only` has had `frames`."""
        self.tallies, self._frames, self._only = tallies, frames, only
        self._under_way: dict[Future[Tally], str] = {}
        self._begun_s = self._told_s = self._saved_s = time.monotonic()
        self._done = 0

    def go(self, pool: ProcessPoolExecutor, jobs: int, path: Path) -> None:
        """Run until every decoder has had its frames.

        Raises:
            DecoderError: a decoder failed, or a process died of one that hangs.

        """
        while self._fill(pool, jobs):
            ready, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            self._collect(ready)
            now_s = time.monotonic()
            if now_s - self._saved_s >= SAVED_EVERY_S:
                withstood.save(self.tallies, path)
                self._saved_s = now_s
            if now_s - self._told_s >= 30:
                self._told_s = now_s
                self._tell(now_s)

    def finish(self) -> None:
        """Take what is under way into account: it ends within a batch."""
        self._collect(set(self._under_way))

    def _fill(self, pool: ProcessPoolExecutor, jobs: int) -> bool:
        """Start batches, of whom has had least first; say whether any is under way."""
        busy = set(self._under_way.values())
        free = [n for n in self._only - busy if self._had(n) < self._frames]
        for name in sorted(free, key=self._had)[: jobs - len(busy)]:
            number = self.tallies.get(name, Tally()).batches
            self._under_way[pool.submit(_batch_of, name, number)] = name
        return bool(self._under_way)

    def _collect(self, ready: set[Future[Tally]]) -> None:
        for future in ready:
            name = self._under_way.pop(future)
            try:
                tally = future.result()
            except BrokenProcessPool as fault:
                number = self.tallies.get(name, Tally()).batches
                message = f"{name}, batch {number}, or one beside it: hangs or died"
                raise DecoderError(message) from fault
            self.tallies[name] = self.tallies.get(name, Tally()).plus(tally)
            self._done += tally.frames

    def _had(self, name: str) -> int:
        return self.tallies.get(name, Tally()).frames

    def _tell(self, now_s: float) -> None:
        rate = self._done / (now_s - self._begun_s)
        left = sum(max(0, self._frames - self._had(name)) for name in self._only)
        print(
            f"{self._done:,} frames, {rate:,.0f}/s, {left / rate / 60:,.0f} min left",
            file=sys.stderr,
        )


def main() -> int:
    """Run until each decoder has had its frames, or until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000_000, help="per decoder")
    parser.add_argument("--only", action="append", help="a decoder's name; repeatable")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tallies", type=Path, default=withstood.TALLIES)
    parser.add_argument(
        "--page", type=Path, default=withstood.PAGE, help="where the table stands"
    )
    options = parser.parse_args()
    known = set(targets())
    only = set(options.only or known)
    if only - known:
        parser.error(f"no decoder is called {', '.join(sorted(only - known))}")
    if not FOLDER.is_dir():
        parser.error(f"captured packets are needed to start from: no {FOLDER}")
    run = Run(withstood.load(options.tallies), options.frames, only)
    signal.signal(signal.SIGTERM, _interrupt)
    with ProcessPoolExecutor(options.jobs, initializer=_obey_parent_only) as pool:
        try:
            run.go(pool, options.jobs, options.tallies)
        except KeyboardInterrupt:
            run.finish()
        finally:
            withstood.save(run.tallies, options.tallies)
            withstood.publish(run.tallies, options.page)
    print(withstood.table(run.tallies), end="")
    return 0


def _batch_of(name: str, number: int) -> Tally:
    """Run one batch; a process that computes on it for too long says where, and ends.

    Counted in its own time, since one at the lowest priority may wait for minutes.
    """
    faulthandler.register(signal.SIGVTALRM, chain=True)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_S)
    try:
        return run_batch(targets()[name], number)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _obey_parent_only() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())

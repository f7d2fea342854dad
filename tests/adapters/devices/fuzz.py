"""The long run: `python -m tests.adapters.devices.fuzz --frames 10000000`.

It may be stopped at any moment and taken up again: the table of what has been done
is kept in a file and adds up over runs. A frame that makes a decoder raise, or that
takes longer than the limit, ends the run and is printed with the seed that made it.
"""

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.adapters.devices.mutation import (
    FuzzedDecoder,
    mistakes_raise,
    mutated,
    targets,
)

BATCH = 5000
SLOWEST_S_MAX = 0.25


@dataclass(frozen=True, slots=True)
class Tally:
    """What one decoder has withstood, over all runs."""

    frames: int = 0
    bytes: int = 0
    reports: int = 0
    batches: int = 0
    cpu_s: float = 0.0
    slowest_ms: float = 0.0
    peak_mb: float = 0.0


class DecoderError(Exception):
    """A decoder raised or was too slow; says by which frames."""


def run_batch(target: FuzzedDecoder, number: int, *, frames: int = BATCH) -> Tally:
    """Fire one batch, the same every time for the same number.

    Raises:
        DecoderError: a decoder raised, or one connection took too long.

    """
    rng = random.Random(f"{target.name}/{number}")
    tally = Tally(frames=frames, batches=1)
    for _ in range(frames):
        segments = mutated(target.seeds, rng)
        begun = time.thread_time()
        try:
            with mistakes_raise():
                reports = target.fire(segments)
        except Exception as fault:
            shown = [segment.hex() for segment in segments]
            message = f"{target.name}, batch {number}: {shown}"
            raise DecoderError(message) from fault
        took_s = time.thread_time() - begun
        if took_s > SLOWEST_S_MAX:
            shown = [segment.hex() for segment in segments]
            message = f"{target.name}, batch {number}: {took_s:.3f} s: {shown}"
            raise DecoderError(message)
        size = sum(len(segment) for segment in segments)
        tally = replace(
            tally,
            bytes=tally.bytes + size,
            reports=tally.reports + reports,
            cpu_s=tally.cpu_s + took_s,
            slowest_ms=max(tally.slowest_ms, took_s * 1000),
        )
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return replace(tally, peak_mb=peak_kb / 1024)


def added(one: Tally, other: Tally) -> Tally:
    """Return both tallies as one."""
    return Tally(
        frames=one.frames + other.frames,
        bytes=one.bytes + other.bytes,
        reports=one.reports + other.reports,
        batches=one.batches + other.batches,
        cpu_s=one.cpu_s + other.cpu_s,
        slowest_ms=max(one.slowest_ms, other.slowest_ms),
        peak_mb=max(one.peak_mb, other.peak_mb),
    )


def shown(tallies: dict[str, Tally]) -> Iterator[str]:
    """Yield the table in Markdown, as `docs/devices.md` has it."""
    yield "| Decoder | Frames | MB | Frames/s | Slowest ms | Peak MB |"
    yield "|---|---|---|---|---|---|"
    for name, tally in sorted(tallies.items()):
        rate = tally.frames / tally.cpu_s if tally.cpu_s else 0
        yield (
            f"| {name} | {tally.frames:,} | {tally.bytes / 1e6:,.0f} | {rate:,.0f} "
            f"| {tally.slowest_ms:.1f} | {tally.peak_mb:.0f} |"
        )


def main() -> int:
    """Run until each decoder has had its frames, or until stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000_000, help="per decoder")
    parser.add_argument("--only", action="append", help="a decoder's name; repeatable")
    parser.add_argument("--table", type=Path, default=Path("target/fuzz-devices.json"))
    options = parser.parse_args()
    tallies = _load(options.table)
    only = options.only or list(targets())
    chosen = [target for name, target in targets().items() if name in only]
    try:
        while waiting := [
            t for t in chosen if tallies.get(t.name, Tally()).frames < options.frames
        ]:
            for target in waiting:
                tally = tallies.get(target.name, Tally())
                batch = run_batch(target, tally.batches)
                tallies[target.name] = added(tally, batch)
            _save(options.table, tallies)
    except KeyboardInterrupt:
        _save(options.table, tallies)
    print("\n".join(shown(tallies)))
    return 0


def _load(table: Path) -> dict[str, Tally]:
    if not table.exists():
        return {}
    return {name: Tally(**row) for name, row in json.loads(table.read_text()).items()}


def _save(table: Path, tallies: dict[str, Tally]) -> None:
    table.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {name: asdict(t) for name, t in sorted(tallies.items())}, indent=1
    )
    partial = table.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(table)


if __name__ == "__main__":
    raise SystemExit(main())

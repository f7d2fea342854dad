"""Engines that are broken on purpose: does the simulator find each, and how soon?

    python -m tools.broken_builds                 all of them, the table on stdout
    python -m tools.broken_builds late --seeds 50    one of them

Each is a copy of the tree with a few lines changed; the simulator then runs its seeds
from 0 upwards until an invariant breaks. No seed is picked. Exit code 1 where one of
them survives, or where the sound build itself fails within the seeds it took.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.broken_builds_list import BROKEN, Broken
from tools.broken_builds_said import SAID

ROOT = Path(__file__).parents[1]
COPIED = ("engine", "adapters", "geocore", "tests")
SEEDS_MAX = 3_000
ALL = (*BROKEN, *SAID)
NAMES = ", ".join(one.name for one in ALL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one: the seed that found it (-1: none), and the invariant."""

    seed: int
    invariant: str
    seconds: float


class StaleError(Exception):
    """The code has moved on, and a change no longer fits it."""


def copied(folder: Path) -> None:
    """Copy what the simulator imports."""
    for name in COPIED:
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
        )


def broken_in(folder: Path, broken: Broken) -> None:
    """Change the lines.

    Raises:
        StaleError: a line is not there, or is there twice.

    """
    for change in broken.changes:
        path = folder / change.file
        text = path.read_text(encoding="utf-8")
        if text.count(change.before) != 1:
            message = f"{broken.name}: {change.file} is not as it was"
            raise StaleError(message)
        path.write_text(text.replace(change.before, change.after), encoding="utf-8")


def verdict_on(folder: Path, seeds_max: int) -> Verdict:
    """Run the simulator of a copy until it finds something."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "tests.simulation.first", str(seeds_max)]
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    took_s = time.monotonic() - began_s
    if done.returncode:
        # It does not even start: that is found as well.
        return Verdict(0, "it does not run", took_s)
    seed, _, invariant = done.stdout.strip().partition(" ")
    return Verdict(int(seed), invariant, took_s)


def tried(broken: Broken | None, seeds_max: int) -> Verdict:
    """Copy, break (or not) and run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        if broken is not None:
            broken_in(folder, broken)
        return verdict_on(folder, seeds_max)


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"{NAMES}; all without")
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX, help="at most so many")
    arguments = parser.parse_args()
    names = arguments.names or [one.name for one in ALL]
    chosen = [one for one in ALL if one.name in names]
    if len(chosen) < len(set(names)):
        # A slip would try nothing, and end as if all had been found.
        parser.error(f"names: some of {NAMES}")
    survivors, most = [], 0
    sys.stdout.write("| Broken on purpose | Found by seed | Breaks | Took |\n")
    sys.stdout.write("|---|--:|---|--:|\n")
    for one in chosen:
        found = tried(one, arguments.seeds)
        most = max(most, found.seed + 1)
        if found.seed < 0 or "not run" in found.invariant:
            survivors.append(one.name)
        sys.stdout.write(
            f"| {one.title} | {found.seed} | {found.invariant or 'nothing'} |"
            f" {found.seconds:.0f} s |\n"
        )
        sys.stdout.flush()
    sound = tried(None, most)
    sys.stdout.write(f"| nothing: the sound build, {most} seeds | - | ")
    sys.stdout.write(f"{sound.invariant or 'nothing'} | {sound.seconds:.0f} s |\n")
    for name in survivors:
        sys.stderr.write(f"broken_builds: {name} was not found\n")
    return 1 if survivors or sound.seed >= 0 else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Every pair of faults, of one modem and of both: what the tests take a part of.

    python -m tests.line.every_pair                 all of them, some minutes
    python -m tests.line.every_pair --at-once 12    beside other work

Exit codes: 0 nothing was wrong, 1 something was, and it is named.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.line.cases import PAIRS
from tests.line.story import Story, play_all

BATCH = 96


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=48, help="stories at once")
    at_once = parser.parse_args().at_once
    stories = [
        Story(faults=pair, both=both) for pair in PAIRS for both in (False, True)
    ]
    began_s = time.monotonic()
    wrong: list[str] = []
    for first in range(0, len(stories), BATCH):
        some = stories[first : first + BATCH]
        with tempfile.TemporaryDirectory() as folder:
            found = play_all(some, Path(folder), at_once=at_once)
        wrong += found
        for each in found:
            sys.stdout.write(f"WRONG {each}\n")
        done, took_s = first + len(some), time.monotonic() - began_s
        sys.stdout.write(f"{done} of {len(stories)} stories, {took_s:.0f} s\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(wrong)} of {len(stories)} went wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

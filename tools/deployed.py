"""The environment in which the unit file runs the engine."""

import os
import sys
from pathlib import Path

UNIT = Path(__file__).parent.parent / "deploy" / "natalia.service"
_SET = "Environment="


def environment() -> dict[str, str]:
    """Return what the unit sets: how the interpreter's memory is laid out."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    pairs = (line.removeprefix(_SET) for line in lines if line.startswith(_SET))
    return dict(pair.split("=", 1) for pair in pairs)


def run_so() -> None:
    """Begin this process anew in that environment, unless it is in it already."""
    wanted = environment()
    if not wanted.keys() <= os.environ.keys():
        os.environ.update(wanted)
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own words

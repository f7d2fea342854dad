"""What a service says on its standard output, whether anybody takes it or not."""

import os
import sys
from contextlib import suppress
from typing import TextIO

from engine.unread import PATIENCE_MS, Outflow


def say(text: str, stream: TextIO | None = None) -> None:
    """Write a line or more; where nobody takes it, a service goes on all the same.

    Its output may stand on a disk that is full, or lead to a journald that is gone or
    hangs. What could not be written is let go: it would fail again as the process ends.

    Args:
        text: lines, each with its end.
        stream: standard output without one.

    """
    number = (stream or sys.stdout).fileno()
    with suppress(OSError), os.fdopen(number, "w", closefd=False) as once:
        outflow = Outflow(once)
        for line in text.splitlines(keepends=True):
            if not outflow.takes(PATIENCE_MS):
                return
            once.write(line)
            once.flush()


def flush() -> None:
    """Have what was printed and logged go out, as far as somebody takes it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()

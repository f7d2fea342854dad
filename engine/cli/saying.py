"""What a service says on its standard output, whether anybody takes it or not."""

import os
import sys
from contextlib import suppress


def say(text: str) -> None:
    """Write a line or more; where nobody takes it, a service goes on all the same.

    Its output may stand on a disk that is full, or lead to a journald that is gone.
    What could not be written is let go: it would fail again as the process ends.
    """
    with suppress(OSError), os.fdopen(sys.stdout.fileno(), "w", closefd=False) as once:
        once.write(text)


def flush() -> None:
    """Have what was printed and logged go out, as far as somebody takes it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()

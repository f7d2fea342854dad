"""What a person types to a modem, and a terminal that lets Ctrl-Z through."""

import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

HAND_OVER, ESCAPE = "\x1a", "\x1b"
_CONTROL = 6
"""Where `tcgetattr` has the control characters."""
LINE_MAX = 4096
"""As many bytes of a line a terminal of Linux keeps."""
TOO_LONG = f"a line of more than {LINE_MAX} characters: nothing was done with it"


def at_line(line: str) -> bytes:
    """Return the bytes of a typed line: with CR, a text handed over, or ESC alone."""
    if line in {"^[", ESCAPE}:
        return ESCAPE.encode()
    for end in ("^Z", HAND_OVER):
        if line.endswith(end):
            return line.removesuffix(end).encode("latin-1", "replace") + b"\x1a"
    return line.encode("latin-1", "replace") + b"\r"


@contextmanager
def typed_lines(stream: TextIO) -> Iterator[Iterator[str | None]]:
    """Give what is typed, line by line, until its end; a terminal is as it was after.

    At one Ctrl-Z ends a line, and is in it: else it would suspend the program, with the
    modem at its prompt. What is no terminal is read as it is.
    """
    terminal = _terminal(stream)
    if terminal is None:
        yield lines_of(stream)
        return
    before = termios.tcgetattr(terminal)
    changed = termios.tcgetattr(terminal)
    keys = changed[_CONTROL]
    keys[termios.VSUSP] = os.fpathconf(terminal, "PC_VDISABLE").to_bytes()
    keys[termios.VEOL] = HAND_OVER.encode()
    termios.tcsetattr(terminal, termios.TCSANOW, changed)
    try:
        yield _keyed_lines(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def lines_of(stream: TextIO) -> Iterator[str | None]:
    """Read line by line; None stands for one that is longer than `LINE_MAX`.

    What has no line's end, a disk image say, takes no more memory than others.
    """
    while line := stream.readline(LINE_MAX + 1):
        if line.endswith("\n") or len(line) <= LINE_MAX:
            yield line.rstrip("\n")
            continue
        while line and not line.endswith("\n"):
            line = stream.readline(LINE_MAX)
        yield None


def _keyed_lines(terminal: int) -> Iterator[str]:
    """Read past the stream's own buffer, which waits for a line feed."""
    while line := os.read(terminal, LINE_MAX):
        yield line.decode("utf-8", "replace").rstrip("\n")


def _terminal(stream: TextIO) -> int | None:
    """Return a terminal's descriptor; None of a file, a pipe or a buffer."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return None
    return descriptor if os.isatty(descriptor) else None

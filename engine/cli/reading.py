"""What a command reads that is no argument, since others see those."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import DataError, unreadable

STANDARD_INPUT = Path("-")
FromFile = Annotated[
    Path,
    # Whether it may be read is said below, with what to do about it.
    typer.Option(
        readable=False,
        show_default=False,
        help="A file that has it; standard input otherwise.",
    ),
]


def said_in(file: Path, what: str) -> str:
    """Return what a file says, or a pipe such as standard input.

    Args:
        file: `STANDARD_INPUT`, or where it stands.
        what: the option or thing that is read, for the error.

    Raises:
        DataError: it cannot be read; says why, and never what it says.

    """
    is_input = file == STANDARD_INPUT
    try:
        return sys.stdin.read() if is_input else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        where = "standard input" if is_input else file.name
        # Not as its cause: what could not be read is in it.
        raise DataError(where, None, what, unreadable(error)) from None

"""What is wrong with a file that people wrote, as JSON: one form for all commands."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from engine.errors import DataError, Fault, facts_of

EXIT_FAULTS = 3


def faults_json(faults: Sequence[Fault], **beside: object) -> str:
    """Return every fault by its fields, and what stands beside them, as JSON.

    As all JSON of a command in ASCII alone: a letter that the output does not have
    would be written as an escape that JSON does not know.
    """
    whole = {"ok": False, **beside, "faults": [facts_of(one) for one in faults]}
    return json.dumps(whole, indent=1)


@contextmanager
def faults_told(*, as_json: bool) -> Iterator[None]:
    """Print what the block refuses as JSON where that was asked for; else let it pass.

    Raises:
        Exit: with the code that such faults have in words too.

    """
    try:
        yield
    except DataError as error:
        if not as_json:
            raise
        sys.stdout.write(faults_json(error.each) + "\n")
        raise typer.Exit(EXIT_FAULTS) from error

"""A module that is installed, and not there for whoever would take it up unasked."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def absent(module: str) -> Iterator[None]:
    """Let an optional module not be found meanwhile, unless it is loaded already."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment] # the import system's own way
    try:
        yield
    finally:
        del sys.modules[module]

"""What the whole process is set to before an engine starts in it."""

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.collector import YOUNG
from engine.descriptors import RESERVED
from engine.interpreter import SHORT_S

_NO_LIMIT = 1 << 20  # what Linux itself allows a process (fs.nr_open)


def prepare() -> int:
    """Hand the interpreter's lock on early, search garbage seldom, open many files.

    Returns how many files may be open; the last ones only `beyond_limit`.
    """
    # With one CPU-bound Python thread in the process the default of 5 ms lets an
    # SOS among 2,000 reports a second wait 21 s; this makes that 30 ms.
    sys.setswitchinterval(SHORT_S)
    gc.set_threshold(YOUNG)
    most = open_files_max()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(most - RESERVED, most // 2), hard))
    return most


def open_files_max() -> int:
    """Return how many files this process may have open, once it asks for all."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _NO_LIMIT if hard == resource.RLIM_INFINITY else hard


@contextmanager
def beyond_limit() -> Iterator[None]:
    """Open what must be opened although nothing else can be; for a moment only."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

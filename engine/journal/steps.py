"""Who waits for a start hears of each step that SQLite gets on by."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import apsw

INSTRUCTIONS: Final = 1_000_000
"""Of SQLite's machine: a few dozen milliseconds of one long statement, as what makes an
index anew or takes over the tables of an older engine."""


@contextmanager
def steps_told(gets_on: Callable[[], None]) -> Iterator[None]:
    """Have each connection that is opened within call `gets_on` again and again.

    In its own thread, at the end of each statement and amid a long one; not while it
    waits for the disk, of which nobody knows whether it still gets on.

    Args:
        gets_on: must not raise or block; from any thread.

    """
    opened: list[apsw.Connection] = []

    def watch(connection: apsw.Connection) -> None:
        opened.append(connection)
        connection.set_progress_handler(amid, INSTRUCTIONS, id=amid)
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, at_end, id=amid)

    def amid() -> bool:
        gets_on()
        return False

    def at_end(_: object) -> None:
        gets_on()

    gets_on()
    apsw.connection_hooks.append(watch)
    try:
        yield
    finally:
        apsw.connection_hooks.remove(watch)
        for connection in opened:
            with suppress(apsw.ConnectionClosedError):
                connection.set_progress_handler(None, id=amid)
                connection.trace_v2(0, None, id=amid)

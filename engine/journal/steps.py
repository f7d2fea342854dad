"""Who waits for a start hears of each step that SQLite gets on by."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import apsw

T = TypeVar("T")

INSTRUCTIONS: Final = 1_000_000
"""Of SQLite's machine: a few dozen milliseconds of one long statement, as what makes an
index anew or takes over the tables of an older engine."""


class Steps:
    """The steps that were made so far."""

    def __init__(self, gets_on: Callable[[], None]) -> None:
        self._gets_on = gets_on
        self._count = 0
        self.hangs = False
        """Whether nobody waits any more for who still makes them."""

    def made(self) -> None:
        """Count one; from any thread."""
        self._count += 1
        if not self.hangs:
            self._gets_on()

    def are_made_until(self, work: Future[T], apart_s: float) -> bool:
        """Wait for the end of some work; False where no step comes for so long."""
        seen = -1
        while (count := self._count) != seen:
            seen = count
            with suppress(TimeoutError):
                work.exception(timeout=apart_s)
                return True
        self.hangs = True
        return False


@contextmanager
def steps_told(gets_on: Callable[[], None]) -> Iterator[Steps]:
    """Have each connection that is opened within call `gets_on` again and again.

    In its own thread, at the end of each statement and amid a long one; not while it
    waits for the disk, of which nobody knows whether it still gets on.

    Args:
        gets_on: must not raise or block; from any thread.

    """
    opened: list[apsw.Connection] = []
    steps = Steps(gets_on)

    def watch(connection: apsw.Connection) -> None:
        opened.append(connection)
        connection.set_progress_handler(amid, INSTRUCTIONS, id=amid)
        connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, at_end, id=amid)

    def amid() -> bool:
        steps.made()
        return False

    def at_end(_: object) -> None:
        steps.made()

    steps.made()
    apsw.connection_hooks.append(watch)
    try:
        yield steps
    finally:
        apsw.connection_hooks.remove(watch)
        if steps.hangs:
            opened.clear()  # whoever waits for the disk has them still
        for connection in opened:
            with suppress(apsw.ConnectionClosedError):
                connection.set_progress_handler(None, id=amid)
                connection.trace_v2(0, None, id=amid)

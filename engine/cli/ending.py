"""The wish that a command end, as SIGTERM, Ctrl-C or the end of its input bring it."""

import os
import select
import signal
from queue import Empty, SimpleQueue


class Ending:
    """Set by signal handlers, waited for by the main thread.

    No `threading.Event`: a handler runs in the thread that waits, between any two
    of its steps, and would wait for ever for the lock that the step holds. A
    `SimpleQueue` may be put to from a handler (Python's documentation of `queue`).
    """

    def __init__(self, *, until_end_of: int | None = None) -> None:
        """Take no signal yet; the end of `until_end_of`, a descriptor, is a wish."""
        self._wishes: SimpleQueue[None] = SimpleQueue()
        self._input = until_end_of
        self._is_set = False

    def listen(self) -> None:
        """Take SIGTERM and SIGINT from now on; in the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._wishes.put(None))

    def wait(self, timeout_s: float) -> bool:
        """Wait for the wish; whether it has come, now or before."""
        if not self._is_set:
            try:
                self._wishes.get(timeout=timeout_s)
            except Empty:
                if not self._has_input_ended():
                    return False
            self._is_set = True
        return True

    def _has_input_ended(self) -> bool:
        """Look, without waiting; what is written there is of no meaning."""
        if self._input is None:
            return False
        while select.select([self._input], [], [], 0)[0]:
            if not os.read(self._input, 4096):
                return True
        return False

"""The wish that a command end, as SIGTERM or Ctrl-C bring it."""

import signal
from queue import Empty, SimpleQueue


class Ending:
    """Set by signal handlers, waited for by the main thread.

    No `threading.Event`: a handler runs in the thread that waits, between any two
    of its steps, and would wait for ever for the lock that the step holds. A
    `SimpleQueue` may be put to from a handler (Python's documentation of `queue`).
    """

    def __init__(self) -> None:
        """Take no signal yet."""
        self._wishes: SimpleQueue[None] = SimpleQueue()
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
                return False
            self._is_set = True
        return True

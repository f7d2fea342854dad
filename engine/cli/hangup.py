"""SIGHUP: the wish for a reload. It never ends a service."""

import signal
from queue import Empty, SimpleQueue


class Hangup:
    """Set by the signal's handler, taken by the main thread.

    A `SimpleQueue`, as `engine.cli.ending` has it: a handler runs between any two steps
    of the thread that reads.
    """

    def __init__(self) -> None:
        """Take no signal yet."""
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def listen(self) -> None:
        """Take SIGHUP from now on; in the main thread."""
        signal.signal(signal.SIGHUP, lambda *_: self._wishes.put(None))

    def take(self) -> bool:
        """Say whether there was one since the last look; several are one."""
        try:
            self._wishes.get_nowait()
        except Empty:
            return False
        while self.take():
            pass
        return True

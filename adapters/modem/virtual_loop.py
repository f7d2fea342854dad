"""The one thread of a virtual modem: its link, its timers, what others ask of it."""

import heapq
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from adapters.modem.virtual_links import Link
from engine.ports.clock import Clock

_WAKE_MAX = 4096
_JOIN_S = 5.0


class Loop:
    """Runs callbacks in one thread, at once or later; nothing is polled."""

    def __init__(
        self, clock: Clock, link: Link, on_input: Callable[[bytes], None]
    ) -> None:
        """Take the link whose input goes to `on_input`; `start` begins."""
        self._clock = clock
        self.link = link
        self._on_input = on_input
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._posted: deque[Callable[[], None]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._running = False
        self._thread: threading.Thread | None = None

    def start(self, name: str) -> None:
        """Start the thread."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self.post(self._end)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)
        for end in (self._wake_read, self._wake_write):
            with suppress(OSError):
                os.close(end)

    def post(self, callback: Callable[[], None]) -> None:
        """Run a callback in the thread; from any thread."""
        self._posted.append(callback)
        with suppress(OSError):
            os.write(self._wake_write, b"\x00")

    def call(self, callback: Callable[[], None], timeout_s: float = 5.0) -> None:
        """Run a callback in the thread and wait until it has run.

        Raises:
            OSError: the callback's own, of a link that cannot be plugged in.

        """
        if threading.current_thread() is self._thread or not self._running:
            callback()
            return
        done = threading.Event()
        raised: list[OSError] = []

        def run() -> None:
            try:
                callback()
            except OSError as error:
                raised.append(error)
            done.set()

        self.post(run)
        done.wait(timeout_s)
        if raised:
            raise raised[0]

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Run a callback after a time, at once where that is 0; in the thread."""
        if seconds <= 0:
            callback()
            return
        self._count += 1
        due = self._clock.boottime_s() + seconds
        heapq.heappush(self._timers, (due, self._count, callback))

    def _end(self) -> None:
        self._running = False

    def _run(self) -> None:
        while self._running:
            self._run_due()
            self._wait()
            while self._posted:
                self._posted.popleft()()

    def _run_due(self) -> None:
        now_s = self._clock.boottime_s()
        while self._timers and self._timers[0][0] <= now_s:
            heapq.heappop(self._timers)[2]()

    def _wait(self) -> None:
        if self._posted:
            return
        waiting = select.poll()
        waiting.register(self._wake_read, select.POLLIN)
        for descriptor in self.link.read_descriptors():
            waiting.register(descriptor, select.POLLIN)
        writing = self.link.write_descriptor()
        if writing is not None:
            waiting.register(writing, select.POLLIN | select.POLLOUT)
        timeout_ms = None
        if self._timers:
            left_s = self._timers[0][0] - self._clock.boottime_s()
            timeout_ms = max(0.0, left_s * 1000)
        ready = waiting.poll(timeout_ms)
        if any(descriptor == self._wake_read for descriptor, _ in ready):
            with suppress(OSError):
                os.read(self._wake_read, _WAKE_MAX)
        if writing is not None:
            self.link.flush()
        data = self.link.read(frozenset(descriptor for descriptor, _ in ready))
        if data:
            self._on_input(data)

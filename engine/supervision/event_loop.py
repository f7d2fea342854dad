"""An asyncio event loop on a thread of its own, owned by one actor."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from engine.errors import EngineError
from engine.ports.clock import Clock

T = TypeVar("T")

SILENT_MAX_S = 5.0
BEAT_MAX_S = 2.0
"""More between two beats, and it was the process that stood still, or its owner."""
STOP_S = 1.0
CALL_S = 10.0
ROUNDS_AT_END = 4


class LoopStuckError(EngineError):
    """The event loop does not get on: nobody who speaks to it is heard."""


class EventLoop:
    """The loop's thread, and the heartbeat that passes through it."""

    def __init__(
        self, name: str, clock: Clock, at_end: Callable[[], None] | None = None
    ) -> None:
        """Make a loop; its thread starts with `start`, and calls `at_end` in the end.

        Closing the loop closes no connection: `at_end` has to.
        """
        self._clock, self._at_end = clock, at_end
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._is_heard, self._silent_s = True, 0.0
        self._beat_s = clock.boottime_s()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()
        self._beat_s = self._clock.boottime_s()

    def call(self, coroutine: Coroutine[None, None, T]) -> T:
        """Run a coroutine in the loop and wait for it, a few seconds at most."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(CALL_S)

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back in the loop; from any thread. Dropped where the loop is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def beat(self) -> None:
        """Send the heartbeat round, and see whether the last one came back.

        A suspend, or a SIGSTOP of the process, is nobody's silence: the loop could not
        get on, and whoever is connected should not have to come again for it.

        A loop that has stood still ends as soon as it gets on: its owner fails by this,
        and nobody may be served beside a successor.

        Raises:
            LoopStuckError: nothing has come back for several seconds.

        """
        now_s = self._clock.boottime_s()
        if self._is_heard:
            # The loop's thread only ever sets it: what it says twice counts once.
            self._is_heard, self._silent_s = False, 0.0
        else:
            self._silent_s += min(now_s - self._beat_s, BEAT_MAX_S)
        self._beat_s = now_s
        if self._silent_s > SILENT_MAX_S:
            self.soon(self._loop.stop)
            message = "the event loop has not run for several seconds"
            raise LoopStuckError(message)
        self.soon(self._came_back)

    def stop(self) -> None:
        """Cancel what runs in the loop, and end its thread."""
        self.soon(self._loop.stop)
        self._thread.join(timeout=STOP_S)

    def _came_back(self) -> None:
        self._is_heard = True

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        gathered = asyncio.gather(*tasks, return_exceptions=True)
        self._loop.run_until_complete(gathered)
        if self._at_end is not None:
            self._loop.call_soon(self._at_end)
            # A connection says one round after it was aborted that it is lost.
            for _ in range(ROUNDS_AT_END):
                self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

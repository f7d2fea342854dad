"""A loop whose time is its own: none passes while it works, a sleep is over at once."""

import asyncio
from collections.abc import Coroutine
from selectors import SelectorKey
from typing import NoReturn


class OwnTimeLoop(asyncio.SelectorEventLoop):
    """Goes on to the next thing that is due, however slow or busy the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._wait = self._selector.select  # type: ignore[attr-defined] # asyncio's own
        self._selector.select = self._go_on  # type: ignore[attr-defined]

    def time(self) -> float:
        return self._now_s

    def run_in_executor(self, *_: object) -> NoReturn:
        message = (
            "a thread goes by the machine's time: any limit for it is over at once"
        )
        raise AssertionError(message)

    def _go_on(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None:
            waited: list[tuple[SelectorKey, int]] = self._wait()
            return waited
        self._now_s += max(timeout, 0.0)
        come: list[tuple[SelectorKey, int]] = self._wait(0)
        return come


def run(scene: Coroutine[object, object, None]) -> None:
    """Play a scene in which nothing waits for another thread or process."""
    with asyncio.Runner(loop_factory=OwnTimeLoop) as runner:
        runner.run(scene)

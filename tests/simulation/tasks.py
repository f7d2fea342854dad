"""What the scheduler runs: tasks in greenlets, or without, and where they wait."""

from collections.abc import Callable

from greenlet import GreenletExit, greenlet  # type: ignore[import-untyped]


class Task:
    """What runs in a greenlet of its own, as the scheduler keeps it.

    Its own attributes: those of a greenlet cost ten times as much to read.
    """

    __slots__ = ("dead", "greenlet", "name", "switch", "wait")

    def __init__(
        self, run: Callable[[], object], name: str, parent: greenlet | None
    ) -> None:
        self.name = name
        self.dead = False
        self.greenlet = greenlet(lambda _: self._run(run), parent=parent)
        self.switch: Callable[[bool], object] = self.greenlet.switch
        self.wait: Wait | None = None
        """Where it waits; None while it runs."""

    def _run(self, run: Callable[[], object]) -> None:
        try:
            run()
        finally:
            self.dead = True

    def end(self) -> None:
        """End it where it waits, if it has begun."""
        if self.greenlet:
            self.greenlet.throw(GreenletExit)


class Later(Task):
    """A task that waits once, and then acts and waits no more: it needs no greenlet."""

    __slots__ = ("_act", "_begin")

    def __init__(
        self,
        begin: Callable[[Task], None],
        act: Callable[[], object],
        name: str,
    ) -> None:
        self.name = name
        self.dead = False
        self.switch = self._switch
        self.wait = None
        self._begin, self._act = begin, act

    def _switch(self, woken: bool) -> None:  # noqa: FBT001 - as a greenlet's
        if woken:
            self._begin(self)
        else:
            self.dead = True
            self._act()

    def end(self) -> None:
        """Nothing of it runs."""


class Wait:
    """One task at one blocking point; resumed once, by wake-up or time-out."""

    __slots__ = ("every_ns", "over", "task", "woken")

    every_ns: int
    """How often a poll looks, about."""
    woken: bool

    def __init__(self, task: Task | None) -> None:
        self.task = task
        """None: the test itself."""
        self.over = False

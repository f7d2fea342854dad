"""What the scheduler runs: tasks in greenlets, or without, and where they wait."""

from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet  # type: ignore[import-untyped]


class Task:
    """What runs in a greenlet of its own, as the scheduler keeps it.

    Its own attributes: those of a greenlet cost ten times as much to read. A greenlet
    is lent when the task first runs, and serves the next one when it is over.
    """

    __slots__ = ("dead", "greenlet", "late", "name", "run", "switch", "wait", "woken")

    def __init__(self, run: Callable[[], object], name: str) -> None:
        self.run, self.name = run, name
        self.woken, self.late = _told(name)
        self.dead = False
        self.greenlet: greenlet | None = None
        self.switch: Callable[[bool], object] = self._borrow
        self.wait: Wait | None = None
        """Where it waits; None while it runs."""

    def _borrow(self, _: bool) -> None:  # noqa: FBT001 - as a greenlet's
        lent = _FREE.pop() if _FREE else greenlet(_serve, parent=getcurrent())
        self.greenlet, self.switch = lent, lent.switch
        lent.switch(self)

    def end(self) -> None:
        """End it where it waits, if it has begun."""
        if self.greenlet is not None and not self.dead:
            self.greenlet.throw(GreenletExit)


_FREE: list[greenlet] = []


def _serve(task: Task) -> None:
    """Run one task after the other; the greenlet of one that fails is over."""
    own = getcurrent()
    to_main = own.parent.switch
    while True:
        try:
            task.run()
        except GreenletExit:
            pass
        finally:
            task.dead = True
        del task
        _FREE.append(own)
        task = to_main()


def _told(name: str) -> tuple[str, str]:
    """Return what the trace says of each turn: woken, or its time was over."""
    return f"{name} True\n", f"{name} False\n"


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
        self.woken, self.late = _told(name)
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

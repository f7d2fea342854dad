"""What ties one running instance of an actor to its supervisor."""

import gc
import sys
import threading
from collections.abc import Callable
from enum import StrEnum
from types import FrameType
from typing import TYPE_CHECKING

from engine.supervision.failure import Failure, ReplacedError

if TYPE_CHECKING:
    from engine.ports.clock import Clock
    from engine.supervision.quarantine import Quarantine
    from engine.supervision.tree import Tree


class LinkState(StrEnum):
    """How far an instance has come."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPED = "stopped"


_looking = threading.Lock()

_FAILED = LinkState.FAILED
"""By a name of its own, since it is read for every message of every actor."""


class Link:
    """One instance's token: made by the supervisor, written by the actor's thread.

    The attributes are the fact; `changed` is a hint that may be lost, since the
    supervisor looks at every link again within a second.
    """

    __slots__ = (
        "_changed",
        "abandon_children",
        "busy",
        "clock",
        "failure",
        "message",
        "name",
        "progress",
        "quarantined",
        "replaced",
        "state",
        "stop_by_s",
        "thread_id",
        "tree",
    )

    def __init__(
        self,
        name: str,
        tree: "Tree",
        *,
        changed: Callable[["Link"], None],
        quarantined: "Quarantine | frozenset[object]" = frozenset(),
    ) -> None:
        """Tie an instance that is about to be spawned.

        Args:
            name: the child's name, unique in the tree.
            tree: what all actors of the tree share.
            changed: told after each change of `state`, in the actor's thread.
            quarantined: keys of commands that this child does not handle again.

        """
        self.name = name
        self.tree = tree
        self.clock: Clock = tree.clock
        """The tree's clock."""
        self.quarantined = quarantined
        self.state = LinkState.STARTING
        self.failure: Failure | None = None
        self.message: object = None
        self.progress = 0
        self.busy = True
        self.replaced = False
        self.stop_by_s: float | None = None
        self.thread_id: int | None = None
        self.abandon_children: Callable[[], None] | None = None
        self._changed = changed

    def beat(self) -> None:
        """Count progress; raises `ReplacedError` where nobody waits for it any more."""
        self.progress += 1
        if self.replaced:
            raise ReplacedError

    def entered(self) -> None:
        """Note whose thread this is; in it, before anything else."""
        self.thread_id = threading.get_ident()

    def ready(self) -> None:
        """Confirm the start."""
        self._become(LinkState.READY)

    def begin(self, message: object) -> None:
        """Note what is being handled."""
        self.message = message
        self.busy = True
        self.progress += 1

    def end(self) -> None:
        """Note that it has been handled."""
        self.busy = False
        self.progress += 1
        if self.state is not _FAILED:
            self.message = None

    def failed(self, failure: Failure) -> None:
        """Report the instance's end; the first failure counts."""
        if self.state is not LinkState.FAILED:
            self.failure = failure
            self._become(LinkState.FAILED)

    def stopped(self) -> None:
        """Report an orderly end."""
        if self.state is not LinkState.FAILED:
            self._become(LinkState.STOPPED)

    def stuck(self, kind: str) -> Failure:
        """Describe what the actor's thread does at this moment, by its place."""
        thread_id = self.thread_id
        return Failure.stuck(kind, None if thread_id is None else _frame_of(thread_id))

    def _become(self, state: LinkState) -> None:
        self.state = state
        self._changed(self)


def _frame_of(thread_id: int) -> FrameType | None:
    """Return what a thread does now, without a search for cycles meanwhile.

    Before Python 3.11.9 one may begin while `_current_frames` holds the lock of all
    threads. Whatever is freed then and wants that lock, a `threading.local` does, waits
    for ever, and the whole process with it (gh-106883).
    """
    with _looking:
        searches = gc.isenabled()
        gc.disable()
        try:
            # The documented way to it.
            return sys._current_frames().get(thread_id)  # noqa: SLF001
        finally:
            if searches:
                gc.enable()

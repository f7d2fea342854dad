"""What all actors of one supervision tree share, and the tree's root."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pykka

from engine.ports.clock import Clock
from engine.supervision.child import ChildSpec, Spawn, spawn_thread
from engine.supervision.failure import Failure
from engine.supervision.link import Link, LinkState
from engine.supervision.names import Names


class Status(Protocol):
    """Who is told of restarts; in a supervisor's thread. Never raises, never blocks.

    `child` is a spec's public name: fit for a label.
    """

    def failed(self, child: str, failure: Failure) -> None:
        """A child has failed or was found dead or stuck."""

    def restarted(self, child: str) -> None:
        """A child is being started again."""

    def down(self, child: str, *, is_down: bool) -> None:
        """A child is past its intensity and retried slowly, or that is over.

        Each True is followed by one False, also where its supervisor ends first.
        """


class Silent:
    """A status that nobody reads."""

    def failed(self, child: str, failure: Failure) -> None:
        """Drop it."""

    def restarted(self, child: str) -> None:
        """Drop it."""

    def down(self, child: str, *, is_down: bool) -> None:
        """Drop it."""


def _unheard(child: str, message: object) -> None:
    """Drop what is quarantined: only for tests and tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Given to every actor by its link.

    `chance` returns the next number in [0, 1) for jitter. `on_quarantine` gets the
    name of a child and the command that has crashed it twice; in the supervisor's
    thread, must not block. `look_s` is how often supervisors look at their
    children.
    """

    clock: Clock
    chance: Callable[[], float]
    spawn: Spawn = spawn_thread
    names: Names = field(default_factory=Names)
    status: Status = field(default_factory=Silent)
    on_quarantine: Callable[[str, object], None] = _unheard
    look_s: float = 1.0


def alone(clock: Clock, name: str = "alone") -> Link:
    """Make a link to no supervisor, for one actor under test."""
    tree = Tree(clock=clock, chance=lambda: 0.5)
    return Link(name, tree, changed=lambda _: None)


class Root:
    """The one actor without a supervisor: its failure ends the process."""

    def __init__(
        self,
        spec: ChildSpec,
        tree: Tree,
        *,
        on_ready: Callable[[], None],
        on_failure: Callable[[Failure], None],
    ) -> None:
        """Start the tree; returns at once.

        Args:
            spec: the root supervisor.
            tree: what its actors share.
            on_ready: every child has confirmed its start; in the root's thread.
            on_failure: the root has failed and its children are stopped; in the
                root's thread. The process must end.

        """
        self._on_ready = on_ready
        self._on_failure = on_failure
        self._spec = spec
        self.link = Link(spec.name, tree, changed=self._changed)
        self._ref = tree.spawn(spec.actor, **spec.arguments, link=self.link)

    def stop(self, within_s: float) -> bool:
        """Stop all in reverse order; False where that took longer than allowed."""
        self.link.stop_by_s = self.link.clock.boottime_s() + within_s
        try:
            return bool(self._ref.stop(block=True, timeout=within_s))
        except pykka.Timeout:
            return False

    def _changed(self, link: Link) -> None:
        if link.state is LinkState.READY:
            self._on_ready()
        elif link.state is LinkState.FAILED and link.failure is not None:
            self._on_failure(link.failure)

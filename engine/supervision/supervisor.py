"""The supervisor: starts its children in order, restarts, gives up, stops."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import pykka

from engine.errors import EngineError
from engine.supervision.actor import SupervisedActor
from engine.supervision.backoff import backoff_s, slow_retry_s
from engine.supervision.child import ChildSpec, OnDown, Restart, Strategy
from engine.supervision.failure import Failure
from engine.supervision.inbox import Rescan, Wake
from engine.supervision.link import Link, LinkState
from engine.supervision.names import Ref, inbox_of
from engine.supervision.running import Child, Phase
from engine.supervision.shutdown import stop_children

logger = logging.getLogger(__name__)

M_contra = TypeVar("M_contra", contravariant=True)

_STOP_WITHIN_S = 3.0
_LEAVE_WITHIN_S = 15.0
"""So long may a child that is taken out finish what it sends; then it is given up."""
_UP = Phase.UP


class IntensityExceededError(EngineError):
    """A child failed more often than its spec allows; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildChanged:
    """A hint: look at this child. Its present link has the fact."""

    name: str
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape:
    """To a supervisor: its specs have changed. Each child that is not kept leaves.

    It finishes what it has in hand. Its successor, if it has one, starts after that:
    both may own the same port.
    """

    kept: frozenset[str]
    urgent: ClassVar[bool] = True


def _nothing(child: str) -> None:
    """Take no note of a child that has left."""


class Supervisor(SupervisedActor[M_contra]):
    """Watches its children; itself watched by its own supervisor.

    Detects an end by the child's report, by a dead ref, and by a heartbeat that
    stands still while work waits. A subclass may have messages of its own and start
    children on demand; it calls `super()` in the hooks that it overrides.
    """

    ready_when_started = False
    bound = 10_000

    def __init__(
        self,
        *,
        link: Link,
        strategy: Strategy = Strategy.ONE_FOR_ONE,
        children: Sequence[ChildSpec] | Callable[[], Sequence[ChildSpec]] = (),
        left: Callable[[str], None] = _nothing,
    ) -> None:
        """Take the specs; nothing starts before `started`.

        Args:
            link: to its own supervisor.
            strategy: which others a failed child takes along.
            children: the specs, or what returns those of now: a restart takes them,
                and so does `Reshape`.
            left: told the name of each child that a `Reshape` took out and that has
                no successor, once it has ended; in this thread, must not block.

        """
        super().__init__(link=link)
        self._tree = link.tree
        self._strategy = strategy
        self._specs = children if callable(children) else lambda: children
        self._left = left
        self._static = [Child(spec, self.clock.boottime_s) for spec in self._specs()]
        self._children = {child.spec.name: child for child in self._static}
        self._backing_off: list[Child] = []
        self._leaving: list[tuple[Child, float]] = []
        self._looked_s = self.clock.boottime_s()
        link.abandon_children = self._abandon_children

    def handle(self, message: M_contra) -> object:
        """Handle a subclass's own messages; a plain supervisor has none."""

    def child_began(self, name: str) -> None:
        """Take note, in a subclass, of a child that got through its start."""

    def child_ended(self, name: str, failure: Failure | None) -> None:
        """Take note, in a subclass, of a child's end (None: an orderly one)."""

    def live_child(self, name: str) -> Ref | None:
        """Return the ref of a child that lives: what `start_child` would, less a spec.

        A spec is dear to make for each message of thousands of children.
        """
        child = self._children.get(name)
        return None if child is None or not child.is_live else child.ref

    def is_at_rest(self, name: str) -> bool:
        """Say whether a child has nothing to do; also where it does not live."""
        child = self._children.get(name)
        if child is None or not child.is_live or child.link is None:
            return True
        has_mail = child.ref is not None and not inbox_of(child.ref).empty()
        return not (child.link.busy or has_mail)

    def is_begun(self, name: str) -> bool:
        """Say whether a child's instance got through its start; one that ended, too."""
        child = self._children.get(name)
        link = None if child is None else child.link
        if link is None:
            return False
        return link.state is LinkState.READY or link.message is not None

    def is_down(self, name: str) -> bool:
        """Say whether a child that ended is started again only after a long while."""
        child = self._children.get(name)
        return child is not None and child.is_down

    def start_child(self, spec: ChildSpec) -> Ref | None:
        """Start a child on demand, or return the ref of the one that lives.

        A child that backs off is started at once; None where it is marked down or
        its constructor fails: then the hint is dropped, as in any dead inbox.
        """
        child = self._children.get(spec.name)
        if child is None:
            child = Child(spec, self.clock.boottime_s, is_dynamic=True)
            self._children[spec.name] = child
        if not child.is_live and not child.is_down:
            self._start(child)
        self._arm()
        return child.ref if child.is_live else None

    def stop_child(self, name: str) -> None:
        """Stop a child started on demand: its name goes first; does not wait."""
        child = self._children.pop(name)
        self._see_out(child, within_s=child.spec.shutdown_s)

    def _see_out(self, child: Child, *, within_s: float) -> None:
        """Ask a child to end, without waiting; `_see_off` gives it up in the end."""
        self._mark(child, is_down=False)
        is_live = child.is_live
        # Nobody's any more: it must not be started again, nor a look find it ended.
        child.phase = Phase.DONE
        if child.ref is None or child.link is None or not is_live:
            return
        by_s = self.clock.boottime_s() + within_s
        self._tree.names.unregister(child.spec.name, child.ref)
        if not child.is_dynamic:
            child.link.stop_by_s = by_s
        child.ref.stop(block=False)
        self._leaving.append((child, by_s))

    def _reshape(self, kept: frozenset[str]) -> None:
        specs = {spec.name: spec for spec in self._specs()}
        out = [one for one in self._static if one.spec.name not in kept & specs.keys()]
        for child in out:
            del self._children[child.spec.name]
            self._see_out(child, within_s=_LEAVE_WITHIN_S)
        added = {
            name: Child(spec, self.clock.boottime_s)
            for name, spec in specs.items()
            if name not in self._children
        }
        self._children |= added
        self._static = [self._children[name] for name in specs]
        for child in out:
            if not self._is_leaving(child.spec.name):
                self._gone(child)
        self._advance()
        self._arm()

    def _is_leaving(self, name: str) -> bool:
        return any(child.spec.name == name for child, _ in self._leaving)

    def _gone(self, child: Child) -> None:
        if not child.is_dynamic and child.spec.name not in self._children:
            self._left(child.spec.name)

    def children_live(self) -> int:
        """Return how many children live."""
        return sum(child.is_live for child in self._children.values())

    def started(self) -> None:
        """Start the children in order."""
        self._advance()
        self._arm()

    def stopping(self) -> None:
        """Stop the children in reverse order."""
        self._stop_all()

    def _receive(self, message: M_contra | Wake | Rescan) -> object:
        kind = type(message)
        if kind is ChildChanged:
            self._take_report(message.name)  # type: ignore[union-attr] # it is one
            return None
        if kind is Reshape:
            self._reshape(message.kept)  # type: ignore[union-attr] # it is one
            return None
        if kind is Wake:
            self._look()
        return super()._receive(message)

    def _take_report(self, name: str) -> None:
        child = self._children.get(name)
        if child is None:
            return
        # A replaced instance may have sent it: only the present link is read.
        self._inspect(child, elapsed_s=0.0)
        if child.phase is Phase.WAITING:
            self._see_off(self.clock.boottime_s())  # it may wait for this one's end
        self._advance()
        self._arm()

    def _look(self) -> None:
        now_s = self.clock.boottime_s()
        # Longer than two looks: the process itself was stopped or suspended.
        elapsed_s = min(now_s - self._looked_s, 2 * self._tree.look_s)
        self._looked_s = now_s
        for child in list(self._children.values()):
            self._inspect(child, elapsed_s=elapsed_s)
        due = [child for child in self._backing_off if child.due_s <= now_s]
        for child in due:
            self._backing_off.remove(child)
            if child.phase is Phase.BACKING_OFF:
                self._start(child)
        self._see_off(now_s)
        self._advance()

    def _see_off(self, now_s: float) -> None:
        staying = []
        gone = []
        for child, by_s in self._leaving:
            if child.has_left:
                gone.append(child)
            elif by_s <= now_s:
                child.abandon()
                gone.append(child)
            else:
                staying.append((child, by_s))
        self._leaving = staying
        for child in gone:
            self._gone(child)

    def _inspect(self, child: Child, *, elapsed_s: float) -> None:
        has_ended, failure = child.found_ended(elapsed_s)
        if has_ended:
            self._ended(child, failure)
        elif child.phase is not _UP and child.is_confirmed:
            self._ready(child)

    def _ready(self, child: Child) -> None:
        child.phase = Phase.UP
        if child.ref is None:
            return
        self._tree.names.register(child.spec.name, child.ref)
        self._mark(child, is_down=False)
        if child.retell is not None:
            retell, child.retell = child.retell, None
            self._tree.names.tell(child.spec.name, retell)
        self.child_began(child.spec.name)

    def _ended(self, child: Child, failure: Failure | None) -> None:
        name = child.spec.public_name
        child.has_ended = True
        child.phase = Phase.DONE
        if child.ref is not None:
            self._tree.names.unregister(child.spec.name, child.ref)
        if failure is not None:
            logger.error("%s failed: %s", name, failure)
            self._tree.status.failed(name, failure)
            self._put_poison_away(child, failure)
        if self._strategy is Strategy.REST_FOR_ONE:
            self._stop_rest(child)
        if child.restarts_after(failure):
            self._back_off(child)
        elif child.is_dynamic:
            del self._children[child.spec.name]
        self.child_ended(child.spec.name, failure)

    def _put_poison_away(self, child: Child, failure: Failure) -> None:
        message = None if child.link is None else child.link.message
        if message is not None and child.crashed_on(message, failure):
            logger.error("%s: a command has crashed it twice", child.spec.public_name)
            try:
                self._tree.on_quarantine(child.spec.name, message)
            except Exception as error:  # noqa: BLE001 - must not end the supervisor
                logger.critical("quarantine: %s", Failure.of(error))

    def _back_off(self, child: Child) -> None:
        spec = child.spec
        now_s = self.clock.boottime_s()
        child.window = child.window.with_restart(now_s)
        if child.window.exceeded and spec.on_down is OnDown.ESCALATE:
            raise IntensityExceededError(spec.public_name)
        if child.window.exceeded:
            self._mark(child, is_down=True)
        if child.is_down:
            delay_s = slow_retry_s(self._tree.chance(), every_s=spec.retry_s)
        else:
            attempt = len(child.window.restarts_s) - 1
            delay_s = backoff_s(attempt, self._tree.chance())
        child.phase = Phase.BACKING_OFF
        child.due_s = now_s + delay_s
        if child not in self._backing_off:
            self._backing_off.append(child)

    def _mark(self, child: Child, *, is_down: bool) -> None:
        if child.is_down != is_down:
            child.is_down = is_down
            self._tree.status.down(child.spec.public_name, is_down=is_down)
            words = "down, retried for ever" if is_down else "down no more"
            logger.warning("%s is %s", child.spec.public_name, words)

    def _stop_rest(self, child: Child) -> None:
        if child.is_dynamic:
            return
        rest = self._static[self._static.index(child) + 1 :]
        self._stop_these(rest)
        for later in rest:
            is_over = later.phase is Phase.DONE and not later.is_live
            if is_over or later.spec.restart is Restart.TEMPORARY:
                later.phase = Phase.DONE
            else:
                later.phase = Phase.WAITING

    def _advance(self) -> None:
        """Start whoever's turn it is; confirm our own start after the last one."""
        for child in self._static:
            if child.phase is _UP:
                continue  # most are, at every report of every child
            if child.phase is Phase.WAITING and not self._is_leaving(child.spec.name):
                self._start(child)
            if self._keeps_others_waiting(child):
                return
        if self.link.state is LinkState.STARTING:
            self.link.ready()

    def _keeps_others_waiting(self, child: Child) -> bool:
        if child.phase is _UP or child.is_down:
            return False
        if child.phase not in {Phase.STARTING, Phase.BACKING_OFF}:
            return False
        # Under one_for_one only the very first start is awaited: a modem that is
        # absent at start-up must not hold up the others.
        return self._strategy is Strategy.REST_FOR_ONE or not child.has_ended

    def _start(self, child: Child) -> None:
        spec = child.spec
        if child.has_ended:
            self._tree.status.restarted(spec.public_name)
        link = Link(
            spec.name,
            self._tree,
            changed=self._hint,
            quarantined=child.quarantined or frozenset(),
        )
        child.tie(link)
        try:
            child.ref = self._tree.spawn(spec.actor, **spec.arguments, link=link)
        except Exception as error:  # noqa: BLE001 - a constructor's, whatever it is
            self._ended(child, Failure.of(error))

    def _hint(self, link: Link) -> None:
        """Tell ourselves of a change; in the child's thread."""
        try:
            self.actor_ref.tell(ChildChanged(name=link.name))
        except pykka.ActorDeadError:
            return  # whoever replaces us starts children of its own

    def _wake_s(self) -> float | None:
        at_s = self._looked_s + self._tree.look_s
        for child in self._backing_off:
            at_s = min(at_s, child.due_s)
        own_s = super()._wake_s()
        return at_s if own_s is None else min(at_s, own_s)

    def _stop_these(self, children: Sequence[Child]) -> None:
        within_s = _STOP_WITHIN_S
        if self.link.stop_by_s is not None:
            within_s = max(0.0, self.link.stop_by_s - self.clock.boottime_s())
        stop_children(children, self._strategy, within_s=within_s, clock=self.clock)
        for child in children:
            if child.ref is not None:
                self._tree.names.unregister(child.spec.name, child.ref)

    def _stop_all(self) -> None:
        children = list(self._children.values())
        self._stop_these(children)
        for child in children:
            child.phase = Phase.DONE
            self._mark(child, is_down=False)  # whoever starts it anew counts anew

    def _failed(self, error: BaseException) -> None:
        try:
            self._stop_all()
        finally:
            super()._failed(error)

    def _abandon_children(self) -> None:
        """Give up all of them; called by the parent, which has given us up."""
        for child in list(self._children.values()):
            if child.is_live:
                child.abandon()


def supervisor(
    name: str,
    strategy: Strategy,
    children: Sequence[ChildSpec] | Callable[[], Sequence[ChildSpec]],
    *,
    left: Callable[[str], None] = _nothing,
    on_down: OnDown = OnDown.ESCALATE,
    intensity: int = 5,
    period_s: float = 60.0,
    shutdown_s: float = _STOP_WITHIN_S,
) -> ChildSpec:
    """Return the spec of a supervisor, itself a child of another or the root.

    `children` and `left` are as `Supervisor` takes them.
    """
    given = children if callable(children) else tuple(children)
    return ChildSpec(
        name=name,
        actor=Supervisor,
        arguments={"strategy": strategy, "children": given, "left": left},
        on_down=on_down,
        intensity=intensity,
        period_s=period_s,
        shutdown_s=shutdown_s,
        start_s=120.0,
        heartbeat_s=30.0,
    )

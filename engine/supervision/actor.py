"""The behaviour under every actor: one that fails alone and is seen to fail."""

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import pykka
from pykka._actor import ActorInbox
from pykka.messages import _ActorStop

from engine.supervision.failure import ActorFailedError, Failure
from engine.supervision.inbox import Inbox, Rescan, Wake
from engine.supervision.link import Link
from engine.values import Instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.ports.clock import Clock

M_contra = TypeVar("M_contra", contravariant=True)
T = TypeVar("T")

# Pykka logs exceptions with their text and unexpected messages whole: names,
# numbers and places. What may be said is said by the supervisor.
logging.getLogger("pykka").addFilter(lambda _: False)


class SupervisedActor(pykka.ThreadingActor, Generic[M_contra]):
    """An actor of a supervision tree; `M_contra` is the union of messages it handles.

    Started only by a supervisor's `spawn`. All methods run in the actor's own
    thread. Raising from any of them ends this instance, and no other: the
    supervisor starts a new one. What was in the inbox is lost then, so a message
    is a hint and `started` reads the rows.
    """

    bound: ClassVar[int] = 1_000
    """How many messages each lane of the inbox keeps."""

    ready_when_started: ClassVar[bool] = True
    """Whether the return of `started` confirms the start; else `link.ready()`."""

    use_daemon_thread = True  # a blocked thread must not hold the process

    def __init__(self, *, link: Link) -> None:
        """Take the link that the supervisor made for this instance."""
        self.link = link
        self.clock: Clock = link.clock
        """The tree's clock."""
        self._wake_at: Instant | None = None
        super().__init__()

    @abstractmethod
    def handle(self, message: M_contra) -> object:
        """Handle one message; what is returned answers an `ask`."""

    def started(self) -> None:
        """Prepare: read the rows, open what is owned. Before any message."""

    def stopping(self) -> None:
        """Give back what is held; after the last message of an orderly stop.

        Not called after a failure.
        """

    def woke(self) -> None:
        """Do what `wake_at` was set for."""

    def rescan(self) -> None:
        """Read the rows again: hints were dropped."""

    def wake_at(self, at: Instant | None) -> None:
        """Have `woke` called at that time, once; a later call replaces it."""
        self._wake_at = at
        self._arm()

    def beat(self) -> None:
        """Say that a long handler still gets on; at least every `heartbeat_s`.

        Raises:
            ReplacedError: the supervisor has given this instance up. Let it pass.

        """
        self.link.beat()

    @classmethod
    def new_future(cls) -> "pykka.Future[T]":
        """Make a future of the runtime's own kind, to be put into a message."""
        return cls._create_future()

    def on_start(self) -> None:
        """Pykka's hook; `started` is the subclasses' one."""
        self.link.entered()
        self._guard(self.started)
        self.link.busy = False
        if self.ready_when_started:
            self.link.ready()

    def on_stop(self) -> None:
        """Pykka's hook; `stopping` is the subclasses' one."""
        self.inbox.close()
        self._guard(self.stopping)
        self.link.stopped()

    def _receive(self, message: M_contra | Wake | Rescan) -> object:
        kind = type(message)
        if kind is Wake:
            self._wake_up()
        elif kind is Rescan:
            self.rescan()
        else:
            return self.handle(message)  # type: ignore[arg-type] # none of the two
        return None

    def _wake_up(self) -> None:
        if self._wake_at is not None and self._wake_at <= self.clock.now():
            self._wake_at = None
            self.woke()
        if self.inbox.wake_at_s is None:  # else `woke` has set the next time
            self._arm()

    def _arm(self) -> None:
        self.inbox.wake_at_s = self._wake_s()

    def _wake_s(self) -> float | None:
        """Return when the inbox must wake, in seconds of `clock.boottime_s`."""
        if self._wake_at is None:
            return None
        left_ms = self._wake_at.ms - self.clock.now().ms
        return self.clock.boottime_s() + left_ms / 1000

    @property
    def inbox(self) -> Inbox:
        """The inbox by its own type, which Pykka does not know."""
        return self.actor_inbox  # type: ignore[return-value] # asked at each wake-up

    def _watched(self, act: "Callable[[], T]") -> T:
        try:
            return self._guard(act)
        finally:
            self._handled()

    def _handled(self) -> None:
        """Note that the message under way has been dealt with."""
        self.link.end()

    def _guard(self, hook: "Callable[[], T]") -> T:
        try:
            return hook()
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        """End this instance; what would end every actor is raised as another error."""
        self._failed(error)
        if not isinstance(error, Exception):
            raise ActorFailedError(type(error).__name__) from error

    def _failed(self, error: BaseException) -> None:
        """End this instance and tell the supervisor; an asker is answered all the same.

        Pykka lets an actor live on after an error in an asked message, with its
        state half changed.
        """
        self.actor_stopped.set()
        pykka.ActorRegistry.unregister(self.actor_ref)
        self.inbox.close()
        self.link.failed(Failure.of(error))

    def _handle_receive(self, message: Any) -> object:
        """Pykka's way to a message, less its proxies: no actor here is given one.

        `handle` is the subclasses' hook.
        """
        if type(message) is _ActorStop:
            self._stop()
            return None
        link = self.link
        if (
            link.quarantined
            and getattr(message, "command_id", None) in link.quarantined
        ):
            return None
        link.begin(message)
        # As `_watched` does, without its calls: for every message of every actor.
        try:
            return self._receive(message)
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._handled()

    def _actor_loop(self) -> None:
        try:
            super()._actor_loop()
        except BaseException as error:  # noqa: BLE001 - the thread's last frame
            # An answer to a future that was set already kills Pykka's loop and
            # leaves `is_alive()` true.
            self._failed(error)

    def _create_actor_inbox(self) -> ActorInbox:  # type: ignore[override] # calls it on self
        return Inbox(self.bound, now_s=self.link.clock.boottime_s)

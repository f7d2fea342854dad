"""Hands each message back when its deadline has come; deadlines come from rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from engine.errors import EngineError
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.timers.queue import DeadlineQueue
from engine.values import Instant

# How soon a deadline is tried again whose owner is just being restarted.
_AGAIN = timedelta(milliseconds=250)


class DeadlinesLostError(EngineError):
    """More was armed at once than the inbox keeps."""

    def __init__(self) -> None:
        super().__init__("deadlines were dropped: their owners must arm them again")


class Arm(Struct, frozen=True, kw_only=True):
    """Tell `message` to the name `to` at `at`, or soon after where it lies behind us.

    Replaces the key's deadline; with `at=None` the key has none any more.
    """

    key: str
    at: Instant | None
    message: object
    to: str


class ArmAll(Struct, frozen=True):
    """Do all of these at once: ten thousand deadlines after a start are one message."""

    arms: tuple[Arm, ...]


class Timers(SupervisedActor[Arm | ArmAll]):
    """All deadlines of the engine, on the inbox's wake-up: no thread, no sleep.

    Keeps nothing that rows do not have. Whoever arms deadlines stands behind it in a
    rest_for_one supervisor, is restarted with it and arms them again.
    """

    bound: ClassVar[int] = 50_000

    def __init__(
        self, *, link: Link, lagged: Callable[[float], None] | None = None
    ) -> None:
        """Start with no deadline; `lagged` gets the seconds that each came late."""
        super().__init__(link=link)
        self._lagged = lagged
        self._deadlines = DeadlineQueue[Arm]()
        self._set_for: Instant | None = None

    def handle(self, message: Arm | ArmAll) -> None:
        """Arm, replace or disarm."""
        for arm in message.arms if isinstance(message, ArmAll) else (message,):
            if arm.at is None:
                self._deadlines.cancel(arm.key)
            else:
                self._deadlines.arm(arm.key, arm.at, arm)
        self._set()

    def woke(self) -> None:
        """Hand back what is due; what nobody takes now is kept and tried again."""
        self._set_for = None
        now = self.clock.now()
        for key, arm in self._deadlines.take_due(now):
            if not self.link.tree.names.tell(arm.to, arm.message):
                self._deadlines.arm(key, now.plus(_AGAIN), arm)
            elif self._lagged is not None and arm.at is not None:
                self._lagged(max(now.since(arm.at).total_seconds(), 0.0))
        self._set()

    def rescan(self) -> None:
        """Fail, so that everybody behind is restarted and arms again from rows."""
        raise DeadlinesLostError

    def _set(self) -> None:
        next_at = self._deadlines.next_at
        if next_at != self._set_for:
            self._set_for = next_at
            self.wake_at(next_at)

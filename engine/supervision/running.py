"""One child of a supervisor as it runs: its phase, its progress, its crashes."""

import logging
from collections.abc import Callable
from enum import StrEnum

import pykka

from engine.supervision.child import ChildSpec, Restart
from engine.supervision.failure import Failure
from engine.supervision.intensity import RestartWindow
from engine.supervision.link import Link, LinkState
from engine.supervision.names import Ref, inbox_of
from engine.supervision.quarantine import Quarantine

logger = logging.getLogger(__name__)


class Phase(StrEnum):
    """What a child is doing, as its supervisor sees it."""

    WAITING = "waiting"
    """Not started yet, or stopped until those before it are up again."""
    STARTING = "starting"
    UP = "up"
    BACKING_OFF = "backing_off"
    DONE = "done"


# By names of their own: of each child at every look, and before Python 3.12 a member
# costs five times as much to read from its class.
_STARTING = LinkState.STARTING
_LIVE = frozenset({Phase.UP, Phase.STARTING})
_ENDED = frozenset({LinkState.FAILED, LinkState.STOPPED})
_GOES_ON: tuple[bool, Failure | None] = (False, None)


class Child:
    """A spec and its present instance; used in the supervisor's thread alone."""

    def __init__(
        self, spec: ChildSpec, now_s: Callable[[], float], *, is_dynamic: bool = False
    ) -> None:
        """Wait to be started; `now_s` are seconds of a clock that never goes back."""
        self.spec = spec
        self.is_dynamic = is_dynamic
        self.phase = Phase.WAITING
        self.is_down = False
        self.has_ended = False
        self.due_s = 0.0
        self.link: Link | None = None
        self.ref: Ref | None = None
        self.window = RestartWindow(intensity=spec.intensity, period_s=spec.period_s)
        self.retell: object = None
        self.quarantined = Quarantine(now_s)
        self._still_s = 0.0
        self._dead_s = 0.0
        self._progress_seen = -1

    @property
    def is_live(self) -> bool:
        """Whether there is an instance to talk to."""
        return self.phase in _LIVE

    @property
    def has_left(self) -> bool:
        """Whether an instance that was asked to end has given back what it held.

        A dead ref alone does not say so of one with a port: its hook runs after that.
        """
        if self.ref is None or self.link is None:
            return True
        if self.is_dynamic:
            return not self.ref.is_alive()
        return self.link.state in _ENDED

    @property
    def is_confirmed(self) -> bool:
        """Whether it is starting, and has confirmed its start."""
        link = self.link
        is_starting = self.phase is Phase.STARTING and link is not None
        return is_starting and link is not None and link.state is LinkState.READY

    def tie(self, link: Link) -> None:
        """Take a new instance's token; from here the old one's results are refused."""
        self.link = link
        self.ref = None
        self.phase = Phase.STARTING
        self._still_s = 0.0
        self._dead_s = 0.0
        self._progress_seen = -1

    def restarts_after(self, failure: Failure | None) -> bool:
        """Say whether the spec wants it started again after such an end."""
        match self.spec.restart:
            case Restart.PERMANENT:
                return True
            case Restart.TRANSIENT:
                return failure is not None
            case Restart.TEMPORARY:
                return False

    def found_ended(self, elapsed_s: float) -> tuple[bool, Failure | None]:
        """Say whether the instance has ended, and how; gives a stuck one up.

        Args:
            elapsed_s: time since the last look; a suspend or a SIGSTOP of the
                process must be left out of it, since nobody could get on.

        """
        link, ref = self.link, self.ref
        if link is None or ref is None or self.phase not in _LIVE:
            return _GOES_ON
        if link.state in _ENDED:
            return True, link.failure if link.state is LinkState.FAILED else None
        if self._is_dead(ref, elapsed_s):
            failure = link.stuck("ActorDead")
            self.abandon()
            return True, failure
        if self._is_stuck(link, ref, elapsed_s):
            failure = link.stuck("ActorStuck")
            self.abandon()
            return True, failure
        return _GOES_ON

    def _is_dead(self, ref: Ref, elapsed_s: float) -> bool:
        # A stop runs its hook, and a failure writes its report, on a dead ref.
        self._dead_s = 0.0 if ref.is_alive() else self._dead_s + elapsed_s
        return self._dead_s > self.spec.shutdown_s

    def _is_stuck(self, link: Link, ref: Ref, elapsed_s: float) -> bool:
        progress = link.progress
        if progress != self._progress_seen:  # most, at most looks
            self._progress_seen = progress
            self._still_s = 0.0
            return False
        starting = link.state is _STARTING
        limit_s = self.spec.start_s if starting else self.spec.heartbeat_s
        work_waits = starting or link.busy or not ref.actor_inbox.empty()
        if limit_s is None or not work_waits:
            self._still_s = 0.0
            return False
        self._still_s += elapsed_s
        return self._still_s >= limit_s

    def crashed_on(self, message: object, failure: Failure) -> bool:
        """Count a crash against the command handled; True when it is to be put away.

        Only commands with a `command_id` are counted, and told once more: they are
        idempotent. Whatever else was handled is a hint and is gone.
        """
        key = getattr(message, "command_id", None)
        self.retell = None
        if key is None:
            return False
        is_put_away = self.quarantined.crashed(key, unread=failure.unread)
        self.retell = None if is_put_away else message
        return is_put_away

    def interrupt(self) -> None:
        """Make a blocked call of the child return."""
        if self.spec.interrupt is None:
            return
        try:
            self.spec.interrupt()
        except Exception as error:  # noqa: BLE001 - an adapter's; must not end us
            logger.warning(
                "interrupt of %s: %s", self.spec.public_name, Failure.of(error)
            )

    def abandon(self) -> None:
        """Give up an instance that does not stop: its thread cannot be killed.

        It handles no further message, `beat` raises in it, and its supervisor
        takes no word from it.
        """
        link, ref = self.link, self.ref
        if link is None or ref is None:
            return
        link.replaced = True
        give_up(ref)
        if link.abandon_children is not None:
            link.abandon_children()
        self.interrupt()


def give_up(ref: Ref) -> None:
    """Let an actor handle no further message, from outside."""
    ref.actor_stopped.set()
    pykka.ActorRegistry.unregister(ref)
    inbox_of(ref).close()

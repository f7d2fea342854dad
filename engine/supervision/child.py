"""Child specs: what a supervisor must know of a child, as data (OTP's words)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

from engine.supervision.names import AnyActor, Ref


class Restart(StrEnum):
    """When a child that has ended is started again."""

    PERMANENT = "permanent"
    """Always."""
    TRANSIENT = "transient"
    """After a failure, not after an orderly end."""
    TEMPORARY = "temporary"
    """Never."""


class Strategy(StrEnum):
    """Who else is restarted when a child fails."""

    ONE_FOR_ONE = "one_for_one"
    """Nobody."""
    REST_FOR_ONE = "rest_for_one"
    """Those started after it, since they may rely on it."""


class OnDown(StrEnum):
    """What a child's failing more often than its intensity leads to."""

    ESCALATE = "escalate"
    """The supervisor stops its children and fails; its own supervisor decides."""
    RETRY_FOREVER = "retry_forever"
    """Marked down, and retried slowly without end: the last modem must come back."""


class Spawn(Protocol):
    """The only way an actor is started; the simulator has its own."""

    def __call__(self, actor: type[AnyActor], /, **arguments: object) -> Ref:
        """Construct and start; raises what the constructor raises."""


def spawn_thread(actor: type[AnyActor], /, **arguments: object) -> Ref:
    """Start an actor on a thread of its own."""
    return actor.start(**arguments)


class ChildSpec(Struct, frozen=True, kw_only=True):
    """One child. `actor` is constructed with `arguments` and `link=`.

    `name` is unique in the tree. `label` stands for it in logs and metrics where
    the name holds an id. `start_s` is how long it may take to confirm its start,
    `shutdown_s` how long to stop before it is abandoned, `heartbeat_s` how long it
    may make no progress while work waits (None: for ever). More than `intensity`
    restarts within `period_s` lead to `on_down`; `retry_s` is then the slow
    retry's interval. `interrupt` makes a blocked call of the child return: called
    from the supervisor's thread, it must neither block nor raise.
    """

    name: str
    actor: type[AnyActor]
    arguments: Mapping[str, object] = field(default_factory=dict)
    restart: Restart = Restart.PERMANENT
    on_down: OnDown = OnDown.ESCALATE
    start_s: float = 30.0
    shutdown_s: float = 1.0
    heartbeat_s: float | None = 5.0
    intensity: int = 5
    period_s: float = 60.0
    retry_s: float = 30.0
    interrupt: Callable[[], None] | None = None
    label: str = ""

    @property
    def public_name(self) -> str:
        """Return what logs and metrics may call it."""
        return self.label or self.name

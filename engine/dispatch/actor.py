"""The dispatcher: one queue of planned effects, from which idle routes pull."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

from engine.dispatch.attempts import Outcome, Settled, unknown_append
from engine.dispatch.body import EffectBody
from engine.dispatch.queue import RANK_CALL, Queue
from engine.ports.journal import (
    Answer,
    Appended,
    EffectRow,
    EffectState,
    JournalAccess,
    ReaderLender,
)
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import EffectId

RESCAN = timedelta(seconds=2)
RESCAN_BACKLOG = timedelta(seconds=15)
BACKLOG = 200
HANDED_FOR_S = 5.0
_PLANNED = frozenset({EffectState.PLANNED})
_ATTEMPTING = frozenset({EffectState.ATTEMPTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Effects that are planned and durable."""

    rows: tuple[EffectRow, ...]
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Effects that shall not be attempted any more."""

    effects: tuple[EffectId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A route that can send now; `worker` is the name it is told by."""

    worker: str
    channels: tuple[str, ...]
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A route that cannot send for now."""

    worker: str
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """To a route: this effect is yours if the journal agrees."""

    row: EffectRow
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurry:
    """To a busy route: something more urgent waits than a telephone that rings.

    Says nothing by itself; that it lies in the inbox is the message.
    """

    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shout:
    """To a route: send this at once, from memory, since nothing can be recorded."""

    channel: str
    body: EffectBody
    urgent: ClassVar[bool] = True


class Dispatcher(SupervisedActor[Planned | Withdrawn | Idle | Away]):
    """Matches what waits with who is idle. Owns no fact: the rows have them.

    What it hands over it forgets; a hint lost on the way is found again in the
    rows within a few seconds. Routes start after it, so whatever is `attempting`
    when it starts belongs to a process, or to routes, that are gone.
    """

    bound: ClassVar[int] = 20_000

    def __init__(
        self,
        *,
        link: Link,
        journal: JournalAccess,
        readers: ReaderLender,
        telemetry: Telemetry,
        settled: Callable[[Settled], None],
    ) -> None:
        """Take the journal, and whom to tell of attempts found unknown."""
        super().__init__(link=link)
        self._journal, self._readers = journal, readers
        self._telemetry, self._settled = telemetry, settled
        self._queue = Queue()
        self._idle: dict[str, tuple[str, ...]] = {}
        self._up: dict[str, tuple[str, ...]] = {}
        self._handed_s: dict[EffectId, float] = {}
        self._busy_with: dict[str, str] = {}

    def started(self) -> None:
        """Mark what was under way as unknown, and take up what is planned."""
        with self._readers.reader() as reader:
            attempting = reader.effects(_ATTEMPTING)
        for row in attempting:
            self._journal.submit(
                unknown_append(row, self._journal.epoch), self._tell_unknown(row)
            )
        self._scan()

    def handle(self, message: Planned | Withdrawn | Idle | Away) -> None:
        """Take the hint, then hand over whatever fits."""
        match message:
            case Planned():
                for row in message.rows:
                    self._queue.offer(row)
            case Withdrawn():
                self._queue.withdraw(message.effects)
            case Idle():
                self._idle[message.worker] = message.channels
                self._up[message.worker] = message.channels
            case Away():
                self._idle.pop(message.worker, None)
                self._up.pop(message.worker, None)
            case _:
                assert_never(message)
        self._hand_over()

    def woke(self) -> None:
        """Look whether a hint was lost."""
        self._scan()

    def rescan(self) -> None:
        """Read the rows, since hints were dropped."""
        self._scan()

    def _scan(self) -> None:
        now_s = self.clock.boottime_s()
        self._handed_s = {
            effect: at_s
            for effect, at_s in self._handed_s.items()
            if now_s - at_s < HANDED_FOR_S
        }
        with self._readers.reader() as reader:
            rows = reader.effects(_PLANNED)
        for row in rows:
            if row.effect_id not in self._handed_s:
                self._queue.offer(row)
        self._hand_over()
        oldest_ms = self._queue.oldest_ms()
        now = self.clock.now()
        waited_s = 0.0 if oldest_ms is None else (now.ms - oldest_ms) / 1000
        self._telemetry.gauge("oldest_planned_effect_seconds", waited_s)
        self._telemetry.gauge("effects", len(self._queue), state="planned")
        # With a backlog there is work enough, and reading it all takes long.
        many = len(self._queue) > BACKLOG
        self.wake_at(now.plus(RESCAN_BACKLOG if many else RESCAN))

    def _hand_over(self) -> None:
        names = self.link.tree.names
        for worker, channels in list(self._idle.items()):
            if names.lookup(worker) is None:
                continue  # it has asked before its start was confirmed, or is gone
            others = frozenset(
                channel
                for other, theirs in self._up.items()
                # One that died without a word is no way round a doubtful route.
                if other != worker and names.lookup(other) is not None
                for channel in theirs
            )
            row = self._queue.take(channels, worker, others)
            if row is None:
                continue
            del self._idle[worker]
            self._busy_with[worker] = row.channel
            self._handed_s[row.effect_id] = self.clock.boottime_s()
            if not names.tell(worker, Take(row=row)):
                self._up.pop(worker, None)
                self._handed_s.pop(row.effect_id)
                self._queue.offer(row)
        self._hurry_callers()

    def _hurry_callers(self) -> None:
        """Have one telephone less ring where a message waits; each is told once."""
        if not self._queue.waits_before(RANK_CALL):
            return
        for worker, channel in list(self._busy_with.items()):
            if channel == "call" and worker not in self._idle:
                self.link.tree.names.tell(worker, Hurry())
                self._busy_with[worker] = "hurried"

    def _tell_unknown(self, row: EffectRow) -> Callable[[Answer], None]:
        def told(answer: Answer) -> None:
            if isinstance(answer, Appended):
                outcome = Outcome(state=EffectState.UNKNOWN, reason="restart")
                self._settled(
                    Settled(
                        alarm=row.alarm,
                        effect=row.effect_id,
                        attempt=row.attempt,
                        route=row.route,
                        outcome=outcome,
                    )
                )

        return told

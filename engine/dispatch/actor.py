"""The dispatcher: one queue of planned effects, from which idle routes pull."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from math import inf
from typing import ClassVar, assert_never

from engine.dispatch.abandoned import Abandoned, counted_in
from engine.dispatch.body import EffectBody
from engine.dispatch.choice import Choice, Routes, awaited
from engine.dispatch.history import recall
from engine.dispatch.legible import Legible, Shown
from engine.dispatch.outcomes import AWAY, Outcome, Settled
from engine.dispatch.queue import RANK_CALL, Queue, number_rung
from engine.dispatch.ringing import Ringing
from engine.dispatch.routes import RouteBook
from engine.health import Health
from engine.ports.journal import (
    EffectClass,
    EffectRow,
    EffectState,
    JournalAccess,
    ReaderLender,
)
from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry
from engine.quick import quick
from engine.supervision.actor import SupervisedActor
from engine.supervision.link import Link
from engine.values import EffectId

RESCAN = timedelta(seconds=2)
RESCAN_BACKLOG_S = 15.0
BACKLOG = 200
HANDED_FOR_S = 5.0
RUNG_EVERY_S = 60.0
"""A telephone is rung at most so often, whoever wants its owner."""
TRIES_EVERY_S = 5.0
"""So often a route that is away is tried while an alarm waits for it alone."""
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


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A route that can send now; `worker` is the name it is told by.

    `operator` is the network that its SIM is on, "" where there is none; `reached`
    the address that it has just sent to, "" where that is none or failed. One that
    is not registered cannot send, as far as its modem knows. `has_dialled` where it
    was given a call and the network has dialled.
    """

    worker: str
    channels: tuple[str, ...]
    operator: str = ""
    reached: str = field(default="", repr=False)
    is_registered: bool = True
    has_dialled: bool = False
    takes: int = 1
    """So many at once, where more wait than there are routes for."""
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A route that waits for a late answer: it sends nothing, unless hurried."""

    worker: str
    channels: tuple[str, ...]
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The network of a route's SIM did not take, or not deliver, a message.

    Only where that says something of the network: not for a wrong number, nor for
    a modem that was lost before the message was handed over.
    """

    worker: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A route that cannot send for now.

    By `channels` it could once its far end is there again: hurried, it tries at once.
    """

    worker: str
    channels: tuple[str, ...] = ()
    urgent: ClassVar[bool] = True


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """To a route: this effect is yours if the journal agrees, and those behind it.

    To a modem those behind it are for one telephone, by one ring or in one message.
    `more` where others wait that the route could send next.
    """

    row: EffectRow
    behind: tuple[EffectRow, ...] = ()
    more: bool = False
    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hurry:
    """To a busy route: something waits that is more urgent than what it does.

    To one that rings a telephone, that it lies in the inbox is the message. One that
    listens for a late answer, or is away, is the last that could send: it has to be
    woken up.
    """

    urgent: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shout:
    """To a route: send this at once, from memory, since nothing can be recorded.

    `answered`, in any thread, is told what became of it. What is not `urgent` lets
    distresses and pages go before it, however much of it there is.
    """

    channel: str
    body: EffectBody
    answered: Callable[[Outcome], None] = lambda _: None
    urgent: bool = True

    def refuse(self, _: Exception) -> None:
        """Answer for an inbox that did not take it."""
        self.answered(AWAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesChanged:
    """The configuration has other routes than before.

    `gone` is a route that has ended and has no successor, "" where none has: what it
    was attempting has nobody else who could settle it.
    """

    gone: str = ""
    urgent: ClassVar[bool] = True


Heard = Planned | Withdrawn | Idle | Listening | Away | Failed | RoutesChanged


class Dispatcher(SupervisedActor[Heard]):
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
        health: Health,
        settled: Callable[[Settled], None],
        channels: Callable[[], Iterable[str]],
    ) -> None:
        """Take the journal, and whom to tell of attempts found unknown.

        `channels` returns all that the configuration has a route for just now, once for
        each route.
        """
        super().__init__(link=link)
        self._readers, self._legible = readers, Legible(readers, Shown(health))
        self._telemetry, self._health = telemetry, health
        self._abandoned = Abandoned(journal, settled, counted_in(telemetry))
        self._queue, self._book = Queue(), RouteBook()
        self._listening: dict[str, tuple[str, ...]] = {}
        self._away: dict[str, tuple[str, ...]] = {}
        self._tried_s: dict[str, float] = {}
        self._down: frozenset[str] = frozenset()
        self._configured, self._channels = channels, Counter(channels())
        self._orphaned: frozenset[str] = frozenset()
        self._idle: dict[str, tuple[str, ...]] = {}
        self._takes: dict[str, int] = {}
        self._up: dict[str, tuple[str, ...]] = {}
        self._handed_s: dict[EffectId, float] = {}
        self._scanned_s = self._started_s = 0.0
        self._ringing = Ringing()

    def started(self) -> None:
        """Mark what was under way as unknown, and take up what is planned."""
        attempting = self._legible.effects(_ATTEMPTING)
        now, now_s = self.clock.now(), self.clock.boottime_s()
        self._started_s = now_s
        recall(self._book, self._readers, now, now_s)
        self._abandoned.settle(attempting)
        self._scan()

    def handle(self, message: Heard) -> None:
        """Take the hint, then hand over whatever fits."""
        match message:
            case Planned():
                for row in message.rows:
                    self._queue.offer(row)
            case Withdrawn():
                self._queue.withdraw(message.effects)
            case Idle():
                self._idle[message.worker] = message.channels
                self._takes[message.worker] = message.takes
                self._up[message.worker] = message.channels
                self._listening.pop(message.worker, None)
                self._away.pop(message.worker, None)
                self._rings_no_more(message.worker, has_dialled=message.has_dialled)
                self._learn(message)
            case Listening():
                self._gone(message.worker)
                self._listening[message.worker] = message.channels
            case Away():
                self._gone(message.worker)
                self._away[message.worker] = message.channels
            case Failed():
                now_s = self.clock.boottime_s()
                self._book.failed(message.worker, message.address, now_s)
                self._show_operators()
                return
            case RoutesChanged():
                self._channels = Counter(self._configured())
                self._settle_of(message.gone)
            case _:
                assert_never(message)
        self._hand_over()

    def woke(self) -> None:
        """Look whether a hint was lost, or something has waited for another in vain.

        Reading a backlog takes long, and nothing is handed over meanwhile.
        """
        self._abandoned.settle()
        since_s = self.clock.boottime_s() - self._scanned_s
        if len(self._queue) <= BACKLOG or since_s >= RESCAN_BACKLOG_S:
            self._scan()
        else:
            self._go_on()

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
        for row in self._legible.effects(_PLANNED):
            if row.effect_id not in self._handed_s:
                self._queue.offer(row)
        self._scanned_s = now_s
        self._show_orphaned()
        self._go_on()

    def _go_on(self) -> None:
        self._hand_over()
        self._show_operators()
        oldest_ms = self._queue.oldest_ms()
        now = self.clock.now()
        waited_s = 0.0 if oldest_ms is None else (now.ms - oldest_ms) / 1000
        self._telemetry.gauge("oldest_planned_effect_seconds", waited_s)
        self._telemetry.gauge("planned_effects", len(self._queue))
        self.wake_at(now.plus(RESCAN))

    def _show_orphaned(self) -> None:
        """Say for which channels something waits that no route is configured for.

        Left to wait, since whoever took the channel out may put it back; without a
        word it would wait for ever.
        """
        orphaned = self._queue.channels() - self._channels.keys()
        for channel in orphaned ^ self._orphaned:
            wrong = channel in orphaned
            self._health.report(DegradedReason.CHANNEL_DOWN, channel, wrong=wrong)
        self._orphaned = orphaned

    def _settle_of(self, gone: str) -> None:
        if not gone:
            return
        self._gone(gone)
        attempting = self._legible.effects(_ATTEMPTING)
        self._abandoned.settle(row for row in attempting if row.route == gone)

    def _gone(self, worker: str) -> None:
        for known in (self._idle, self._up, self._listening, self._away):
            known.pop(worker, None)
        self._rings_no_more(worker, has_dialled=False)

    def _rings_no_more(self, worker: str, *, has_dialled: bool) -> None:
        number = self._ringing.over(worker)
        if number and not has_dialled:
            self._queue.wake(number)

    def _learn(self, idle: Idle) -> None:
        self._book.is_on(idle.worker, idle.operator, is_registered=idle.is_registered)
        if idle.reached:
            self._book.reached(idle.worker, idle.reached, self.clock.boottime_s())
            if self._down:
                self._show_operators()

    def _show_operators(self) -> None:
        """Say where several recipients failed at once: it is the route, not they."""
        book = self._book
        down = book.routes_on(book.down(self.clock.boottime_s()))
        for route in down ^ self._down:
            wrong = route in down
            self._health.report(DegradedReason.OPERATOR_DOWN, route, wrong=wrong)
        self._down = down

    def _hand_over(self) -> None:
        if not len(self._queue):
            return
        # Who has asked before its start was confirmed, or died without a word, can
        # take nothing, and is no way round a doubtful route.
        idle, up = self._alive(self._idle), self._alive(self._up)
        now, now_s = self.clock.now(), self.clock.boottime_s()
        self._queue.wake_due(now_s)
        coming = awaited(self._channels, up, now_s - self._started_s)
        choose = partial(Choice, idle=idle, up=up, book=self._book, awaited=coming)
        given = True
        while given and idle and len(self._queue):
            given = False
            # Whoever is handed something first is in the journal's next commit, and the
            # others in the one after it.
            for worker, channels in sorted(idle.items(), key=self._urgency):
                if not self._queue.waits_for(channels):
                    continue
                choice = choose(route=worker, now=now, now_s=now_s)
                row = self._queue.take(
                    channels, choice.leaves, below_rank=choice.below_rank
                )
                if row is not None:
                    given = True
                    del idle[worker]
                    self._give(worker, row, self._behind(choice, row, up))
        self._hurry_callers(partial(choose, now=now, now_s=now_s), up)
        able = frozenset(one for channels in up.values() for one in channels)
        self._hurry_listeners(able)
        self._hurry_away(able, now_s)

    def _behind(
        self, choice: Choice, row: EffectRow, up: Routes
    ) -> tuple[EffectRow, ...]:
        """Return what else goes with an effect: a share of what waits for its channel.

        With a call all of the same telephone, which rings once for them; with a page
        those that one message says with it. Else only where people are told. What is
        exclusive stands alone: were it unknown, it would never be repeated.
        """
        if number_rung(row):
            return self._queue.take_with(row)
        takes = self._takes[choice.route]
        if takes == 1:
            return self._queue.take_pages_with(row, choice.leaves)
        if row.effect_class is EffectClass.EXCLUSIVE:
            return ()
        routes = sum(row.channel in channels for channels in up.values())
        share = min(takes, self._queue.waiting(row.channel) // routes)
        found: list[EffectRow] = []
        for _ in range(share - 1):
            other = self._queue.take(
                (row.channel,), choice.leaves, below_rank=choice.below_rank
            )
            if other is None:
                break
            found.append(other)
        return tuple(found)

    def _urgency(self, route: tuple[str, tuple[str, ...]]) -> float:
        return self._queue.first_rank(route[1])

    def _alive(self, routes: Routes) -> dict[str, tuple[str, ...]]:
        lookup = self.link.tree.names.lookup
        return {
            worker: channels
            for worker, channels in routes.items()
            if lookup(worker) is not None
        }

    def _give(self, worker: str, row: EffectRow, behind: tuple[EffectRow, ...]) -> None:
        now_s = self.clock.boottime_s()
        more = self._queue.waits_for(self._idle.pop(worker))
        number = number_rung(row)
        if number:
            self._queue.rest(number, now_s + RUNG_EVERY_S)
        self._ringing.began(worker, number)
        given = (row, *behind)
        self._handed_s.update((one.effect_id, now_s) for one in given)
        take = Take(row=row, behind=behind, more=more)
        if self.link.tree.names.tell(worker, take):
            if row.channel == "sms":
                self._book.spent(worker, now_s)
            return
        self._up.pop(worker, None)
        self._rings_no_more(worker, has_dialled=False)
        for one in given:
            self._handed_s.pop(one.effect_id)
            self._queue.offer(one)

    def _hurry_away(self, able: frozenset[str], now_s: float) -> None:
        """Have a route try its far end now for an alarm that no other can send.

        It would else wait for half a minute between two tries.
        """
        for worker, channels in self._away.items():
            alone = [one for one in channels if one not in able]
            if self._queue.first_rank(alone) >= RANK_CALL:
                continue
            if now_s - self._tried_s.get(worker, -inf) >= TRIES_EVERY_S:
                self._tried_s[worker] = now_s
                self.link.tree.names.tell(worker, Hurry())

    def _hurry_listeners(self, able: frozenset[str]) -> None:
        """End the patience of a route with work that no other can do."""
        for worker, channels in list(self._listening.items()):
            alone = tuple(one for one in channels if one not in able)
            if alone and self._queue.waits_for(alone):
                self.link.tree.names.tell(worker, Hurry())
                del self._listening[worker]

    def _hurry_callers(self, choose: Callable[..., Choice], up: Routes) -> None:
        """Have one telephone less ring for each message that waits; told once."""
        for worker in self._ringing.untold():
            choice, channels = choose(route=worker), up.get(worker, ())
            giving_way = self._ringing.giving_way(choice.now_s)
            others = [choose(route=one).leaves for one in giving_way if one in up]
            if self._queue.hurries(channels, choice.leaves, others=others):
                self.link.tree.names.tell(worker, Hurry())
                self._ringing.told(worker, choice.now_s)

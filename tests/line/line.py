"""Dispatcher, two modems' actors and the journal as the engine wires them.

In the alarm's place stands what it does with an outcome, and nothing else of it: what
was not proven to be sent is sent again, marked.
"""

import queue
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from msgspec import structs

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from engine.alarm.repeats import RETRY_FIRST, RETRY_MAX, SETTLED_BADLY
from engine.dispatch.actor import Dispatcher, Planned
from engine.dispatch.attempts import Attempts
from engine.dispatch.body import EffectBody, encode_body
from engine.dispatch.outcomes import Settled
from engine.health import Health
from engine.journal.actor import JournalActor
from engine.journal.handle import Journal
from engine.journal.pool import ReaderPool
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.modems.actor import CHANNELS, ModemActor
from engine.modems.inbound import Ears
from engine.ports.journal import (
    Append,
    Appended,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
)
from engine.protocol.texts import TextFacts, compose
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.names import AnyActor
from engine.supervision.supervisor import supervisor
from engine.supervision.tree import Root, Tree
from engine.values import CommandId, EffectId, Instant
from tests.line.far_end import FarEnd
from tests.line.hurry import HurriedClock, HurriedTransport

WAIT_S = 60.0
LOOK_S = 0.05
SENT = frozenset({EffectState.ACCEPTED, EffectState.DELIVERED})
PIN = "1234"
# A busy host takes its time, and the engine's seconds are short: each of these is one
# second of the host's. How long a message is waited for is the engine's own.
OPTIONS = ModemOptions(
    pin=PIN, command_s=20, prompt_s=20, answer_s=20, storage_s=40, settle_s=60
)
_PATIENCE_S, _SHUTDOWN_S = 1200.0, 100.0


class UpAndDown:
    """Telemetry of which only this is kept: the modems that can be used just now."""

    def __init__(self) -> None:
        self.up: set[str] = set()

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def gauge(self, name: str, value: float, **labels: str) -> None:
        if name == "modem_up":
            (self.up.add if value else self.up.discard)(labels["modem"])

    def observe(self, name: str, value: float, **labels: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One attempt to tell somebody: the message, and how often it was sent before."""

    message: int
    repeat: int

    @property
    def id(self) -> EffectId:
        return EffectId(f"a.{self.message}.sms.{self.repeat}")

    @property
    def address(self) -> str:
        return f"+467012{self.message:05d}"


class Line:
    """A tree on the modems of a far end; whoever holds it plans and repeats."""

    def __init__(self, far_end: FarEnd, clock: HurriedClock) -> None:
        self.far_end, self.clock = far_end, clock
        self.store = SqliteStore(far_end.folder / JOURNAL_FILE)
        self.effects: dict[EffectId, Effect] = {}
        self.telemetry = UpAndDown()
        self._settled: queue.SimpleQueue[Settled] = queue.SimpleQueue()
        self._due: dict[Effect, Instant] = {}
        self._heard: set[EffectId] = set()
        self.failures: list[object] = []
        self.sent: set[tuple[str, int]] = set()
        self.stalled_s, self.planned = 0.0, 0
        tree = Tree(clock=clock, chance=lambda: 0.5)
        self.names = tree.names
        self.journal = Journal(
            lambda: self.names.lookup("journal"), self.store, _nobody
        )
        self.readers = ReaderPool(self.journal.reader)
        self._health = Health(self.telemetry)
        ready: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._root = Root(
            supervisor("line", Strategy.REST_FOR_ONE, self._children()),
            tree,
            on_ready=lambda: ready.put(None),
            on_failure=self.failures.append,
        )
        ready.get(timeout=WAIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._root.stop(within_s=600)
        self.store.close()

    def alarm(self, count: int) -> list[int]:
        """Plan so many messages, each to somebody else; return what they are called."""
        messages = list(range(self.planned + 1, self.planned + 1 + count))
        self.planned += count
        told = [Effect(message=message, repeat=0) for message in messages]
        for effect in told:
            self.far_end.has_telephone(effect.address)
        self._plan(dict.fromkeys(told, ""))
        return messages

    def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Do the alarm's work until something holds; False where it never does."""
        ends_s = self.clock.boottime_s() + within_s
        while not holds():
            if self.clock.boottime_s() > ends_s:
                return False
            self._work()
        return True

    def is_settled(self) -> bool:
        """Say whether the alarm has heard of every attempt, and repeats none."""
        return not self._due and self._heard == self.effects.keys()

    def _work(self) -> None:
        began_s = time.perf_counter()
        with suppress(queue.Empty):
            self._hear(self._settled.get(timeout=LOOK_S))
        self.stalled_s = max(self.stalled_s, time.perf_counter() - began_s)
        now = self.clock.now()
        due = [effect for effect, at in self._due.items() if at <= now]
        if not due:
            return
        for effect in due:
            del self._due[effect]
        with self.readers.reader() as reader:
            rows = {effect: reader.effect(effect.id) for effect in due}
        self._plan(
            {
                Effect(message=effect.message, repeat=effect.repeat + 1): row.route
                for effect, row in rows.items()
                if row is not None
            }
        )

    def _hear(self, settled: Settled) -> None:
        """Repeat as an alarm does: a certain no ever later, what is open twice.

        Who has not been told by then is told by the next round of the alarm's step.
        """
        outcome = settled.outcome
        self._heard.add(settled.effect)
        if outcome.state in SENT:
            self.sent.add((settled.route, self.effects[settled.effect].message))
        effect = self.effects[settled.effect]
        again = Effect(message=effect.message, repeat=effect.repeat + 1)
        if outcome.state not in SETTLED_BADLY or again.id in self.effects:
            return
        if outcome.state is EffectState.REJECTED and not outcome.retry:
            return
        at = self.clock.now()
        is_enough = outcome.state is not EffectState.REJECTED and effect.repeat >= 2
        if is_enough and self.far_end.has_come(effect.message):
            return
        if effect.repeat >= 1 + (outcome.state is not EffectState.REJECTED):
            at = at.plus(min(RETRY_MAX, RETRY_FIRST * 2 ** min(effect.repeat, 10)))
        self._due.setdefault(effect, at)

    def _plan(self, routes: Mapping[Effect, str]) -> None:
        """Make effects durable, then say so; each goes round the route behind it."""
        rows = tuple(self._row(effect, avoid) for effect, avoid in routes.items())
        stream = f"alarm/{len(self.effects)}"
        self.effects.update({effect.id: effect for effect in routes})
        answer = self.journal.ask(
            Append(
                stream=stream,
                expected_seq=0,
                epoch=self.store.epoch,
                command_id=CommandId("plan"),
                events=(NewEvent(kind="Planned", body=b"{}"),),
                head=Head(status="notifying", is_open=True),
                plans=rows,
            ),
            WAIT_S,
        )
        assert isinstance(answer, Appended)
        self.names.tell("dispatcher", Planned(rows=rows))

    def _row(self, effect: Effect, avoid_route: str) -> EffectRow:
        now = self.clock.now()
        facts = TextFacts(
            alias=f"M{effect.message}R{effect.repeat}", code="K7F2", pressed_at=now
        )
        body = EffectBody(
            address=effect.address,
            language="en",
            segments=compose("sos", "en", facts, now=now, repeat=effect.repeat),
            repeat=effect.repeat,
        )
        return EffectRow(
            effect_id=effect.id,
            alarm="alarm",
            effect_class=EffectClass.SAFETY,
            channel="sms",
            rank=10,
            planned_at=now,
            body=encode_body(body),
            avoid_route=avoid_route,
        )

    def _children(self) -> list[ChildSpec]:
        shared = {
            "journal": self.journal,
            "readers": self.readers,
            "telemetry": self.telemetry,
            "health": self._health,
        }
        writer = {
            "store": self.store,
            "telemetry": self.telemetry,
            "on_not_recorded": _nobody,
        }
        dispatcher = {
            **shared,
            "settled": self._settled.put,
            "channels": lambda: frozenset(CHANNELS),
        }
        return [
            _child("journal", JournalActor, writer),
            _child("dispatcher", Dispatcher, dispatcher),
            *(
                self._modem(f"modem-{number}", modem.port, shared)
                for number, modem in enumerate(self.far_end.modems, start=1)
            ),
        ]

    def _modem(self, name: str, port: str, shared: Mapping[str, object]) -> ChildSpec:
        options = replace(OPTIONS, by_id_folder=str(self.far_end.by_id))
        driver = SerialModem(
            port,
            clock=self.clock,
            telemetry=self.telemetry,
            options=options,
            transport=HurriedTransport(port, self.clock),
        )
        attempts = Attempts(
            route=name,
            journal=self.journal,
            readers=self.readers,
            told=self._settled.put,
        )
        arguments = {
            **shared,
            "driver": driver,
            "attempts": attempts,
            "ears": Ears(heard=_nobody),
        }
        child = _child(name, ModemActor, arguments)
        return structs.replace(
            child, on_down=OnDown.RETRY_FOREVER, interrupt=driver.interrupt
        )


def _child(
    name: str, actor: type[AnyActor], arguments: Mapping[str, object]
) -> ChildSpec:
    return ChildSpec(
        name=name,
        actor=actor,
        arguments=arguments,
        start_s=_PATIENCE_S,
        heartbeat_s=_PATIENCE_S,
        shutdown_s=_SHUTDOWN_S,
    )


def _nobody(_: object) -> None: ...

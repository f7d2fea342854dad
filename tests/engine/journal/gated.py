"""A journal's actor whose commits wait at a gate, and what its tests look at."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.journal.actor import Entry, JournalActor
from engine.journal.handle import Journal
from engine.journal.memory import MemoryStore
from engine.ports.journal import Answer, Request
from engine.supervision.child import spawn_thread
from engine.supervision.names import Ref
from engine.supervision.tree import alone
from engine.values import Instant
from tests.contracts.journal.requests import record
from tests.fakes import ManualClock

TIMEOUT_S = 5.0


class Meter:
    """Telemetry that keeps what it was given."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def count(self, name: str, amount: float = 1, **_labels: str) -> None:
        self.seen.append((name, amount))

    def gauge(self, name: str, value: float, **_labels: str) -> None:
        self.seen.append((name, value))

    def observe(self, name: str, value: float, **_labels: str) -> None:
        self.seen.append((name, value))

    def values(self, name: str) -> list[float]:
        return [value for seen, value in self.seen if seen == name]


class GatedStore(MemoryStore):
    """Waits before each commit until the gate is open, and fails on demand."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()
        self.groups: list[Sequence[Request]] = []
        self.failures: list[Exception] = []
        self.hurries: list[bool] = []
        self.is_closed = False

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        self.entered.set()
        assert self.gate.wait(TIMEOUT_S)
        self.groups.append(tuple(group))
        if self.failures:
            raise self.failures.pop(0)
        return super().commit(group, now)

    def tidy(self, *, is_hurried: bool = False) -> None:
        self.hurries.append(is_hurried)

    def close(self) -> None:
        self.is_closed = True


@dataclass
class Rig:
    """An actor on its thread with everything around it."""

    store: GatedStore = field(default_factory=GatedStore)
    meter: Meter = field(default_factory=Meter)
    lost: list[Request] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    ref: Ref | None = None

    def __post_init__(self) -> None:
        self.ref = spawn_thread(
            JournalActor,
            link=alone(ManualClock()),
            store=self.store,
            telemetry=self.meter,
            on_not_recorded=self.lost.extend,
            listeners=(self.positions.append,),
        )
        self.journal = Journal(lambda: self.ref, self.store, self.lost.extend)

    def hold(self, answers: "Answers") -> None:
        """Make the actor stand inside a commit, so that what follows waits."""
        self.store.gate.clear()
        self.store.entered.clear()
        self.journal.submit(record("held"), answers)
        assert self.store.entered.wait(TIMEOUT_S)

    def dead(self) -> bool:
        assert self.ref is not None
        return self.ref.actor_stopped.wait(TIMEOUT_S)


class Answers:
    """A reply that any number of requests share."""

    def __init__(self) -> None:
        self.seen: list[Answer] = []
        self._more = threading.Condition()

    def __call__(self, answer: Answer) -> None:
        with self._more:
            self.seen.append(answer)
            self._more.notify_all()

    def first(self, count: int) -> list[Answer]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.seen) >= count, TIMEOUT_S)
        return self.seen[:count]


def actor_on(
    store: GatedStore, meter: Meter | None = None, clock: ManualClock | None = None
) -> JournalActor:
    """Return an actor that has no thread: a test hands it its messages."""
    return JournalActor(
        link=alone(clock or ManualClock()),
        store=store,
        telemetry=meter or Meter(),
        on_not_recorded=lambda _: None,
    )


def entry(answers: Answers, *requests: Request) -> Entry:
    parts = tuple((request, answers) for request in requests)
    return Entry(parts=parts, on_not_recorded=lambda _: None)


def taken_from(actor: JournalActor) -> Entry:
    message = actor.inbox.get().message
    assert isinstance(message, Entry)
    return message

"""The journal's actor: groups, answers after the commit, refusals."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from pykka._envelope import Envelope

from engine.errors import JournalError, JournalFullError
from engine.journal.actor import GROUP_MAX, Entry, Flush, JournalActor
from engine.journal.handle import Journal
from engine.journal.memory import MemoryStore
from engine.ports.journal import (
    Answer,
    Appended,
    Conflict,
    Placed,
    Recorded,
    Request,
    Unknown,
)
from engine.supervision.child import spawn_thread
from engine.supervision.inbox import Inbox, InboxFullError
from engine.supervision.names import Ref
from engine.supervision.tree import alone
from engine.values import Instant
from tests.contracts.journal.requests import append, attend, doubt, place, record
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
        self.is_closed = False

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        self.entered.set()
        assert self.gate.wait(TIMEOUT_S)
        self.groups.append(tuple(group))
        if self.failures:
            raise self.failures.pop(0)
        return super().commit(group, now)

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


def actor_on(store: GatedStore, meter: Meter | None = None) -> JournalActor:
    """Return an actor that has no thread: a test hands it its messages."""
    return JournalActor(
        link=alone(ManualClock()),
        store=store,
        telemetry=meter or Meter(),
        on_not_recorded=lambda _: None,
    )


def entry(answers: Answers, *requests: Request) -> Entry:
    parts = tuple((request, answers) for request in requests)
    return Entry(parts=parts, on_not_recorded=lambda _: None)


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    yield rig
    rig.store.gate.set()


@pytest.fixture
def answers() -> Answers:
    return Answers()


def test_an_asked_request_is_answered_after_its_commit(rig: Rig) -> None:
    answer = rig.journal.ask(append(), TIMEOUT_S)

    assert isinstance(answer, Appended)
    assert rig.store.groups == [(append(),)]
    assert rig.journal.epoch == 1
    assert rig.journal.reader().position() == 1


def test_what_waits_while_one_commits_becomes_one_group(
    rig: Rig, answers: Answers
) -> None:
    rig.hold(answers)
    waiting: list[Request] = [append("alarm/a"), append("alarm/b", 9), record()]
    for request in waiting:
        rig.journal.submit(request, answers)
    rig.store.gate.set()

    kinds = [type(answer) for answer in answers.first(4)]
    assert kinds == [Recorded, Appended, Conflict, Recorded]
    assert rig.store.groups[1:] == [tuple(waiting)]
    assert rig.meter.values("journal_group_requests") == [1, 3]


def test_a_group_is_bounded(rig: Rig, answers: Answers) -> None:
    rig.hold(answers)
    for number in range(2 * GROUP_MAX + 10):
        rig.journal.submit(record(f"k{number}"), answers)
    rig.store.gate.set()

    answers.first(2 * GROUP_MAX + 11)
    assert [len(group) for group in rig.store.groups] == [1, GROUP_MAX, GROUP_MAX, 10]


def test_an_alarm_does_not_wait_behind_last_fixes(rig: Rig, answers: Answers) -> None:
    rig.hold(answers)
    for number in range(3 * GROUP_MAX):
        rig.journal.submit(place(f"p{number}"), answers)
    rig.journal.submit(append(), answers)
    rig.store.gate.set()

    answers.first(3 * GROUP_MAX + 2)
    assert rig.store.groups[1] == (append(),)


def test_an_alarm_that_comes_while_last_fixes_are_gathered_ends_their_group(
    answers: Answers,
) -> None:
    store = GatedStore()
    actor = actor_on(store)
    actor.handle(entry(answers, place("p1")))

    actor.handle(entry(answers, append("alarm/a")))
    actor.handle(entry(answers, append("alarm/b")))

    told = [actor.inbox.get().message for _ in range(actor.inbox.qsize())]
    assert told == [Flush(urgent=True), Flush()]
    actor.handle(Flush(urgent=True))
    assert store.groups == [(place("p1"), append("alarm/a"), append("alarm/b"))]


def test_the_words_of_devices_take_the_lane_of_last_fixes(answers: Answers) -> None:
    assert not entry(answers, attend(("a", 1, None))).urgent
    assert not entry(answers, place(), doubt(), attend(("a", 1, None))).urgent
    assert entry(answers, attend(("a", 1, None)), record()).urgent


def test_last_fixes_that_are_told_together_are_answered_each(
    rig: Rig, answers: Answers
) -> None:
    rig.hold(answers)
    rig.journal.submit_all([(place(f"p{n}"), answers) for n in range(3)])
    rig.store.gate.set()

    assert answers.first(4)[1:] == [Placed()] * 3
    assert [len(group) for group in rig.store.groups] == [1, 3]


def test_last_fixes_told_together_do_not_make_a_group_too_large(
    rig: Rig, answers: Answers
) -> None:
    rig.hold(answers)
    together = 2 * GROUP_MAX // 5
    for start in range(0, 3 * together, together):
        some = range(start, start + together)
        rig.journal.submit_all([(place(f"p{n}"), answers) for n in some])
    rig.store.gate.set()

    answers.first(3 * together + 1)
    sizes = [len(group) for group in rig.store.groups]
    assert sizes == [1, 2 * together, together]


def test_the_size_on_disk_is_looked_at_once_a_second(answers: Answers) -> None:
    meter = Meter()
    actor = actor_on(GatedStore(), meter)
    for number in range(3):
        actor.handle(entry(answers, place(f"p{number}")))
        actor.handle(Flush())

    assert len(meter.values("journal_bytes")) == 1


def test_listeners_are_told_once_for_each_commit(rig: Rig, answers: Answers) -> None:
    rig.hold(answers)
    for stream in ("alarm/a", "alarm/b"):
        rig.journal.submit(append(stream), answers)
    rig.store.gate.set()
    answers.first(3)
    rig.journal.ask(place(), TIMEOUT_S)
    rig.journal.ask(place(), TIMEOUT_S)

    assert rig.positions[:3] == [0, 2, 2]


def test_a_time_out_is_unknown_and_the_request_goes_on(
    rig: Rig, answers: Answers
) -> None:
    rig.hold(answers)

    answer = rig.journal.ask(append(), 0.01)

    assert isinstance(answer, Unknown)
    rig.store.gate.set()
    again = rig.journal.ask(append(), TIMEOUT_S)
    assert isinstance(again, Appended)
    assert again.repeated
    assert rig.lost == []


def test_what_is_recorded_too_late_for_whoever_waits_is_told_from_memory(
    rig: Rig, answers: Answers
) -> None:
    """An SOS by SMS was known to its SIM alone while a commit hung, until the end."""
    rig.hold(answers)

    late = rig.journal.ask(record("sms"), 0.01)

    assert isinstance(late, Unknown)
    assert rig.lost == [record("sms")]
    rig.store.gate.set()
    assert isinstance(rig.journal.ask(record("sms"), TIMEOUT_S), Recorded)
    assert rig.lost == [record("sms")]


def test_a_reply_that_raises_costs_nobody_else_the_answer(
    rig: Rig, answers: Answers
) -> None:
    def careless(_answer: Answer) -> None:
        raise RuntimeError

    rig.hold(answers)
    rig.journal.submit(append("alarm/a"), careless)
    rig.journal.submit(append("alarm/b"), answers)
    rig.store.gate.set()

    assert isinstance(answers.first(2)[1], Appended)
    assert isinstance(rig.journal.ask(append("alarm/c"), TIMEOUT_S), Appended)
    assert rig.meter.values("journal_reply_failures_total") == [1]


def test_a_full_disk_refuses_tells_and_takes_the_repeat(rig: Rig) -> None:
    rig.store.failures = [JournalFullError("the disk is full")]

    refused = rig.journal.ask(record(), TIMEOUT_S)
    repeated = rig.journal.ask(record(), TIMEOUT_S)

    assert refused == Unknown(reason="the disk is full", is_full=True)
    assert rig.lost == [record()]
    assert isinstance(repeated, Recorded)
    assert not repeated.repeated


@pytest.mark.parametrize("failure", [JournalError("the disk failed"), KeyError("k")])
def test_any_other_failure_refuses_all_that_waits_and_ends_the_actor(
    rig: Rig, answers: Answers, failure: Exception
) -> None:
    rig.hold(answers)
    rig.store.failures = [failure]
    rig.journal.submit(append(), answers)
    rig.journal.submit(place(), answers)
    rig.store.gate.set()

    assert all(isinstance(answer, Unknown) for answer in answers.first(3))
    assert rig.dead()
    assert rig.lost == [record("held"), append(), place()]
    assert isinstance(rig.journal.ask(record("late"), TIMEOUT_S), Unknown)
    assert rig.lost[-1] == record("late")
    assert not rig.store.is_closed


def test_a_journal_that_is_nowhere_answers_unknown_at_once(answers: Answers) -> None:
    lost: list[Request] = []
    journal = Journal(lambda: None, MemoryStore(), lost.extend)

    journal.submit(record(), answers)

    assert isinstance(answers.first(1)[0], Unknown)
    assert isinstance(journal.ask(append(), TIMEOUT_S), Unknown)
    assert lost == [record(), append()]


def test_a_full_inbox_answers_unknown_at_once(answers: Answers) -> None:
    lost: list[Request] = []
    parts = ((record("k1"), answers), (record("k2"), answers))

    Entry(parts=parts, on_not_recorded=lost.extend).refuse(InboxFullError())

    assert answers.seen == [Unknown(reason="the inbox is full")] * 2
    assert lost == [record("k1"), record("k2")]


def test_the_inbox_refuses_an_entry_rather_than_dropping_it(answers: Answers) -> None:
    inbox = Inbox(1, now_s=lambda: 0.0)
    for _ in range(2):
        inbox.put(Envelope(entry(answers, place())))

    assert isinstance(answers.first(1)[0], Unknown)


def test_a_dropped_flush_is_made_good_by_the_rescan(answers: Answers) -> None:
    store = GatedStore()
    actor = actor_on(store)
    actor.handle(entry(answers, place()))

    actor.rescan()

    assert answers.seen == [Placed()]
    actor.handle(Flush())
    assert len(store.groups) == 1


def test_an_orderly_stop_commits_what_was_taken_and_closes(
    rig: Rig, answers: Answers
) -> None:
    rig.hold(answers)
    rig.journal.submit(append(), answers)
    assert rig.ref is not None
    stopped = rig.ref.stop(block=False)
    rig.store.gate.set()
    stopped.get(timeout=TIMEOUT_S)

    assert isinstance(answers.first(2)[1], Appended)
    assert rig.store.is_closed

"""A journal that fails while it runs: what is owed goes first, then a new process."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from engine.errors import JournalError, JournalFullError, JournalUnwrittenError
from engine.journal.actor import AGAIN, LOOKS_MAX, JournalActor, Part, Return
from engine.journal.memory import MemoryStore
from engine.ports.journal import Answer, Recorded, Request, Unknown
from engine.supervision.tree import alone
from tests.contracts.journal.requests import append, record
from tests.engine.journal.gated import Answers, GatedStore, Meter, entry
from tests.fakes import ManualClock

FAILED = JournalUnwrittenError("the disk failed")


class Refusing(MemoryStore):
    def commit(self, group: Sequence[Request], now: object) -> Sequence[Answer]:
        del group, now
        raise FAILED


@dataclass
class Owing:
    """What is owed until it is written."""

    requests: list[Request] = field(default_factory=list)
    sending: bool = False
    closed: list[bool] = field(default_factory=list)

    def owed(self, epoch: int) -> Sequence[Part]:
        del epoch
        return [(one, self._paid(one)) for one in self.requests]

    def _paid(self, one: Request) -> Answers:
        class Reply(Answers):
            def __call__(reply, answer: Answer) -> None:  # noqa: N805 - of the outer one
                if not isinstance(answer, Unknown):
                    self.requests.remove(one)

        return Reply()

    def is_sending(self) -> bool:
        return self.sending

    def close(self, *, is_over: bool) -> None:
        self.closed.append(is_over)


class Bench:
    """A journal's actor without a thread, and the way back that it has."""

    def __init__(self) -> None:
        self.store, self.next = GatedStore(), GatedStore()
        self.debts, self.lost = Owing(), list[JournalError]()
        self.came_back: list[bool] = []
        self.refused: list[Request] = []
        self.opens: list[JournalError] = []
        self.actor = JournalActor(
            link=alone(ManualClock()),
            store=self.store,
            telemetry=Meter(),
            on_not_recorded=self.refused.extend,
            come_back=Return(
                debts=self.debts,
                reopen=self._open,
                lose=self._lose,
                returned=self._returned,
            ),
        )

    def _open(self) -> GatedStore:
        if self.opens:
            raise self.opens.pop(0)
        return self.next

    def _lose(self, why: JournalError) -> Refusing:
        self.lost.append(why)
        return Refusing()

    def _returned(self) -> None:
        self.came_back.append(True)

    def submit(self, request: Request) -> Answer:
        answers = Answers()
        self.actor.handle(entry(answers, request))
        return answers.seen[0]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_what_is_owed_is_written_before_what_has_come(bench: Bench) -> None:
    bench.debts.requests = [append("alarm/owed")]
    assert isinstance(bench.submit(record()), Recorded)
    assert bench.store.groups == [(append("alarm/owed"),), (record(),)]


def test_while_what_is_owed_finds_no_room_nothing_else_is_written(bench: Bench) -> None:
    bench.debts.requests = [append("alarm/owed")]
    bench.store.failures = [JournalFullError("full")]
    answer = bench.submit(record())
    assert isinstance(answer, Unknown)
    assert answer.is_full
    assert bench.refused == [record()], "what is owed is told of already"


def test_after_a_failure_nothing_is_written_and_the_engine_goes_on(
    bench: Bench,
) -> None:
    bench.store.failures = [FAILED]
    assert isinstance(bench.submit(record()), Unknown)
    assert bench.lost == [FAILED]
    assert bench.store.is_closed
    again = bench.submit(record("k2"))
    assert isinstance(again, Unknown)
    assert bench.refused == [record(), record("k2")]
    assert len(bench.store.groups) == 1, "a failed sync is never tried again"


def test_once_it_opens_what_is_owed_is_written_and_another_process_goes_on(
    bench: Bench,
) -> None:
    bench.store.failures = [FAILED]
    bench.submit(record())
    bench.debts.requests = [append("alarm/owed")]
    bench.opens = [FAILED, FAILED]
    for _ in range(2):
        bench.actor.woke()
        assert bench.came_back == []
    assert bench.debts.closed == [], "the next press is told of"
    bench.actor.woke()
    assert bench.came_back == [True]
    assert bench.debts.closed == [True]
    assert bench.next.groups == [(append("alarm/owed"),)]
    assert bench.next.is_closed
    assert AGAIN.total_seconds() <= 10


def test_what_is_under_way_is_waited_for_and_not_without_end(bench: Bench) -> None:
    bench.store.failures = [FAILED]
    bench.submit(record())
    bench.debts.sending = True
    for _ in range(LOOKS_MAX - 1):
        bench.actor.woke()
        assert bench.came_back == []
    bench.actor.woke()
    assert bench.came_back == [True]


def test_where_what_is_owed_cannot_be_written_after_all_people_go_on_being_told(
    bench: Bench,
) -> None:
    bench.store.failures = [FAILED]
    bench.submit(record())
    bench.debts.requests = [append("alarm/owed")]
    bench.next.failures = [FAILED]
    bench.actor.woke()
    assert bench.came_back == []
    assert bench.debts.closed == [True, False]
    assert bench.next.is_closed

"""The journal's actor: groups, answers after the commit, refusals."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pykka._envelope import Envelope

from engine.errors import JournalDamagedError, JournalError, JournalFullError
from engine.journal.actor import CALM_AFTER_S, GROUP_MAX, Entry, JournalActor
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
from engine.supervision.inbox import Inbox, InboxFullError, Rescan
from engine.supervision.tree import alone
from tests.contracts.journal.requests import append, attend, doubt, place, record
from tests.engine.journal.gated import (
    TIMEOUT_S,
    Answers,
    GatedStore,
    Meter,
    Rig,
    actor_on,
    entry,
    taken_from,
)
from tests.fakes import ManualClock


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
    alarms: list[Request] = [append("alarm/a"), append("alarm/b")]
    for request in [place("p2"), *alarms]:
        actor.inbox.put(Envelope(entry(answers, request)))

    actor.handle(entry(answers, place("p1")))
    for _ in alarms:
        actor.handle(taken_from(actor))

    assert store.groups == [(place("p1"), *alarms)]


def test_a_lone_request_is_committed_as_it_is_taken(answers: Answers) -> None:
    store = GatedStore()
    actor = actor_on(store)

    for request in (append(), place()):
        actor.handle(entry(answers, request))

    assert store.groups == [(append(),), (place(),)]
    assert actor.inbox.empty()


@given(st.lists(st.booleans(), max_size=40))
def test_nothing_that_was_taken_is_left_when_nothing_waits(urgent: list[bool]) -> None:
    answers, store = Answers(), GatedStore()
    actor = actor_on(store)
    asked: list[Request] = [
        append(f"alarm/{n}") if is_urgent else place(f"p{n}")
        for n, is_urgent in enumerate(urgent)
    ]
    for request in asked:
        actor.inbox.put(Envelope(entry(answers, request)))

    while not actor.inbox.empty():
        actor.handle(taken_from(actor))

    committed = [request for group in store.groups for request in group]
    assert sorted(map(str, committed)) == sorted(map(str, asked))
    assert len(answers.seen) == len(asked)


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


def test_a_page_that_cannot_be_read_refuses_tells_and_takes_the_repeat_bug_it_ended(
    answers: Answers,
) -> None:
    store, said = GatedStore(), list[object]()
    actor = JournalActor(
        link=alone(ManualClock()),
        store=store,
        telemetry=Meter(),
        on_not_recorded=said.append,
        is_unread=said.append,
    )
    store.failures = [JournalDamagedError("a page") for _ in range(2)]
    for _ in range(4):
        actor.handle(entry(answers, record()))

    refused = Unknown(reason="a page", is_damaged=True)
    assert answers.seen[:2] == [refused, refused]
    assert refused.is_unwritten
    assert isinstance(answers.seen[2], Recorded)
    lost = [record()]
    assert said == [True, lost, lost, False], "why, before anybody is refused"


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


def test_what_was_taken_up_as_the_disk_failed_is_told_from_memory_too(
    rig: Rig, answers: Answers
) -> None:
    """It was in no group yet, and nobody was told of it, nor answered."""
    rig.hold(answers)
    rig.journal.submit_all([(record(f"k{n}"), answers) for n in range(GROUP_MAX - 1)])
    rig.journal.submit_all([(record("l1"), answers), (record("l2"), answers)])
    rig.store.failures = [JournalFullError("full"), JournalError("the disk failed")]
    rig.store.gate.set()

    assert all(isinstance(one, Unknown) for one in answers.first(GROUP_MAX + 2))
    assert rig.dead()
    assert rig.lost[-2:] == [record("l1"), record("l2")]


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


def test_a_group_that_only_a_rescan_was_behind_is_committed_by_it(
    answers: Answers,
) -> None:
    actor = actor_on(GatedStore())
    actor.inbox.put(Envelope(Rescan()))

    actor.handle(entry(answers, place()))
    assert answers.seen == []
    actor.rescan()

    assert answers.seen == [Placed()]


def test_what_can_wait_waits_for_a_commit_that_stands_alone(answers: Answers) -> None:
    store, clock = GatedStore(), ManualClock()
    actor = actor_on(store, clock=clock)

    for passed_s in (CALM_AFTER_S, CALM_AFTER_S - 0.01, 0.0, CALM_AFTER_S):
        clock.advance(passed_s)
        actor.handle(entry(answers, append()))
    clock.advance(CALM_AFTER_S)
    actor.inbox.put(Envelope(entry(answers, place())))
    actor.handle(entry(answers, append()))

    assert store.hurries == [False, True, True, False, True]


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

"""A beginning that a slow journal keeps waiting is sent as soon as it is durable."""

from collections.abc import Callable

import pytest
from msgspec import structs

from engine.dispatch.attempts import Attempts
from engine.dispatch.outcomes import Outcome, Settled
from engine.dispatch.patience import TRIES_MAX
from engine.errors import JournalError
from engine.ports.journal import EffectClass, EffectState
from engine.supervision.failure import ReplacedError
from tests.engine.dispatch.ledger import (
    DAMAGED,
    FULL,
    LATE,
    LOST,
    SILENT,
    Ledger,
    lives,
    row_of,
)
from tests.engine.dispatch.wiring import attempts_on
from tests.fakes import ManualClock

SENT = Outcome(state=EffectState.ACCEPTED, reference="17")


class Rig:
    def __init__(self) -> None:
        self.ledger = Ledger(ManualClock())
        self.told: list[Settled] = []
        self.one, self.two = self.route("modem-1"), self.route("modem-2")
        self.row = row_of()
        self.ledger.plan(self.row)

    def route(self, name: str) -> Attempts:
        return attempts_on(self.ledger, name, self.told.append)

    def lands_at(self, beat: int) -> Callable[[], None]:
        """Return a beat, at one of which all that was asked for becomes durable."""
        beats = iter(range(TRIES_MAX))

        def lives() -> None:
            if next(beats, None) == beat:
                self.ledger.land()

        return lives


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("beat", [0, 1, TRIES_MAX - 1])
def test_what_is_durable_late_is_ours_and_sent_bug_nobody_was_told(
    rig: Rig, beat: int
) -> None:
    rig.ledger.fault = lambda _: LATE
    assert rig.one.begin(rig.row, rig.lands_at(beat))
    rig.ledger.fault = lambda _: ""
    rig.one.settle(rig.row, SENT)
    rig.one.mend()
    assert rig.ledger.state("e1") is EffectState.ACCEPTED
    assert [one.outcome for one in rig.told] == [SENT]


@pytest.mark.parametrize("fault", [FULL, DAMAGED])
def test_who_is_told_that_nothing_was_written_waits_for_nothing(
    rig: Rig, fault: str
) -> None:
    rig.ledger.fault = lambda _: fault
    assert not rig.one.begin(rig.row, lives)
    assert len(rig.ledger.asked) == 1


def test_the_answer_to_a_later_time_of_asking_is_that_it_is_ours(rig: Rig) -> None:
    faults = iter([LATE])
    rig.ledger.fault = lambda _: next(faults, "")
    assert rig.one.begin(rig.row, lives)
    rig.one.mend()
    assert rig.told == []


def test_what_was_begun_long_ago_is_not_ours_by_a_late_answer(rig: Rig) -> None:
    assert rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, SENT)
    faults = iter([SILENT])
    rig.ledger.fault = lambda _: next(faults, "")
    assert not rig.one.begin(rig.row, lives)


def test_a_journal_that_stays_silent_is_asked_so_often_and_no_more(rig: Rig) -> None:
    rig.ledger.fault = lambda _: SILENT
    asked, beats = len(rig.ledger.asked), list[int]()
    assert not rig.one.begin(rig.row, lambda: beats.append(1))
    assert len(rig.ledger.asked) - asked == len(beats) == TRIES_MAX


def test_who_is_wanted_for_what_is_told_from_memory_waits_once(rig: Rig) -> None:
    rig.ledger.fault = lambda _: SILENT
    asked = len(rig.ledger.asked)
    assert not rig.one.begin(rig.row, lives, is_wanted=lambda: True)
    assert len(rig.ledger.asked) - asked == 1


def test_what_another_route_has_begun_meanwhile_is_not_ours(rig: Rig) -> None:
    assert rig.two.begin(rig.row, lives)
    rig.ledger.fault = lambda _: SILENT
    assert not rig.one.begin(rig.row, lives)


def test_what_was_sent_and_is_not_settled_yet_is_not_sent_again(rig: Rig) -> None:
    assert rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: SILENT
    rig.one.settle_with_next(rig.row, SENT)
    assert not rig.one.begin(rig.row, lives), "its outcome is on its way"
    rig.one.mend()
    assert not rig.one.begin(rig.row, lives), "its outcome is in doubt"


def test_what_an_earlier_instance_has_begun_is_not_sent_by_the_next(rig: Rig) -> None:
    assert rig.one.begin(rig.row, lives)
    again = rig.route("modem-1")
    rig.ledger.fault = lambda _: SILENT
    again.recover()
    assert not again.begin(rig.row, lives)


def test_a_public_post_that_may_have_begun_before_is_never_risked(rig: Rig) -> None:
    post = structs.replace(row_of("p1"), effect_class=EffectClass.EXCLUSIVE)
    rig.ledger.plan(post)
    rig.ledger.fault = lambda _: LOST
    assert not rig.one.begin(post, lives)
    rig.ledger.fault = lambda _: ""
    rig.one.mend()
    assert [one.outcome.state for one in rig.told] == [EffectState.UNKNOWN]


def test_of_several_those_are_ours_that_nobody_else_has(rig: Rig) -> None:
    other = row_of("e2")
    rig.ledger.plan(other)
    assert rig.two.begin(other, lives)
    rig.ledger.fault = lambda _: LATE
    assert rig.one.begin_all((rig.row, other), rig.lands_at(1)) == [rig.row]


def replaced() -> None:
    raise ReplacedError


def test_whoever_is_replaced_while_it_waits_sends_nothing(rig: Rig) -> None:
    rig.ledger.fault = lambda _: LATE
    with pytest.raises(ReplacedError):
        rig.one.begin(rig.row, replaced)


def test_a_begin_durable_after_its_asker_was_replaced_is_ended_bug_never(
    rig: Rig,
) -> None:
    """The successor had looked before it was, and one colleague was not told."""
    rig.ledger.fault = lambda _: LATE
    with pytest.raises(ReplacedError):
        rig.one.begin(rig.row, replaced)
    rig.one.recover()
    rig.one.mend()
    assert rig.told == [], "it may still be on its way"
    rig.ledger.fault = lambda _: ""
    rig.ledger.land()
    rig.one.mend()
    assert [one.outcome.state for one in rig.told] == [EffectState.UNKNOWN]
    rig.one.mend()
    assert len(rig.told) == 1


def test_an_asker_that_cannot_read_leaves_what_it_asked_for_to_its_successor(
    rig: Rig,
) -> None:
    rig.ledger.fault, rig.ledger.read_errors = (lambda _: LATE), 1
    with pytest.raises(JournalError):
        rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: ""
    rig.one.recover()
    rig.ledger.land()
    rig.one.mend()
    assert [one.outcome.state for one in rig.told] == [EffectState.UNKNOWN]


def test_what_another_route_began_instead_is_not_ended_by_who_was_replaced(
    rig: Rig,
) -> None:
    rig.ledger.fault = lambda _: SILENT
    with pytest.raises(ReplacedError):
        rig.one.begin(rig.row, replaced)
    rig.ledger.fault = lambda _: ""
    assert rig.two.begin(rig.row, lives)
    rig.one.recover()
    rig.one.mend()
    assert rig.told == []
    rig.two.settle(rig.row, SENT)
    assert [one.outcome for one in rig.told] == [SENT]


def test_what_a_replaced_one_asked_for_is_sent_once_by_its_successor(rig: Rig) -> None:
    rig.ledger.fault = lambda _: SILENT
    with pytest.raises(ReplacedError):
        rig.one.begin(rig.row, replaced)
    rig.ledger.fault = lambda _: ""
    rig.one.recover()
    assert rig.one.begin(rig.row, lives)
    rig.one.mend()
    assert rig.told == [], "it is being sent"
    rig.one.settle(rig.row, SENT)
    rig.one.mend()
    assert [one.outcome for one in rig.told] == [SENT]


def test_an_outcome_in_doubt_outlives_that_its_effect_is_offered_again(
    rig: Rig,
) -> None:
    assert rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: SILENT
    rig.one.settle(rig.row, SENT)
    rig.one.mend()
    rig.ledger.fault = lambda _: ""
    assert not rig.one.begin(rig.row, lives)
    rig.one.mend()
    assert [one.outcome for one in rig.told] == [SENT]

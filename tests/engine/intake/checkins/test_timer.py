"""A check-in decided by its facts: started, moved, warned, ended, missed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.checkins.timer import (
    TEXT_NEAR,
    TEXT_ON,
    TEXT_OVER,
    Change,
    Fact,
    Said,
    Timer,
    evolve,
    next_due,
    say,
    tick,
)
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from engine.values import Instant
from tests.fakes import START

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DUE = START.plus(HOUR)
RUNS = Timer(due=DUE)
PLAN = CheckInPlan(answers=True, warnings=(10 * MINUTE, 0 * MINUTE), grace=5 * MINUTE)


def back(word: Word | None = None, *, has_words: bool = True) -> Said:
    return Said(until=None, word=word, has_words=has_words)


def test_a_word_of_force_ends_it_in_the_very_same_way() -> None:
    safe = say(RUNS, back(Word.SAFE), START)
    assert safe == Change(facts=((Fact.ENDED, START),), answer=TEXT_OVER)
    assert say(RUNS, back(Word.DURESS), START) == safe
    for until in (START.plus(2 * HOUR), START.plus(HOUR / 2)):
        moves = [
            say(RUNS, Said(until=until, word=word, has_words=True), START)
            for word in (Word.SAFE, Word.DURESS)
        ]
        assert moves[0] == moves[1]


def test_where_a_word_is_agreed_it_takes_one_to_end_it() -> None:
    assert say(RUNS, back(), START) == Change(answer=TEXT_ON)
    assert say(RUNS, back(has_words=False), START).answer == TEXT_OVER
    assert say(None, back(Word.SAFE), START) == Change()


def test_from_a_number_alone_it_moves_a_little_and_not_for_ever() -> None:
    timer: Timer | None = RUNS
    far = Said(until=START.plus(20 * HOUR), has_words=True)
    dues = []
    for _ in range(5):
        for fact, at in say(timer, far, START).facts:
            timer = evolve(timer, fact, at)
        assert timer is not None
        dues.append(timer.due)
    assert dues == [DUE.plus(n * HOUR) for n in (1, 2, 3, 3, 3)]
    proven = Said(until=far.until, word=Word.SAFE, has_words=True)
    assert say(timer, proven, START).facts == ((Fact.MOVED, START.plus(20 * HOUR)),)


@pytest.mark.parametrize(
    ("now", "warned", "said"),
    [
        (HOUR - 11 * MINUTE, 0, Change()),
        (HOUR - 10 * MINUTE, 0, TEXT_NEAR),
        (HOUR - 9 * MINUTE, 1, Change()),
        (HOUR, 1, TEXT_NEAR),
        (HOUR + 4 * MINUTE, 2, Change()),
    ],
)
def test_warnings_come_at_their_times(
    now: timedelta, warned: int, said: Change | str
) -> None:
    change = tick(Timer(due=DUE, warned=warned), PLAN, START.plus(now))
    assert said in (change, change.answer)
    assert not change.missed


def test_it_is_missed_after_its_grace_whatever_was_warned() -> None:
    change = tick(RUNS, PLAN, DUE.plus(5 * MINUTE))
    assert change == Change(facts=((Fact.MISSED, DUE),), missed=True)


@given(
    st.integers(0, 3),
    st.integers(1, 24 * 3600_000),
    st.lists(st.integers(0, 7200_000), max_size=3),
    st.integers(0, 3600_000),
)
def test_whoever_looks_when_it_is_due_finds_something_until_it_is_missed(
    warned: int, due_ms: int, ahead_ms: list[int], grace_ms: int
) -> None:
    warnings = sorted((timedelta(milliseconds=one) for one in ahead_ms), reverse=True)
    plan = CheckInPlan(
        answers=True,
        warnings=tuple(warnings),
        grace=timedelta(milliseconds=grace_ms),
    )
    timer: Timer | None = Timer(due=Instant(START.ms + due_ms), warned=warned)
    for _ in range(6):
        assert timer is not None
        change = tick(timer, plan, next_due(timer, plan))
        assert change.facts
        for fact, at in change.facts:
            timer = evolve(timer, fact, at)
        if change.missed:
            break
    assert timer is None

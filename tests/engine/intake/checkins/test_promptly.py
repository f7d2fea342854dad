"""A telephone is answered before what a word of force begins, and not for ever."""

from datetime import timedelta

from engine.dispatch.queue import RANK_ANSWER, RANK_DISTRESS
from engine.intake.checkins.promptly import ANSWERS_MAX, WITHIN, Promptly
from engine.values import CommandId, PersonId
from tests.fakes import START

HERON, CRANE = PersonId("heron"), PersonId("crane")


def test_so_many_are_answered_first_and_the_next_not_at_all() -> None:
    """Whoever has the telephone would else hold up each SOS by asking."""
    promptly = Promptly()
    ranks = [
        promptly.rank(HERON, CommandId(f"c{nth}"), START)
        for nth in range(ANSWERS_MAX + 1)
    ]
    assert ranks == [RANK_ANSWER] * ANSWERS_MAX + [None]
    assert promptly.rank(CRANE, CommandId("c"), START) == RANK_ANSWER < RANK_DISTRESS


def test_one_that_is_tried_again_is_the_same_answer() -> None:
    """The journal may fail for minutes, and what was said is heard again each time."""
    promptly = Promptly()
    for _ in range(3 * ANSWERS_MAX):
        assert promptly.rank(HERON, CommandId("c"), START) == RANK_ANSWER
    assert promptly.rank(HERON, CommandId("d"), START) == RANK_ANSWER


def test_after_a_while_a_telephone_is_answered_again() -> None:
    promptly = Promptly()
    for nth in range(ANSWERS_MAX):
        promptly.rank(HERON, CommandId(f"c{nth}"), START)
    late = START.plus(WITHIN)
    just_before = late.plus(-timedelta(milliseconds=1))
    assert promptly.rank(HERON, CommandId("more"), just_before) is None
    assert promptly.rank(HERON, CommandId("more"), late) == RANK_ANSWER

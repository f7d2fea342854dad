"""A telephone is answered before what a word of force begins, and not for ever."""

from datetime import timedelta

from engine.dispatch.queue import RANK_ANSWER, RANK_CHECK_IN, RANK_DISTRESS
from engine.intake.checkins.promptly import (
    ANSWERS_MAX,
    FIRST_MAX,
    WITHIN,
    Promptly,
)
from engine.values import CommandId, Instant, PersonId
from tests.fakes import START

HERON = PersonId("heron")


def test_so_many_are_answered_first_and_the_next_not_at_all() -> None:
    """Whoever has the telephone would else hold up each SOS by asking."""
    promptly = Promptly()
    ranks = [
        promptly.rank(HERON, CommandId(f"c{nth}"), START, first=True)
        for nth in range(ANSWERS_MAX + 1)
    ]
    assert ranks == [RANK_ANSWER] * ANSWERS_MAX + [None]
    assert RANK_ANSWER < RANK_DISTRESS < RANK_CHECK_IN


def test_who_has_no_case_is_answered_behind_every_alarm() -> None:
    """On an evening all set one: an SOS came behind each of these answers."""
    promptly = Promptly()
    ranks = [
        promptly.rank(HERON, CommandId(f"c{nth}"), START, first=False)
        for nth in range(ANSWERS_MAX + 1)
    ]
    assert ranks == [RANK_CHECK_IN] * ANSWERS_MAX + [None], "after either word"


def test_of_all_telephones_few_answers_go_before_an_sos() -> None:
    """Fifty that were seized would else hold up each for a quarter of an hour."""
    promptly = Promptly()

    def ask(nth: int, now: Instant) -> int | None:
        return promptly.rank(PersonId(f"p{nth}"), CommandId(f"c{nth}"), now, first=True)

    ranks = [ask(nth, START) for nth in range(50)]
    assert ranks == [RANK_ANSWER] * FIRST_MAX + [RANK_CHECK_IN] * (50 - FIRST_MAX)
    assert ask(0, START) == RANK_ANSWER, "what is tried again keeps its place"
    assert ask(50, START.plus(WITHIN)) == RANK_ANSWER


def test_a_telephone_alone_finds_no_end_of_what_goes_first() -> None:
    """It would know by the wait that its seventh answer shows which word it was."""
    assert ANSWERS_MAX <= FIRST_MAX


def test_one_that_is_tried_again_is_the_same_answer() -> None:
    """The journal may fail for minutes, and what was said is heard again each time."""
    promptly = Promptly()
    for _ in range(3 * ANSWERS_MAX):
        assert promptly.rank(HERON, CommandId("c"), START, first=True) == RANK_ANSWER
    assert promptly.rank(HERON, CommandId("d"), START, first=True) == RANK_ANSWER


def test_after_a_while_a_telephone_is_answered_again() -> None:
    promptly = Promptly()
    for nth in range(ANSWERS_MAX):
        promptly.rank(HERON, CommandId(f"c{nth}"), START, first=True)
    late = START.plus(WITHIN)
    just_before = late.plus(-timedelta(milliseconds=1))
    assert promptly.rank(HERON, CommandId("more"), just_before, first=True) is None
    assert promptly.rank(HERON, CommandId("more"), late, first=True) == RANK_ANSWER

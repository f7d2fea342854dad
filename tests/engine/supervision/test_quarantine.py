"""Which commands are put away: for good, or for as long as rows cannot be read."""

import pytest

from engine.errors import JournalError, JournalFullError
from engine.supervision.failure import Failure
from engine.supervision.quarantine import KEPT_MAX, UNREAD_S, Quarantine


class Book:
    """A quarantine with a clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.book = Quarantine(lambda: self.now_s)

    def crash(self, key: str = "c1", *, unread: bool = False) -> bool:
        return self.book.crashed(key, unread=unread)


@pytest.mark.parametrize("unread", [False, True])
def test_the_second_crash_puts_a_command_away(*, unread: bool) -> None:
    one = Book()
    assert not one.crash(unread=unread)
    assert "c1" not in one.book
    assert one.crash(unread=unread)
    assert "c1" in one.book
    assert "c2" not in one.book


def test_a_mistake_of_ours_puts_it_away_for_good() -> None:
    one = Book()
    assert [one.crash(unread=True), one.crash()] == [False, True]
    one.now_s += 1e9
    assert "c1" in one.book


def test_rows_that_could_not_be_read_put_it_away_for_a_minute_each_time() -> None:
    one = Book()
    for _ in range(3):
        assert [one.crash(unread=True), one.crash(unread=True)] == [False, True]
        one.now_s += UNREAD_S - 0.1
        assert "c1" in one.book
        one.now_s += 0.1
        assert "c1" not in one.book


def test_the_oldest_of_very_many_is_forgotten() -> None:
    one = Book()
    one.crash("first")
    one.crash("first")
    for number in range(KEPT_MAX):
        one.crash(f"c{number}")
    assert len(one.book) == KEPT_MAX
    assert "first" not in one.book


@pytest.mark.parametrize(
    ("error", "unread"),
    [(JournalError("x"), True), (JournalFullError("x"), True), (ValueError(), False)],
)
def test_a_failure_says_whether_rows_could_not_be_read(
    *, error: Exception, unread: bool
) -> None:
    assert Failure.of(error).unread is unread

"""Readers are lent, one to one borrower."""

import pytest

from engine.journal.memory import MemoryReader, MemoryStore
from engine.journal.pool import KEPT, ReaderPool


class CountingReader(MemoryReader):
    """Counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def pool() -> tuple[ReaderPool, list[CountingReader]]:
    opened: list[CountingReader] = []

    def open_one() -> CountingReader:
        reader = MemoryStore().reader()
        opened.append(CountingReader(reader._medium))
        return opened[-1]

    return ReaderPool(open_one), opened


def test_a_reader_is_lent_again_and_never_to_two() -> None:
    lender, opened = pool()
    with lender.reader() as first:
        pass
    with lender.reader() as second, lender.reader() as third:
        assert second is first
        assert third is not first

    assert len(opened) == 2


def test_a_reader_that_met_an_error_is_not_lent_again() -> None:
    lender, opened = pool()
    with pytest.raises(KeyError), lender.reader():
        raise KeyError

    assert [reader.closed for reader in opened] == [1]
    with lender.reader() as next_one:
        assert next_one is not opened[0]


def test_only_so_many_are_kept_and_all_are_closed_in_the_end() -> None:
    lender, opened = pool()
    loans = [lender.reader() for _ in range(KEPT + 1)]
    for loan in loans:
        loan.__enter__()
    for loan in loans:
        loan.__exit__(None, None, None)
    assert sum(reader.closed for reader in opened) == 1

    lender.close()

    assert [reader.closed for reader in opened] == [1] * (KEPT + 1)

"""A reply code is read as one, belongs to nobody, and cannot be foreseen."""

import secrets

import pytest

from engine.intake.codes import new_codes
from engine.intake.replies import CODE
from engine.journal.pool import ReaderPool
from engine.ports.journal import Conflict
from tests.contracts.journal.requests import append, code
from tests.engine.dispatch.ledger import Ledger
from tests.fakes import ManualClock


def test_a_new_code_is_one_that_an_answer_is_read_for() -> None:
    readers = ReaderPool(Ledger(ManualClock()).store.reader)

    codes = new_codes(readers, 2_000)

    assert len(set(codes)) == 2_000
    assert all(CODE.fullmatch(code) for code in codes)
    assert new_codes(readers, 0) == []


def test_where_codes_cannot_be_read_the_journal_refuses_one_in_use_bug_no_alarm() -> (
    None
):
    """A press was put away for it, since its colleagues need codes."""
    ledger = Ledger(ManualClock())
    ledger.read_errors = 1
    (found,) = new_codes(ledger, 1)
    assert CODE.fullmatch(found)
    ledger.ask(append(codes=(code(found),)), 1.0)
    twice = append("alarm/b", codes=(code(found, stream="alarm/b"),))
    assert isinstance(ledger.ask(twice, 1.0), Conflict)


def test_what_is_no_code_or_somebody_has_is_drawn_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = Ledger(ManualClock())
    ledger.ask(append(codes=(code("X8UA"),)), 1.0)
    # No digit; somebody's; and one that nobody has.
    noise = iter(number.to_bytes(8) for number in (0, 9_973, 19_946))
    monkeypatch.setattr(secrets, "token_bytes", lambda _: next(noise))

    assert new_codes(ReaderPool(ledger.store.reader), 1) == ["V7FB"]

"""What a start remembers of routes: who was reached, who was refused, and when."""

from datetime import timedelta

import pytest

from engine.dispatch.history import recall, remember
from engine.dispatch.outcomes import SETTLED, Outcome
from engine.dispatch.routes import FORGET_S, RouteBook, Standing
from engine.ports.journal import Append, EffectState, Head, NewEvent
from engine.values import CommandId
from tests.engine.dispatch.ledger import Ledger, lives, row_of
from tests.engine.dispatch.wiring import attempts_on
from tests.fakes import ManualClock

ANNA, BERIT = "+46701740605", "+998901234567"
SENT = Outcome(state=EffectState.ACCEPTED, reference="7")
REFUSED = Outcome(state=EffectState.REJECTED, reason="500", retry=True)


def _journal(*sent: tuple[str, str, Outcome]) -> tuple[Ledger, ManualClock]:
    clock = ManualClock()
    ledger = Ledger(clock)
    for number, (channel, address, outcome) in enumerate(sent):
        row = row_of(f"e{number}", channel=channel, address=address)
        ledger.plan(row)
        attempts = attempts_on(ledger, "modem-1", lambda _: None)
        assert attempts.begin(row, lives)
        attempts.settle(row, outcome)
    return ledger, clock


def _book(ledger: Ledger, clock: ManualClock) -> RouteBook:
    book = RouteBook()
    now_s = clock.boottime_s()
    remember(book, ledger.store.reader(), clock.now(), now_s)
    return book


def test_who_was_reached_and_who_was_refused_is_known_after_a_start() -> None:
    ledger, clock = _journal(("sms", ANNA, SENT), ("sms", BERIT, REFUSED))
    book, now_s = _book(ledger, clock), clock.boottime_s()
    assert book.standing("modem-1", ANNA, now_s) is Standing.REACHES
    assert book.standing("modem-1", BERIT, now_s) is Standing.FAILS
    assert book.standing("modem-2", ANNA, now_s) is Standing.UNTRIED


def test_a_refusal_is_as_old_as_its_row() -> None:
    ledger, clock = _journal(("sms", ANNA, REFUSED))
    clock.advance(FORGET_S + 1)
    book = _book(ledger, clock)
    assert book.standing("modem-1", ANNA, clock.boottime_s()) is Standing.UNTRIED


def test_what_was_reached_before_the_machine_started_counts() -> None:
    ledger, clock = _journal(("sms", ANNA, SENT))
    book = RouteBook()
    later = clock.now().plus(timedelta(days=30))
    remember(book, ledger.store.reader(), later, 5.0)
    assert book.standing("modem-1", ANNA, 5.0) is Standing.REACHES


def test_calls_mails_and_wrong_numbers_say_nothing_of_a_network() -> None:
    wrong = Outcome(state=EffectState.REJECTED, reason="the address is no number")
    ledger, clock = _journal(
        ("call", ANNA, SENT), ("email", "duty@hq.invalid", SENT), ("sms", BERIT, wrong)
    )
    book = _book(ledger, clock)
    for number in (ANNA, BERIT):
        assert book.standing("modem-1", number, 0) is Standing.UNTRIED


def test_a_damaged_page_among_earlier_outcomes_costs_no_start_bug_none_started(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger, clock = _journal(("sms", ANNA, SENT))
    ledger.read_errors = 1
    recall(RouteBook(), ledger, clock.now(), clock.boottime_s())
    assert "earlier outcomes cannot be read: JournalError" in caplog.text


@pytest.mark.parametrize("body", [b"\xff{", b"{}", b"[]", b'{"state": "lost"}'])
def test_a_row_that_says_nonsense_leaves_what_was_read_before_it(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    ledger, clock = _journal(("sms", ANNA, SENT))
    nonsense = Append(
        stream="effect/nonsense",
        expected_seq=0,
        epoch=ledger.epoch,
        command_id=CommandId("damage"),
        events=(NewEvent(kind=SETTLED, body=body),),
        head=Head(status="settled", is_open=False),
    )
    ledger.ask(nonsense, 1.0)
    book = RouteBook()
    recall(book, ledger, clock.now(), clock.boottime_s())
    assert book.standing("modem-1", ANNA, 0) is Standing.REACHES
    assert "cannot be read" in caplog.text
    assert "lost" not in caplog.text

"""Which message a status report means: TP-MR, then number, within the validity."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

import pytest
from msgspec import structs

from engine.modems.reports import GRACE, VALIDITY, Sent, find_stored, same_number
from engine.ports.journal import EffectRow, EffectState, JournalReader
from engine.ports.modem import StatusReport
from engine.values import Instant
from tests.engine.dispatch.ledger import row_of
from tests.fakes import START

ANNA, BERIT = "+46701740605", "+46701740606"
LATEST = VALIDITY + GRACE


def _stored(effect: str, number: str, minutes: int, reference: str = "7") -> EffectRow:
    row = row_of(effect, address=number)
    at = START.plus(timedelta(minutes=minutes))
    return structs.replace(row, reference=reference, changed_at=at, route="modem-1")


def test_of_two_with_one_reference_the_number_decides() -> None:
    sent = Sent()
    sent.add([row_of("anna")], ANNA, "7", START)
    sent.add([row_of("berit")], BERIT, "7", START)
    found = sent.find("7", "0701740605", START)
    assert [row.effect_id for row in found] == ["anna"]
    assert sent.find("8", ANNA, START) == ()
    assert sent.find("7", "+46701740699", START) == ()


def test_a_reference_that_has_wrapped_means_the_newest() -> None:
    sent = Sent()
    for number in range(300):
        reference = str(number % 256)
        sent.add([row_of(f"e{number}")], ANNA, reference, START)
    found = sent.find("7", ANNA, START)
    assert [row.effect_id for row in found] == ["e263"]


def test_no_message_is_meant_whose_validity_is_over() -> None:
    sent = Sent()
    sent.add([row_of("old")], ANNA, "7", START)
    assert sent.find("7", ANNA, START.plus(LATEST)) != ()
    assert sent.find("7", ANNA, START.plus(LATEST + timedelta(seconds=1))) == ()


def test_what_was_sent_before_a_start_is_found_by_the_same_rules() -> None:
    rows = [
        _stored("old", ANNA, 0),
        _stored("new", ANNA, 10),
        _stored("berit", BERIT, 20),
        _stored("other", ANNA, 20, reference="8"),
    ]
    now = START.plus(timedelta(minutes=30))
    found = find_stored(rows, "7", ANNA, now)
    assert [row.effect_id for row in found] == ["new"]
    assert find_stored(rows, "7", ANNA, now.plus(timedelta(hours=1))) == ()
    assert find_stored([], "7", ANNA, now) == ()


def test_a_report_after_a_start_is_of_all_rows_of_one_message() -> None:
    rows = [_stored("before", ANNA, 0), _stored("one", ANNA, 9)]
    rows.append(structs.replace(_stored("two", ANNA, 9), changed_at=_after(9, 3)))
    found = find_stored(rows, "7", ANNA, START.plus(timedelta(minutes=10)))
    assert [row.effect_id for row in found] == ["one", "two"]


def _after(minutes: int, seconds: int) -> Instant:
    return START.plus(timedelta(minutes=minutes, seconds=seconds))


def test_a_damaged_row_is_no_reports_and_ends_no_modem_bug_each_start_failed() -> None:
    damaged = structs.replace(_stored("damaged", ANNA, 5), body=b"{")
    rows = [_stored("whole", ANNA, 0), damaged]
    found = find_stored(rows, "7", ANNA, START.plus(timedelta(minutes=10)))
    assert [row.effect_id for row in found] == ["whole"]


class _Rows:
    """Lends a reader that has these effects, and counts how often they are read."""

    def __init__(self, *rows: EffectRow) -> None:
        self._rows, self.reads = rows, 0

    @contextmanager
    def reader(self) -> Iterator[JournalReader]:
        yield cast("JournalReader", self)

    def effects(self, states: frozenset[EffectState]) -> tuple[EffectRow, ...]:
        assert states == {EffectState.ACCEPTED}
        self.reads += 1
        return self._rows


def _report(reference: int, recipient: str = ANNA) -> StatusReport:
    return StatusReport(
        reference=reference,
        recipient=recipient,
        outcome="delivered",
        status=0,
        slot=None,
    )


def test_reports_of_what_nobody_has_sent_read_the_rows_once() -> None:
    """Each read all that was ever accepted: two hundred kept a modem for half a minute.

    What was sent before is found among them all the same, also after others.
    """
    other = structs.replace(_stored("other", ANNA, 0), route="modem-2")
    rows, sent = _Rows(_stored("before", ANNA, 0), other), Sent()
    for reference in range(100, 200):
        assert sent.match(_report(reference), rows, "modem-1", START) == ()
    found = sent.match(_report(7), rows, "modem-1", START)
    assert [row.effect_id for row in found] == ["before"]
    assert sent.match(_report(7), rows, "modem-1", START.plus(LATEST * 2)) == ()
    assert rows.reads == 1


@pytest.mark.parametrize(
    ("sent_to", "reported", "same"),
    [
        (ANNA, "46701740605", True),
        (ANNA, "0701740605", True),
        (ANNA, "+46 70-174 06 05", True),
        ("9911630", "+4915259911630", True),
        (ANNA, BERIT, False),
        (ANNA, "", False),
    ],
)
def test_numbers_are_compared_by_their_ends(
    sent_to: str, reported: str, *, same: bool
) -> None:
    assert same_number(sent_to, reported) is same

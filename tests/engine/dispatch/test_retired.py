"""What is for an address that nobody has any more is not sent."""

import pytest
from msgspec import structs

from engine.dispatch.attempts import Attempts
from engine.dispatch.outcomes import ATTEMPTING, SETTLED, Settled
from engine.dispatch.retired import RETIRED, is_retired
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import Audience
from tests.engine.alarm.scene import Scene
from tests.engine.dispatch.ledger import Ledger, lives, row_of
from tests.engine.dispatch.wiring import attempts_on
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

SEIZED, KEPT = "+46701740605", "+46701740606"


def is_seized(address: str) -> bool:
    return address == SEIZED


def route_on(
    ledger: Ledger, told: list[Settled], meter: Meter | None = None
) -> Attempts:
    return attempts_on(
        ledger, "modem-1", told.append, meter=meter, is_nobodys=is_seized
    )


def test_a_telephone_that_was_seized_learns_nothing_more_bug_it_was_told_for_days() -> (
    None
):
    ledger, told = Ledger(ManualClock()), list[Settled]()
    row = row_of(address=SEIZED)
    ledger.plan(row)
    assert not route_on(ledger, told).begin(row, lives)
    assert ledger.kinds("e1") == [ATTEMPTING, SETTLED]
    assert ledger.state("e1") is EffectState.REJECTED
    (settled,) = told
    assert settled.outcome == RETIRED
    assert not settled.outcome.retry
    assert SEIZED not in settled.outcome.reason


def test_who_is_told_in_one_commit_with_it_is_told() -> None:
    ledger, told = Ledger(ManualClock()), list[Settled]()
    rows = [row_of("e1", address=SEIZED), row_of("e2", address=KEPT)]
    ledger.plan(*rows)
    begun = route_on(ledger, told).begin_all(rows, lives)
    assert [row.effect_id for row in begun] == ["e2"]
    assert ledger.state("e2") is EffectState.ATTEMPTING
    assert [settled.effect for settled in told] == ["e1"]


def test_what_is_kept_back_is_counted_as_refused_bug_no_alert_told_of_it() -> None:
    """By a wrong roster nobody was told, and HQ heard of that from no alert."""
    ledger, meter = Ledger(ManualClock()), Meter()
    rows = [row_of("e1", address=SEIZED), row_of("e2", address=KEPT)]
    ledger.plan(*rows)
    route_on(ledger, [], meter).begin_all(rows, lives)
    assert meter.counted == {"deliveries_total": 1}


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"alarm": "check-in/t1"}, "a stranger who writes gets an answer"),
        ({"effect_class": EffectClass.EXCLUSIVE}, "a public place is no telephone"),
        ({"body": b"{"}, "who sends it says what is wrong with it"),
    ],
)
def test_what_is_no_alarms_word_to_people_is_asked_of_nobody(
    changed: dict[str, object], why: str
) -> None:
    row = row_of(address=SEIZED)
    assert is_retired(row, is_seized)
    assert not is_retired(structs.replace(row, **changed), is_seized), why


def test_hq_reads_of_a_case_where_the_configuration_has_another_address_by_now() -> (
    None
):
    scene = Scene().raised()
    planned = scene.planned(Audience.HQ)
    assert planned
    for one in planned:
        row = structs.replace(row_of(address=SEIZED), effect_id=one.effect)
        assert not is_retired(row, is_seized)

"""The journal before the first byte, one true outcome, and what is in doubt."""

import pytest
from msgspec import structs

from engine.dispatch.attempts import Attempts
from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import (
    ATTEMPTING,
    SETTLED,
    Outcome,
    Settled,
    outcome_of,
    unknown_append,
)
from engine.health import Health
from engine.ports.journal import Append, Appended, EffectState, Request
from engine.supervision.failure import ReplacedError
from engine.values import EffectId
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger, lives, row_of
from tests.engine.dispatch.wiring import attempts_on
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

SENT = Outcome(state=EffectState.ACCEPTED, reference="17")
UNKNOWN = Outcome(state=EffectState.UNKNOWN, reason="silence")


class Rig:
    def __init__(self) -> None:
        self.ledger = Ledger(ManualClock())
        self.told: list[Settled] = []
        self.health, self.meter = Health(Meter()), Meter()
        self.one, self.two = self.route("modem-1"), self.route("modem-2")
        self.row = row_of()
        self.ledger.plan(self.row)

    def route(self, name: str) -> Attempts:
        told, health, meter = self.told.append, self.health, self.meter
        return attempts_on(self.ledger, name, told, health=health, meter=meter)

    def states(self) -> list[EffectState]:
        return [settled.outcome.state for settled in self.told]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_attempting_is_durable_before_anything_is_sent(rig: Rig) -> None:
    assert rig.one.begin(rig.row, lives)
    assert rig.ledger.state("e1") is EffectState.ATTEMPTING
    assert rig.ledger.kinds("e1") == [ATTEMPTING]
    assert rig.told == []


def test_whoever_was_replaced_while_the_journal_was_slow_sends_nothing(
    rig: Rig,
) -> None:
    def replaced() -> None:
        raise ReplacedError

    with pytest.raises(ReplacedError):
        rig.one.begin(rig.row, replaced)

    assert rig.states() == [EffectState.REJECTED]
    assert rig.told[0].outcome.retry
    assert not rig.two.begin(rig.row, replaced), "somebody else has the effect"


def test_an_outcome_is_durable_before_the_alarm_is_told(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    seen: list[EffectState] = []
    telling = attempts_on(
        rig.ledger, "modem-1", lambda _: seen.append(rig.ledger.state("e1"))
    )
    telling.settle(rig.row, SENT)
    assert seen == [EffectState.ACCEPTED]
    assert rig.ledger.kinds("e1") == [ATTEMPTING, SETTLED]


def test_an_outcome_may_wait_for_the_next_attempt_and_is_asked_for_before_it(
    rig: Rig,
) -> None:
    following = row_of("e2")
    rig.ledger.plan(following)
    rig.one.begin(rig.row, lives)
    rig.one.settle_with_next(rig.row, SENT)
    assert rig.ledger.state("e1") is EffectState.ATTEMPTING
    assert rig.told == []
    rig.one.begin(following, lives)
    streams = [r.stream for r in rig.ledger.asked if isinstance(r, Append)]
    assert streams == ["effect/e1", "effect/e1", "effect/e2"]
    assert rig.states() == [EffectState.ACCEPTED]


@pytest.mark.parametrize("news", ["release", "mend", "settle", "settle_late"])
def test_whatever_else_is_written_comes_after_an_outcome_that_waits(
    rig: Rig, news: str
) -> None:
    other = row_of("e2")
    rig.ledger.plan(other)
    rig.one.begin(other, lives)
    rig.one.begin(rig.row, lives)
    rig.one.settle_with_next(rig.row, SENT)
    if news == "settle":
        rig.one.settle(other, UNKNOWN)
    elif news == "settle_late":
        delivered = Outcome(state=EffectState.DELIVERED, reference="17")
        rig.one.settle_late(rig.row, delivered)
    else:
        getattr(rig.one, news)()
    assert rig.told[0].effect == "e1"
    assert rig.told[0].outcome == SENT
    rig.one.release()
    assert [settled.outcome for settled in rig.told].count(SENT) == 1


def test_two_routes_that_pull_one_effect_send_it_once(rig: Rig) -> None:
    assert rig.one.begin(rig.row, lives)
    assert not rig.two.begin(rig.row, lives)
    assert not rig.one.begin(rig.row, lives)


def test_a_withdrawn_effect_is_not_sent(rig: Rig) -> None:
    withdraw = structs.replace(
        unknown_append(rig.row, rig.ledger.epoch),
        stream="alarm/a",
        changes=(),
        withdraws=(EffectId("e1"),),
    )
    rig.ledger.ask(withdraw, 1.0)
    assert not rig.one.begin(rig.row, lives)
    assert rig.ledger.state("e1") is EffectState.WITHDRAWN


def test_late_news_changes_an_accepted_or_unknown_effect_and_no_other(
    rig: Rig,
) -> None:
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, UNKNOWN)
    rig.one.settle_late(rig.row, SENT)
    rig.one.settle_late(rig.row, Outcome(state=EffectState.DELIVERED))
    rig.one.settle_late(rig.row, Outcome(state=EffectState.UNDELIVERED))
    assert rig.ledger.state("e1") is EffectState.DELIVERED
    assert rig.states() == [
        EffectState.UNKNOWN,
        EffectState.ACCEPTED,
        EffectState.DELIVERED,
    ]


def test_what_an_earlier_instance_left_under_way_is_unknown(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    rig.two.recover()
    assert rig.ledger.state("e1") is EffectState.ATTEMPTING, "it is not its own"
    rig.route("modem-1").recover()
    assert rig.ledger.state("e1") is EffectState.UNKNOWN
    assert rig.states() == [EffectState.UNKNOWN]


def test_what_nobody_saw_the_end_of_is_counted_once_bug_no_alert_knew_of_it(
    rig: Rig,
) -> None:
    """Whoever attempts counts what it saw: of a route that died nobody did."""
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, UNKNOWN)
    assert rig.meter.counted == {}, "by whoever attempted it"
    rig.ledger.plan(second := row_of("e2"))
    rig.one.begin(second, lives)
    for _ in range(2):
        rig.route("modem-1").recover()
    assert rig.meter.counted == {"deliveries_total": 1}


def test_a_restart_marks_as_unknown_once(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    for _ in range(2):
        rig.ledger.ask(unknown_append(rig.row, rig.ledger.epoch), 1.0)
    assert rig.ledger.kinds("e1") == [ATTEMPTING, SETTLED]


def test_a_begin_that_the_journal_does_not_answer_sends_nothing(rig: Rig) -> None:
    rig.ledger.fault = lambda _: SILENT
    assert not rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: ""
    assert rig.ledger.state("e1") is EffectState.PLANNED
    assert rig.two.begin(rig.row, lives), "it is offered again"


def test_a_begin_that_was_written_all_the_same_is_sent_bug_for_ever_under_way(
    rig: Rig,
) -> None:
    rig.ledger.fault = lambda _: LOST
    assert rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: ""
    rig.one.settle(rig.row, SENT)
    rig.one.mend()
    assert rig.states() == [EffectState.ACCEPTED]


def test_a_begin_that_is_still_on_its_way_is_looked_at_again(rig: Rig) -> None:
    held: list[Request] = []

    def hold(request: Request) -> str:
        held.append(request)
        return SILENT

    rig.ledger.fault = hold
    assert not rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: ""
    rig.one.mend()
    assert rig.told == []
    rig.ledger.ask(held[0], 1.0)
    rig.one.mend()
    assert rig.states() == [EffectState.UNKNOWN]
    assert rig.meter.counted == {"deliveries_total": 1}


@pytest.mark.parametrize("fault", [SILENT, LOST])
def test_an_outcome_that_the_journal_did_not_answer_is_written_again_bug_lost(
    rig: Rig, fault: str
) -> None:
    rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: fault
    rig.one.settle(rig.row, SENT)
    assert rig.told == []
    rig.one.mend()
    rig.ledger.fault = lambda _: ""
    rig.one.mend()
    assert rig.ledger.state("e1") is EffectState.ACCEPTED
    assert rig.states() == [EffectState.ACCEPTED]
    rig.one.mend()
    assert len(rig.told) == 1


def test_while_the_journal_is_silent_mending_asks_once_and_not_for_each(
    rig: Rig,
) -> None:
    rows = [row_of(f"m{number}") for number in range(5)]
    rig.ledger.plan(*rows)
    for row in rows:
        assert rig.one.begin(row, lives)
    rig.ledger.fault = lambda _: SILENT
    for row in rows:
        rig.one.settle(row, SENT)
    before = len(rig.ledger.asked)
    rig.one.mend()
    assert len(rig.ledger.asked) == before + 1


def test_an_outcome_can_be_read_back_with_what_the_row_does_not_say(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    refused = Outcome(state=EffectState.REJECTED, reason="+CMS 500", retry=True)
    rig.one.settle(rig.row, refused)
    rows = rig.ledger.store.reader().stream("effect/e1")
    assert outcome_of(rows) == refused
    assert outcome_of(rows[:1]) is None


def test_no_outcome_holds_an_address(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, UNKNOWN)
    address = decode_body(rig.row.body).address.encode()
    for append in rig.ledger.asked:
        assert isinstance(append, Append)
        assert all(address not in event.body for event in append.events)


def test_the_first_writer_wins_and_the_answer_is_the_journals(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    answer = rig.ledger.ask(unknown_append(rig.row, rig.ledger.epoch), 1.0)
    assert isinstance(answer, Appended)
    rig.one.settle(rig.row, SENT)
    assert rig.ledger.state("e1") is EffectState.UNKNOWN
    assert rig.told == []


@pytest.mark.parametrize("fault", [SILENT, LOST, FULL])
def test_a_late_report_that_the_journal_did_not_take_is_written_again(
    rig: Rig, fault: str
) -> None:
    """The network says *undelivered* once; it was forgotten, and nothing repeated."""
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, SENT)
    rig.ledger.fault = lambda _: fault
    rig.one.settle_late(rig.row, Outcome(state=EffectState.UNDELIVERED))
    rig.one.mend()
    assert rig.states() == [EffectState.ACCEPTED]
    rig.ledger.fault = lambda _: ""
    for _ in range(3):
        rig.one.mend()
    assert rig.ledger.state("e1") is EffectState.UNDELIVERED
    assert rig.states() == [EffectState.ACCEPTED, EffectState.UNDELIVERED]


@pytest.mark.parametrize("fault", [SILENT, LOST, FULL])
def test_a_report_of_what_the_journal_has_not_taken_yet_waits_for_it(
    rig: Rig, fault: str
) -> None:
    rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: fault
    rig.one.settle(rig.row, SENT)
    rig.one.settle_late(rig.row, Outcome(state=EffectState.UNDELIVERED))
    rig.one.mend()
    assert rig.states() == []
    rig.ledger.fault = lambda _: ""
    for _ in range(4):
        rig.one.mend()
    assert rig.ledger.state("e1") is EffectState.UNDELIVERED
    assert rig.states() == [EffectState.ACCEPTED, EffectState.UNDELIVERED]


def test_a_report_that_is_none_of_an_effect_is_written_once_and_forgotten(
    rig: Rig,
) -> None:
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, SENT)
    rig.one.settle_late(rig.row, Outcome(state=EffectState.DELIVERED))
    rig.one.settle_late(rig.row, Outcome(state=EffectState.UNDELIVERED))
    before = len(rig.ledger.asked)
    rig.one.mend()
    rig.one.mend()
    assert len(rig.ledger.asked) == before


def test_while_the_journal_is_silent_one_report_is_asked_for_and_not_each(
    rig: Rig,
) -> None:
    rows = [row_of(f"m{number}") for number in range(5)]
    rig.ledger.plan(*rows)
    for row in rows:
        assert rig.one.begin(row, lives)
        rig.one.settle(row, SENT)
    rig.ledger.fault = lambda _: SILENT
    for row in rows:
        rig.one.settle_late(row, Outcome(state=EffectState.UNDELIVERED))
    before = len(rig.ledger.asked)
    rig.one.mend()
    assert len(rig.ledger.asked) == before + 1
    rig.ledger.fault = lambda _: ""
    for _ in range(5):
        rig.one.mend()
    assert rig.states().count(EffectState.UNDELIVERED) == 5


def test_an_attempt_without_room_is_a_full_disk_at_once_bug_at_the_next_deadline(
    rig: Rig,
) -> None:
    """Nobody is told meanwhile, and the probe's one small row may find room."""
    rig.ledger.fault = lambda _: FULL
    assert not rig.one.begin(rig.row, lives)
    assert rig.health.reasons() == {"disk_full": ("modem-1",)}
    rig.ledger.fault = lambda _: ""
    assert rig.one.begin(rig.row, lives)
    assert rig.health.reasons() == {}


def test_room_that_another_route_found_is_seen_where_none_was(rig: Rig) -> None:
    rig.ledger.fault = lambda _: FULL
    assert not rig.one.begin(rig.row, lives)
    rig.one.mend()
    assert rig.health.reasons() == {"disk_full": ("modem-1",)}
    rig.ledger.fault = lambda _: ""
    assert rig.two.begin(rig.row, lives)
    rig.one.mend()
    assert rig.health.reasons() == {}


def test_an_outcome_without_room_is_a_full_disk_until_it_is_written(rig: Rig) -> None:
    rig.one.begin(rig.row, lives)
    rig.ledger.fault = lambda _: FULL
    rig.one.settle(rig.row, SENT)
    rig.one.mend()
    assert rig.health.reasons() == {"disk_full": ("modem-1",)}
    rig.ledger.fault = lambda _: ""
    rig.one.mend()
    assert rig.health.reasons() == {}
    assert rig.states() == [EffectState.ACCEPTED]


def test_a_journal_that_is_silent_is_no_full_disk(rig: Rig) -> None:
    rig.ledger.fault = lambda _: SILENT
    assert not rig.one.begin(rig.row, lives)
    assert rig.health.reasons() == {}

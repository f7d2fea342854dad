"""One message pages an officer for several cases, and each case knows what became."""

import pytest

from engine.dispatch.actor import Planned
from engine.modems.reports import VALIDITY
from engine.ports.journal import EffectRow, EffectState
from engine.ports.modem import (
    LateAnswer,
    SendResult,
    StatusReport,
    SubmitOutcome,
)
from tests.engine.dispatch.test_pages import ALDER, page
from tests.engine.modems.rig import Rig

UNKNOWN = SubmitOutcome(result=SendResult.UNKNOWN, may_follow=True)
REPORT = StatusReport(
    reference=7, recipient=ALDER, outcome="delivered", status=0, slot=None
)
CASES = [f"c{number}" for number in range(4)]


def plan(rig: Rig, *cases: str) -> list[EffectRow]:
    rows = [page(case) for case in cases]
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=tuple(rows)))
    return rows


def states(rig: Rig, rows: list[EffectRow]) -> set[EffectState]:
    return {rig.ledger.state(row.effect_id) for row in rows}


def test_pages_that_wait_leave_in_one_message_and_each_case_is_told() -> None:
    rig = Rig()
    rows = plan(rig, *CASES)
    rig.driver.state = lambda: states(rig, rows)
    rig.world.run(2)
    ((number, text),) = rig.driver.submitted
    assert number == ALDER
    assert text.startswith("4 x SOS: c0, c1, c2, c3. ")
    assert rig.driver.states == [{EffectState.ATTEMPTING}]
    assert {one.alarm for one in rig.told} == {f"alarm/{case}" for case in CASES}
    ends = {(one.route, one.outcome.state, one.outcome.reference) for one in rig.told}
    assert ends == {("modem-1", EffectState.ACCEPTED, "7")}
    assert {str(rig.begun(row.effect_id)["text"]) for row in rows} == {text}


def test_one_page_that_waits_leaves_as_it_is() -> None:
    rig = Rig()
    plan(rig, "c0")
    rig.world.run(2)
    assert rig.driver.submitted == [(ALDER, "SOS")]


def test_a_report_is_of_each_case_that_its_message_named() -> None:
    rig = Rig()
    rows = plan(rig, *CASES)
    rig.world.run(2)
    rig.driver.arrived.append(REPORT)
    rig.world.run(1)
    assert states(rig, rows) == {EffectState.DELIVERED}


def test_a_report_after_a_restart_is_of_each_case_that_its_message_named() -> None:
    before = Rig()
    rows = plan(before, *CASES)
    before.world.run(2)
    after = Rig(before=before)
    after.driver.arrived.append(REPORT)
    after.world.run(1)
    assert states(after, rows) == {EffectState.DELIVERED}
    assert VALIDITY.total_seconds() > after.world.boottime_s()


def test_a_late_answer_is_of_each_case_that_its_message_named() -> None:
    rig = Rig()
    rig.driver.outcomes.append(UNKNOWN)
    rows = plan(rig, *CASES)
    rig.world.run(2)
    assert states(rig, rows) == {EffectState.UNKNOWN}
    late = SubmitOutcome(result=SendResult.SENT, reference=7)
    rig.driver.arrived.append(LateAnswer(outcome=late))
    rig.world.run(1)
    assert states(rig, rows) == {EffectState.ACCEPTED}


def test_a_late_answer_after_a_kill_is_of_each_case_that_its_message_named() -> None:
    before = Rig()
    before.driver.number, before.driver.takes_s = 7, 3600.0
    rows = plan(before, *CASES)
    before.world.run(4)
    after = Rig(before=before, owes=[7])
    assert states(after, rows) == {EffectState.UNKNOWN}
    sent = SubmitOutcome(result=SendResult.SENT, reference=100)
    after.driver.arrived.append(LateAnswer(outcome=sent, number=7))
    after.world.run(1)
    assert states(after, rows) == {EffectState.ACCEPTED}


@pytest.mark.parametrize("is_retried", [True, False])
def test_a_refusal_is_of_each_case_that_its_message_named(*, is_retried: bool) -> None:
    rig = Rig()
    refused = SubmitOutcome(result=SendResult.REJECTED, code="38", retry=is_retried)
    rig.driver.outcomes.append(refused)
    rows = plan(rig, *CASES)
    rig.world.run(2)
    assert states(rig, rows) == {EffectState.REJECTED}
    assert {one.outcome.retry for one in rig.told} == {is_retried}


def test_where_the_process_ends_before_the_message_each_page_is_unknown() -> None:
    before = Rig()
    before.driver.takes_s = 3600.0
    rows = plan(before, *CASES)
    before.world.run(4)
    assert states(before, rows) == {EffectState.ATTEMPTING}
    after = Rig(before=before)
    assert states(after, rows) == {EffectState.UNKNOWN}
    assert after.driver.submitted == []

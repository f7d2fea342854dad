"""What stands still is found from clear columns; what gets on is left alone."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.lease import WITHOUT_LEASE
from engine.alarm.state import Response
from engine.auditor.findings import Finding, Ground, View, findings, words
from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.timer import PREFIX
from engine.ports.journal import (
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    HeadRow,
    InboundRow,
)
from engine.protocol.model import CheckInPlan
from engine.values import EffectId, Instant, ReportKey
from tests.engine.intake.checkins.test_actor import Rig
from tests.fakes import START


def at(seconds: float) -> Instant:
    return START.plus(timedelta(seconds=seconds))


def head(due_s: float | None, status: str = "notifying") -> HeadRow:
    due = None if due_s is None else at(due_s)
    return HeadRow(
        stream="alarm/a",
        owner="engine",
        epoch=1,
        seq=3,
        head=Head(status=status, is_open=True, next_due=due),
    )


def effect(state: EffectState, since_s: float, alarm: str = "alarm/a") -> EffectRow:
    return EffectRow(
        effect_id=EffectId("e"),
        alarm=alarm,
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=10,
        planned_at=at(since_s),
        changed_at=at(since_s) if state is EffectState.ATTEMPTING else None,
        body=b"",
        state=state,
    )


def grounds(view: View, now_s: float = 0.0) -> list[Ground]:
    return [finding.ground for finding in findings(view, at(now_s))]


def test_a_deadline_ahead_is_enough() -> None:
    assert grounds(View(heads=[head(60.0)])) == []


@pytest.mark.parametrize(("late_s", "found"), [(29.0, []), (31.0, [Ground.OVERDUE])])
def test_a_deadline_behind_is_too_late_after_half_a_minute(
    late_s: float, found: list[Ground]
) -> None:
    assert grounds(View(heads=[head(-late_s)])) == found


def test_nothing_due_and_nothing_on_its_way_is_silence() -> None:
    assert grounds(View(heads=[head(None)])) == [Ground.NOTHING_DUE]


@pytest.mark.parametrize("status", ["acknowledged", "following_up"])
def test_an_operator_who_has_it_may_have_fallen_asleep(status: str) -> None:
    assert grounds(View(heads=[head(None, status)])) == [Ground.NOTHING_DUE]
    assert grounds(View(heads=[head(1_800.0, status)])) == []


@pytest.mark.parametrize("response", [Response.ACKNOWLEDGED, Response.FOLLOWING_UP])
def test_only_a_case_that_says_that_it_has_no_lease_needs_no_deadline(
    response: Response,
) -> None:
    status = f"{response}{WITHOUT_LEASE}"
    assert grounds(View(heads=[head(None, status)])) == []
    assert grounds(View(heads=[head(-31.0, status)])) == [Ground.OVERDUE]


@pytest.mark.parametrize("state", [EffectState.PLANNED, EffectState.ATTEMPTING])
def test_an_effect_on_its_way_is_enough(state: EffectState) -> None:
    view = View(heads=[head(None)], effects=[effect(state, -20.0)])
    assert grounds(view) == []


@pytest.mark.parametrize(
    ("state", "since_s", "found"),
    [
        (EffectState.PLANNED, -5.0, [Ground.OVERDUE]),
        (EffectState.PLANNED, -601.0, [Ground.NOT_SENT, Ground.OVERDUE]),
        (EffectState.ATTEMPTING, -20.0, []),
        (EffectState.ATTEMPTING, -241.0, [Ground.STUCK_ATTEMPT, Ground.OVERDUE]),
    ],
)
def test_only_an_attempt_that_runs_excuses_a_deadline_bug_hidden_by_what_waits(
    state: EffectState, since_s: float, found: list[Ground]
) -> None:
    view = View(heads=[head(-31.0)], effects=[effect(state, since_s)])
    assert grounds(view) == found


def test_an_effect_of_another_alarm_is_none_of_this_one() -> None:
    other = effect(EffectState.PLANNED, -1.0, alarm="alarm/b")
    assert grounds(View(heads=[head(None)], effects=[other])) == [Ground.NOTHING_DUE]


def test_an_attempt_without_end_is_no_way_on() -> None:
    stuck = effect(EffectState.ATTEMPTING, -241.0)
    view = View(heads=[head(None)], effects=[stuck])
    assert grounds(view) == [Ground.STUCK_ATTEMPT, Ground.NOTHING_DUE]


def test_a_message_that_nobody_sends_is_found_beside_a_deadline_ahead() -> None:
    waiting = effect(EffectState.PLANNED, -601.0)
    view = View(heads=[head(10.0)], effects=[waiting])
    assert grounds(view) == [Ground.NOT_SENT]


@pytest.mark.parametrize(("age_s", "found"), [(59, []), (61, [Ground.NOT_TAKEN_UP])])
def test_a_recorded_signal_has_to_be_taken_up(age_s: int, found: list[Ground]) -> None:
    row = InboundRow(
        key=ReportKey("k"),
        source="device",
        received_at=at(-age_s),
        body=b"",
        taken_by="",
    )
    assert grounds(View(untaken=[row])) == found


@pytest.mark.parametrize(("late_s", "found"), [(299, []), (301, [Ground.NOT_MISSED])])
def test_whoever_is_not_back_is_missed_by_somebody(
    late_s: int, found: list[Ground]
) -> None:
    view = View(timers=[structs.replace(head(-late_s), stream="check-in/heron")])
    assert grounds(view) == found
    assert "heron" not in words(findings(view, START), START)


def test_an_engine_that_ends_within_each_minute_tells_nobody_of_a_check_in() -> None:
    """It reads first what came, and never comes to what did not: nobody was told."""
    rig = Rig()
    rig.say(timedelta(hours=1))
    rig = rig.again(3600.0)
    for _ in range(20):
        rig.world.run(50)
        rig = rig.again(1.0)
    assert rig.missed() == []
    timers = rig.ledger.store.reader().heads(PREFIX, open_only=True)
    now = rig.world.now()
    (found,) = findings(View(timers=timers), now)
    assert found.ground is Ground.NOT_MISSED


def test_a_check_in_that_is_over_as_it_is_set_is_none_of_which_nobody_is_told() -> None:
    """Its SMS lay with the network for hours: HQ was told that the engine stands."""
    rig = Rig()
    rig.say(-timedelta(hours=2))
    for _ in range(13):
        timers = rig.ledger.store.reader().heads(PREFIX, open_only=True)
        assert findings(View(timers=timers), rig.world.now()) == ()
        rig.world.run(5)
    assert len(rig.missed()) == 1


def test_a_check_in_whose_plan_is_another_by_now_is_none_of_which_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its clear columns had a warning that nobody is to give any more, for minutes."""
    rig, hour = Rig(), timedelta(hours=1)
    rig.say(hour)
    plan = CheckInPlan(warnings=(), grace=hour)
    monkeypatch.setattr(CheckIns, "_plan", lambda *_: plan)
    for _ in range(2 * 60 + 1):
        timers = rig.ledger.store.reader().heads(PREFIX, open_only=True)
        assert findings(View(timers=timers), rig.world.now()) == ()
        rig.world.run(60)
    assert len(rig.missed()) == 1


def test_the_message_names_three_and_counts_the_rest() -> None:
    found = [
        Finding(ground=Ground.OVERDUE, what=f"alarm/{n}", since=at(-95))
        for n in range(5)
    ]
    said = words(found, START)
    assert said.startswith(
        "AUDITOR: look at the engine now. nobody has looked at alarm/0"
    )
    assert "since 95 s" in said
    assert said.endswith("and 2 more.")

"""What an alarm asked for before it ended, durable only after its successor came."""

from datetime import timedelta

import pytest

from engine.alarm import actor as acting
from engine.alarm.commands import AddNote
from engine.alarm.messages import Forward
from engine.alarm.overdue import LATE, overdue
from engine.alarm.unheard import unheard
from engine.dispatch.attempts import Attempts
from engine.dispatch.outcomes import Outcome
from engine.errors import JournalError
from engine.journal.memory import Medium
from engine.ports.journal import (
    Append,
    EffectRow,
    EffectState,
    Head,
    HeadRow,
    Request,
)
from engine.timers.actor import Arm
from engine.values import AlarmId, CommandId, Instant, OperatorId
from tests.engine.alarm.test_actor import FIRST, Rig
from tests.engine.alarm.test_late_rows import ACKNOWLEDGE, CLOSE, REOPEN, tell
from tests.engine.dispatch.ledger import LATE as LATE_FAULT
from tests.engine.dispatch.ledger import lives
from tests.engine.dispatch.wiring import attempts_on
from tests.fakes import START


@pytest.fixture
def rig() -> Rig:
    return Rig()


def late(request: Request) -> str:
    return LATE_FAULT if isinstance(request, Append) else ""


def land(rig: Rig) -> None:
    rig.ledger.land()
    rig.ledger.fault = lambda _: ""


def everybody_ended(rig: Rig) -> None:
    """Have the timers fail, and with them the directory and all who are awake."""
    ref = rig.tree.names.lookup("timers")
    assert ref is not None
    ref.actor_inbox.bound = 1  # type: ignore[attr-defined] # of our own inbox
    for number in range(5):
        ref.tell(Arm(key=f"k{number}", at=None, message=None, to="nobody"))
    rig.world.run(2)
    assert rig.awake() == []
    rig.due.clear()


def pressed_twice_in_vain(rig: Rig) -> None:
    """Have the actor end twice by a read that fails, with its press on its way."""

    def fault(request: Request) -> str:
        rig.ledger.read_errors += bool(late(request))
        return late(request)

    rig.ledger.fault = fault
    rig.press()
    rig.world.run(1)
    assert len(rig.quarantined) == 1
    assert rig.kinds() == []


def pages(rig: Rig) -> int:
    return rig.kinds().count("StepFired")


def test_a_case_opened_again_goes_on_though_all_who_asked_have_ended_bug_silence(
    rig: Rig,
) -> None:
    rig.press()
    tell(rig, ACKNOWLEDGE, CLOSE)
    rig.world.run(100)
    rig.ledger.fault = late
    rig.tell(Forward(alarm_id=FIRST, command=REOPEN))
    everybody_ended(rig)
    rig.world.run(10)
    land(rig)
    before = pages(rig)
    rig.world.run(300)
    assert pages(rig) >= before + 4, "duty is paged every minute"
    assert rig.due[FIRST] is not None


def test_a_press_that_was_put_away_is_gone_on_with_once_durable_bug_silence(
    rig: Rig,
) -> None:
    """Its first messages went out, and nobody was ever asked after them."""
    pressed_twice_in_vain(rig)
    land(rig)
    before = pages(rig)
    rig.world.run(300)
    assert pages(rig) >= before + 4
    assert rig.due[FIRST] is not None


def test_an_outcome_tells_who_knows_of_no_alarm_that_there_is_one(rig: Rig) -> None:
    pressed_twice_in_vain(rig)
    land(rig)
    (effect, *_) = rig.ledger.store.reader().effects(frozenset({EffectState.PLANNED}))
    rig.settle(effect.effect_id, EffectState.ACCEPTED)
    rig.world.run(0.5)
    assert "NotificationSettled" in rig.kinds()
    assert rig.due[FIRST] is not None


def test_an_outcome_of_what_was_planned_late_is_heard_by_who_does_not_know_of_it(
    rig: Rig,
) -> None:
    rig.press()
    tell(rig, ACKNOWLEDGE, CLOSE)
    known = {row.effect_id for row in rig.planned}
    rig.ledger.fault = late
    rig.tell(Forward(alarm_id=FIRST, command=REOPEN))
    everybody_ended(rig)
    tell(rig, CLOSE)
    land(rig)
    row = next(
        row
        for row in rig.ledger.store.reader().effects(frozenset({EffectState.PLANNED}))
        if row.effect_id not in known
    )
    rig.settle(row.effect_id, EffectState.ACCEPTED)
    rig.world.run(0.5)
    assert rig.kinds()[-1] == "NotificationSettled"


def being_sent_at_the_end(rig: Rig) -> tuple[Attempts, EffectRow]:
    """Close a case while a modem has the call of one colleague."""
    rig.press()
    row = next(row for row in rig.planned if ".colleagues." in row.effect_id)
    route = attempts_on(rig.ledger, "modem-1", lambda _: None)
    assert route.begin(row, lives)
    for command in (ACKNOWLEDGE, CLOSE):
        rig.tell(Forward(alarm_id=FIRST, command=command))
    return route, row


def stops(rig: Rig) -> list[str]:
    return [one.effect_id for one in rig.planned if ".stop." in one.effect_id]


def stop_for(row: EffectRow) -> str:
    return f"first.stop.1.{row.effect_id.split('.')[3]}.sms.0"


@pytest.mark.parametrize("is_killed", [True, False])
def test_whose_message_was_out_at_the_end_hears_of_it_also_where_no_hint_came_bug_never(
    *, is_killed: bool
) -> None:
    """In a flood the hint comes seconds later; a closed case looked at no more rows."""
    medium = Medium()
    rig = Rig(medium)
    route, row = being_sent_at_the_end(rig)
    route.settle(row, Outcome(state=EffectState.ACCEPTED, reference="17"))
    if is_killed:
        rig.world.crash()
        rig = Rig(medium)
    rig.world.run(40)
    assert stops(rig) == [stop_for(row)]


def test_whose_message_is_sent_still_at_that_look_hears_of_the_end_once_out_bug_never(
    rig: Rig,
) -> None:
    """A modem may need minutes for one, and an end must not come before the call."""
    route, row = being_sent_at_the_end(rig)
    rig.world.run(70)
    assert stops(rig) == []
    route.settle(row, Outcome(state=EffectState.ACCEPTED, reference="17"))
    rig.world.run(40)
    assert stops(rig) == [stop_for(row)]


def test_what_is_decided_before_that_look_puts_it_off_no_more_bug_for_ever() -> None:
    """The engine was away when it was due, and a note came with the start."""
    medium = Medium()
    rig = Rig(medium)
    route, row = being_sent_at_the_end(rig)
    route.settle(row, Outcome(state=EffectState.ACCEPTED, reference="17"))
    rig.world.crash()
    rig = Rig(medium, run_s=0.01, now=rig.world.now().plus(timedelta(minutes=5)))
    note = AddNote(command_id=CommandId("note"), by=OperatorId("alder"), text="went")
    rig.tell(Forward(alarm_id=FIRST, command=note))
    assert rig.kinds()[-1] == "NotificationPlanned"
    rig.world.run(120)
    assert stops(rig) == [stop_for(row)]


def test_a_deadline_that_two_failed_reads_met_is_looked_at_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.press()
    failures = [JournalError("the disk does not read")] * 2

    def reads(*what: object) -> object:
        if failures:
            raise failures.pop()
        return unheard(*what)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(acting, "unheard", reads)
    before = pages(rig)
    rig.world.run(63)
    assert len(rig.quarantined) == 1
    rig.world.run(40)
    assert pages(rig) > before, "the next officer is paged"
    rig.world.run(60)
    assert pages(rig) > before + 1
    assert not any(rig.still.values())


def test_rows_that_cannot_be_read_end_no_directory(rig: Rig) -> None:
    rig.press()
    ref = rig.tree.names.lookup("alarms")
    rig.ledger.read_errors = 1
    rig.world.run(20)
    assert rig.ledger.read_errors == 0
    assert rig.tree.names.lookup("alarms") is ref


def head(alarm: str, due_s: float | None) -> HeadRow:
    due = None if due_s is None else Instant(START.ms + int(due_s * 1000))
    return HeadRow(
        stream=f"alarm/{alarm}",
        owner="engine",
        epoch=1,
        seq=1,
        head=Head(status="notifying", is_open=True, next_due=due),
    )


def test_those_are_overdue_whose_deadline_has_passed_for_a_while() -> None:
    late_s = LATE.total_seconds()
    heads = [head("a", -late_s - 1), head("b", -late_s), head("c", 60), head("d", None)]
    assert overdue(heads, START) == [AlarmId("a")]

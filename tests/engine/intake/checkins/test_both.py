"""What a late word comes to between intake and the check-ins, both of them real."""

import json
from datetime import timedelta

import pytest

from engine.alarm.messages import Distress, ToOpen
from engine.alarm.state import Kind
from engine.dispatch.body import decode_body
from engine.dispatch.queue import RANK_ANSWER, RANK_CHECK_IN
from engine.health import Health
from engine.intake.actor import Intake, SmsHeard
from engine.intake.checkins.actor import CheckIns
from engine.intake.vigil.attendance import Attendance
from engine.ports.journal import (
    Append,
    Appended,
    EffectState,
    Head,
    NewEvent,
    Record,
)
from engine.supervision.child import ChildSpec
from engine.values import CommandId, ReportKey
from tests.engine.dispatch.ledger import Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.checkins.test_actor import AGREED
from tests.engine.intake.reports import HERON, Meter, judge_of
from tests.engine.intake.test_actor import Directory, number_of
from tests.simulation.runtime import World

LONG = timedelta(hours=5, minutes=10)


class Both:
    """Intake and the check-ins over one journal; the alarms take nothing up."""

    def __init__(self) -> None:
        self.world = World(1)
        self.ledger = Ledger(self.world)
        self.told: list[object] = []
        self.tree = tree_in(self.world)
        judge = judge_of(AGREED, clock=self.world)
        rows = {"judge": judge, "readers": self.ledger}
        watch = {"telemetry": Meter(), "attendance": Attendance(self.world.now())}
        timers = rows | {"journal": self.ledger, "health": Health(Meter())}
        children = [
            ChildSpec(name="dispatcher", actor=Directory, arguments={"told": []}),
            ChildSpec(name="alarms", actor=Directory, arguments={"told": self.told}),
            ChildSpec(name="checkins", actor=CheckIns, arguments=timers),
            ChildSpec(name="intake", actor=Intake, arguments=rows | watch),
        ]
        grow(self.tree, self.world, children)

    def sms(self, key: str, text: str, lay: timedelta) -> None:
        now = self.world.now()
        body = {"sender": number_of(HERON), "text": text, "sent_at": now.plus(-lay).ms}
        row = Record(
            key=ReportKey(key),
            source="sms",
            received_at=now,
            body=json.dumps(body).encode(),
        )
        self.ledger.ask(row, 1.0)
        assert self.tree.names.tell("intake", SmsHeard(key=row.key))
        self.world.run(0.1)

    def texts(self) -> list[str]:
        """Return what their telephone is to get."""
        rows = self.ledger.store.reader().effects(frozenset(EffectState))
        return [decode_body(row.body).text(self.world.now()) for row in rows]


def test_a_late_word_of_safety_that_ends_no_timer_is_read_by_hq_as_well() -> None:
    """It was answered, taken up, and seen by nobody."""
    both = Both()
    both.sms("set", "timer 2 h", timedelta())
    both.sms("word", "all is well maple", LONG)
    assert len(both.texts()) == 2, "it is answered with what holds"
    assert both.told, "it is for a case, where one is open"
    assert all(isinstance(one, ToOpen) and one.otherwise is None for one in both.told)
    both.world.run(40)
    last = both.told[-1]
    assert isinstance(last, ToOpen)
    assert isinstance(last.otherwise, Distress)
    shown = last.otherwise.command
    assert (shown.kind, shown.press.late) == (Kind.NOTICE, True)
    assert shown.press.text == "all is well [word]"
    assert len(both.texts()) == 2, "and its telephone reads nothing more"


def _ranks(both: Both) -> list[int]:
    rows = both.ledger.store.reader().effects(frozenset(EffectState))
    return [row.rank for row in sorted(rows, key=lambda row: row.planned_at)]


def _open(both: Both, look: str) -> None:
    head = Head(status="open", is_open=True, subject=f"{look}real:{HERON}")
    append = Append(
        stream="alarm/a1",
        expected_seq=0,
        epoch=both.ledger.epoch,
        command_id=CommandId("raise"),
        events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
        head=head,
    )
    assert isinstance(both.ledger.ask(append, 1.0), Appended)


@pytest.mark.parametrize("look", ["", "over/", "unseen/"])
def test_whoever_has_a_case_open_is_answered_before_its_alarms(look: str) -> None:
    """However it looks: colleagues are told of one under force by the same modem."""
    both = Both()
    both.sms("before", "timer 2 h", timedelta())
    _open(both, look)
    both.sms("after", "timer 3 h", timedelta())
    assert _ranks(both) == [RANK_CHECK_IN, RANK_ANSWER]


def test_a_word_of_force_that_ends_a_timer_is_answered_before_what_it_raises() -> None:
    """Nothing was open before it, and its alarm may be there first or second."""
    both = Both()
    both.sms("set", "timer 2 h", timedelta())
    both.sms("word", "cedar7", timedelta())
    assert _ranks(both) == [RANK_CHECK_IN, RANK_ANSWER]

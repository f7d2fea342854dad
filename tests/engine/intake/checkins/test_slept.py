"""The machine slept past the end of a timer: what came meanwhile is read first."""

from dataclasses import replace

import pytest

from engine.intake.checkins.actor import CheckIns
from engine.intake.checkins.hearing import SLEEPS_MAX
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Record
from engine.protocol.model import CheckInPlan
from engine.roster.model import Word
from engine.values import PersonId, ReportKey, Signal
from tests.engine.dispatch.ledger import SILENT
from tests.engine.intake import test_actor as intake
from tests.engine.intake.checkins.test_actor import AGREED, HOUR, Rig, minutes
from tests.engine.intake.reports import HERON, report

WREN = next(
    replace(one, person=PersonId("wren"), numbers=())
    for one in AGREED.people
    if one.person == HERON
)


def test_what_came_while_the_machine_slept_is_read_before_anybody_is_missed() -> None:
    """They were missed at once, with their word that they are back in the modem."""
    rig = Rig()
    rig.say(HOUR, Word.SAFE)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(30)
    assert rig.missed() == []
    rig.say(word=Word.SAFE)
    rig.world.run(minutes(600))
    assert rig.missed() == []


def test_where_nothing_came_meanwhile_they_are_missed_a_minute_later() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(70)
    assert len(rig.missed()) == 1


def test_whoever_speaks_first_after_a_sleep_has_nobody_else_missed_at_once() -> None:
    """By a word of anybody it was taken for no sleep, and they were missed at once."""
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.tell(CheckInSaid(key=ReportKey("other"), person=PersonId("other")))
    rig.world.run(30)
    assert rig.missed() == []
    rig.world.run(40)
    assert len(rig.missed()) == 1


def test_a_sleep_while_the_journal_is_asked_is_one_as_well() -> None:
    rig = Rig(replace(AGREED, people=(*AGREED.people, WREN)))
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.ledger.takes_s = 2.0
    due = rig.world.now().plus(HOUR * 10)
    rig.tell(CheckInSaid(key=ReportKey("w"), person=WREN.person, until=due))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(30)
    assert rig.missed() == []
    rig.world.run(40)
    assert len(rig.missed()) == 1


def test_a_machine_that_sleeps_again_and_again_has_them_missed_all_the_same() -> None:
    """Each sleep put it off by a minute, which it was never awake for: for ever."""
    rig = Rig()
    rig.say(HOUR)
    for _ in range(2 + SLEEPS_MAX):
        rig.world.run(20)
        rig.world.suspend(3600.0)
    rig.world.run(20)
    assert len(rig.missed()) == 1


def test_a_journal_that_hangs_is_no_sleep_by_which_nobody_would_be_missed() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(60))
    rig.ledger.fault, rig.ledger.takes_s = lambda _: SILENT, 10.0
    rig.world.run(minutes(6))
    asked = [one for one in rig.ledger.asked if getattr(one, "records", ())]
    assert asked


def pressed() -> CheckInSaid:
    """Return what intake says of a device's press, now or hours later."""
    rig = intake.Rig().start()
    now = rig.world.now()
    press = report(received_at=now, device_at=now, signals=frozenset({Signal.CHECK_IN}))
    rig.record(press)
    rig.hear(press)
    (said,) = rig.timed
    assert isinstance(said, CheckInSaid)
    return said


@pytest.mark.parametrize(("slept_s", "count"), [(1800.0, 0), (8 * 3600.0, 1)])
def test_a_press_that_is_taken_up_late_counts_from_when_it_came(
    slept_s: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An hour began when the machine woke: who was missed for seven waited for it."""
    plan = CheckInPlan(button=HOUR)
    monkeypatch.setattr(CheckIns, "_plan", lambda *_: plan)
    rig, said = Rig(), pressed()
    row = Record(key=said.key, source="device", received_at=rig.world.now(), body=b"")
    rig.ledger.ask(row, 1.0)
    rig.world.suspend(slept_s)
    rig.tell(said)
    rig.world.run(70)
    assert rig.facts()[0] == "Started"
    assert len(rig.missed()) == count
    rig.world.run(minutes(30))
    assert len(rig.missed()) == 1
